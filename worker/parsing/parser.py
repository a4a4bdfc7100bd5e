"""The pipeline's way in: one message in, one reading out; pure, and silent rather than wrong."""

from dataclasses import replace

from shared.domain.signals import Action, NotASignal, Reading, UpdateKind
from worker.parsing.classifier import OpenVerdict, has_labelled_levels, judge_open
from worker.parsing.doubt import ACT_FROM, weigh
from worker.parsing.facts import Facts, ParseContext, facts_of
from worker.parsing.intent import Weights, learnt_weights
from worker.parsing.opens import SOLD_TO_OPEN, read_open
from worker.parsing.updates import read_update

__all__ = ["ACT_FROM", "ParseContext", "parse_message"]

TERSE_MESSAGE = 12
COMPLETE = 2
"""Levels from which a word of moving behind the first of them makes no command of an order."""
NO_CONTEXT = ParseContext()


def parse_message(text: str, context: ParseContext = NO_CONTEXT, weights: Weights | None = None) -> Reading:
    """Return what the message asks for, or why it asks for nothing; never raises, whatever the text.

    Prices stand as written. A reading below `ACT_FROM` is to be shown, not traded. `weights` of the intent
    classifier are those of this version unless others are given.
    """
    facts = facts_of(text, context)
    if isinstance(facts, str):
        return NotASignal(facts)
    return weigh(_decide(facts, context), facts, weights or learnt_weights())


def _decide(facts: Facts, context: ParseContext) -> Reading:
    verdict = judge_open(facts.tokens, facts.fields, facts.contracts, facts.chosen)
    report = facts.commands.report
    reported = verdict.strong and report in {UpdateKind.TP_HIT, UpdateKind.SL_HIT}
    if facts.commands.commands and not _open_outweighs(facts, verdict) and not _only_tells_a_stop(facts):
        if _sells_short_something(facts):
            return NotASignal(verdict.reason or "NO_INTENT")
        return read_update(facts, _named(facts, context))
    marked = (
        facts.fields.targets_marked > 0 and not facts.fields.stop_marked and has_labelled_levels(facts.fields)
    )
    if marked or reported or (report is not None and not verdict.strong):
        return NotASignal(
            "STATUS_REPORT", report or UpdateKind.TP_HIT, _named(facts, context), spans=facts.symbol_spans()
        )
    if verdict.reason:
        return NotASignal(verdict.reason, confidence=1 - verdict.confidence / 4)
    return read_open(facts, verdict)


def _sells_short_something(facts: Facts) -> bool:
    """`Selling it at 91.20, stop 91.75, objective 89.90` opens a short, of whatever it is; it closes nothing."""
    first = facts.commands.commands[0]
    return (
        first.action is Action.CLOSE
        and "SELLING" in first.token.cues
        and not facts.contracts
        and facts.fields.has_stop
        and facts.fields.has_targets
    )


def _only_tells_a_stop(facts: Facts) -> bool:
    """A stop named without a word of moving is a command only in a terse message that opens nothing."""
    first = facts.commands.commands[0]
    if first.kind is not UpdateKind.MOVE_STOP or any("MOVE" in token.cues for token in facts.tokens):
        return False
    plan = first.token.key.startswith("invalid") or any("PLAN" in token.cues for token in facts.tokens)
    return plan or bool(facts.fields.sides) or len(facts.tokens) > TERSE_MESSAGE


def _open_outweighs(facts: Facts, verdict: OpenVerdict) -> bool:
    """Say whether levels make this an open although a command's word occurs in it."""
    if verdict.reason or not verdict.strong:
        return False
    fields = facts.fields
    if not (fields.entry() or fields.now or fields.sides):
        return False
    first = facts.commands.commands[0]
    if facts.contracts and any(token.key in SOLD_TO_OPEN for _, token in fields.sides):
        return True
    if facts.contracts and "SELLING" in first.token.cues:
        return False  # who sells an option without saying `to open` sells the one that is held
    placed = [
        *fields.entry()[:1],
        *fields.targets[:1],
        *fields.target_percents[:1],
        *fields.target_pips[:1],
        fields.stop,
        fields.stop_percent,
        fields.stop_pips,
    ]
    levels = sorted(token.start for token in placed if token is not None)
    if first.kind is UpdateKind.CANCEL and (not levels or first.token.start < levels[0]):
        return False
    if first.action is Action.CLOSE and "SELLING" not in first.token.cues:
        return len(levels) > 1 and first.token.start > levels[1]
    moved = any(
        "MOVE" in token.cues and token.tag != "PUT"
        for token in facts.tokens
        if len(levels) < COMPLETE or token.start < levels[0]
    )
    return not moved


def _named(facts: Facts, context: ParseContext) -> str | None:
    if facts.contracts:
        return facts.contracts[0].contract.underlying
    if facts.chosen is not None:
        return facts.chosen.symbol
    if context.parent_symbol is None and context.parent_text:
        return parse_message(context.parent_text, replace(context, parent_text=None)).symbol
    return context.parent_symbol

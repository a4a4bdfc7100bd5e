"""Turns the commands of a message into closes and updates of an open trade."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from shared.domain.signals import Action, NotASignal, Reading, Signal, Span
from worker.parsing.classifier import talk_reason, tells_result
from worker.parsing.closes import Command
from worker.parsing.facts import Facts
from worker.parsing.sanity import are_possible
from worker.parsing.tokens import Token

LONG_MESSAGE = 45


def read_update(facts: Facts, symbol: str | None) -> Reading:
    """Return the closes and updates of a message, the first as the reading and the others in `also`."""
    first = facts.commands.commands[0]
    if _asks(facts.tokens, first.token):
        return NotASignal("QUESTION")
    if _is_recap(facts.tokens) or (
        not facts.contracts and any("PAST" in token.cues for token in facts.tokens)
    ):
        return NotASignal("RECAP")
    if first.action is Action.CLOSE and _tells_a_trade(facts):
        return NotASignal("RESULT")
    if _is_essay(facts.tokens, first.token):
        return NotASignal("NO_INTENT")
    if len({found.contract for found in facts.contracts}) > 1:
        return NotASignal("SEVERAL_INSTRUMENTS")
    if first.action is Action.CLOSE and talk_reason(facts.tokens) == "NEWS" and not facts.contracts:
        return NotASignal("NEWS")
    signals = [_command_signal(facts, command, symbol) for command in facts.commands.commands]
    levels = [
        price for signal in signals for price in (signal.stop_loss, signal.exit_price, *signal.take_profits)
    ]
    if not are_possible(price for price in levels if price is not None):
        return NotASignal("ABSURD_LEVELS")
    return replace(signals[0], also=tuple(signals[1:]))


def _asks(tokens: list[Token], command: Token) -> bool:
    """Say whether the command's own line is a question."""
    line: list[Token] = []
    for token in tokens:
        if token.tag == "NL":
            if command in line:
                break
            line = []
        line.append(token)
    return any(token.key == "?" for token in line) and command in line


def _is_recap(tokens: list[Token]) -> bool:
    """A heading that says so, or several instruments each with its percentage."""
    if any("RECAP" in token.cues for token in tokens[:10]):
        return True
    pairs = sum(token.tag == "SYM" and following.tag == "PCT" for token, following in pairwise(tokens))
    return pairs > 1


def _tells_a_trade(facts: Facts) -> bool:
    """Entry, exit and result on lines of their own report a trade that is over."""
    lines = sum(token.tag == "NL" for token in facts.tokens)
    entered = facts.fields.labelled or facts.fields.beside_side
    return lines > 1 and bool(entered) and tells_result(facts.tokens)


def _is_essay(tokens: list[Token], command: Token) -> bool:
    """A command stands at the head of its message or in a short one; deep inside prose it is advice."""
    return len(tokens) > LONG_MESSAGE and any(token is command for token in tokens[LONG_MESSAGE:])


def _command_signal(facts: Facts, command: Command, symbol: str | None) -> Signal:
    contract = facts.contracts[0].contract if facts.contracts else None
    confidence = Decimal("0.9") if symbol is not None else Decimal("0.75")
    if facts.chosen is not None and facts.chosen.strength <= 1 and contract is None:
        confidence = Decimal("0.7")
    return Signal(
        action=command.action,
        symbol=symbol,
        asset_class=facts.family(),
        side=command.side,
        stop_loss=command.stop,
        stop_loss_pct=command.stop_percent,
        take_profits=command.targets,
        option=contract,
        update_kind=command.kind,
        close_fraction=command.fraction,
        exit_price=command.price,
        confidence=confidence,
        spans=(*facts.symbol_spans(), Span("command", command.token.start, command.token.end)),
    )

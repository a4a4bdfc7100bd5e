"""Decides whether a message opens a trade, and how sure that is.

Labelled levels, an opening verb, a contract with its premium speak for an order; plans, watching,
questions, negations, news and results speak against it. Silence is cheaper than a false trade.
"""

import itertools
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.signals import Side
from worker.parsing.fields import Fields
from worker.parsing.instrument import Chosen
from worker.parsing.options import FoundContract
from worker.parsing.symbols import GUESS, LISTED, MARKED
from worker.parsing.tokens import Token

CERTAIN, SURE, LIKELY, FAIR, THIN = (Decimal(n) for n in ("0.96", "0.9", "0.8", "0.65", "0.4"))

# Which cue refuses an open, in the order in which the reason is given.
_TALK = {
    "REFUSED": "NEGATED", "QUESTION": "QUESTION", "WATCH": "WATCHING", "NEG": "NEGATED", "PLAN": "PLAN",
    "HOLD": "HOLDING", "NEWS": "NEWS", "FLOW": "NEWS", "OTHERS": "NEWS", "RECAP": "RECAP", "BRAG": "RESULT", "PAST": "RESULT", "AD": "NEWS",
}  # fmt: skip
_OPINIONS = frozenset(
    {"should we", "should i", "shall we", "thoughts", "opinion", "opinions", "what do you think", "agree"}
)
_CONDITIONS = frozenset({"if", "unless", "если", "wenn", "falls", "如果", "si", "إذا"})
_PLURALS = frozenset({"longs", "shorts", "лонги", "шорты", "多单", "空单"})
_HEADINGS_OF_PLANS = frozenset({"PLAN", "RECAP", "WATCH"})
_HEADINGS_OF_THE_PAST = frozenset({"RECAP", "BRAG", "PAST"})
_WITHDRAWN = frozenset({"cancelled", "canceled", "void", "отменен", "отменили", "已取消"})
_MARKS_OF_EXAMPLES = frozenset({"test", "demo", "template", "sample", "example", "тест"})
SHORT_HEADING, LONG_HEADING = 6, 12
COMPLETE = 3
PLAIN_WORDS = 3
_HARMLESS = frozenset({"could", "idea", "risk free", "once", "when", "with"})
_ENTRY_VERBS = frozenset({"bto", "bought", "buy", "added", "adding", "grabbed", "grabbing", "took", "taking", "opened", "open", "entered", "entering", "in",
                          "entry", "picked up", "get into", "got into", "i'm in", "long", "short", "longed", "shorted", "buying", "starter", "took entry",
                          "купил", "взял", "kaufe", "买入"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenVerdict:
    """Whether the message opens a trade: `reason` is empty when it does."""

    confidence: Decimal
    reason: str = ""
    strong: bool = False
    side: Side | None = None


def has_labelled_levels(fields: Fields) -> bool:
    """Say whether the levels alone make an order: a stop or target with an entry, or both of them."""
    stop, target = fields.has_stop, fields.has_targets
    entry = bool(fields.entry()) or fields.now
    laid_out = len(fields.targets) > 1 and bool(fields.sides)
    return (stop and target) or ((stop or target) and entry) or (stop and bool(fields.sides)) or laid_out


def judge_open(
    tokens: list[Token], fields: Fields, contracts: list[FoundContract], chosen: Chosen | None
) -> OpenVerdict:
    """Return the verdict on the message as an open."""
    if any("REFUSED" in token.cues for token in tokens):
        return OpenVerdict(THIN, "NEGATED")
    if contracts:
        return _judge_contract(tokens, fields, contracts)
    if chosen is None:
        return OpenVerdict(
            Decimal(0), "NO_INSTRUMENT" if has_labelled_levels(fields) else talk_reason(tokens) or "NO_INTENT"
        )
    if has_labelled_levels(fields):
        return _judge_levels(tokens, fields, chosen)
    return _judge_thin(tokens, fields, chosen)


def talk_reason(tokens: list[Token]) -> str:
    """Return the code of the first kind of talk found among the tokens, or nothing."""
    cues = {cue for token in tokens for cue in token.cues if token.key not in _HARMLESS}
    for cue, reason in _TALK.items():
        if cue in cues:
            return reason
    return ""


def _judge_levels(tokens: list[Token], fields: Fields, chosen: Chosen) -> OpenVerdict:
    places = [fields.stop, *fields.targets[:1], *fields.entry()[:1], fields.stop_percent, fields.stop_pips]
    first = min((token.start for token in places if token is not None), default=0)
    # A word of the news is no more than a word where a stop is named; other people's trades are theirs.
    excused = {"NEWS", "FLOW"} if fields.stop is not None else set()
    line = [t for t in _line_before(tokens, first) if t.tag not in {"BUY", "SELL", "STOP", "TARGET", "ENTRY"}]
    reason = talk_reason([t for t in line if not excused & set(t.cues) or "OTHERS" in t.cues])
    if reason:
        return OpenVerdict(THIN, reason)
    reason = _heading_reason(
        tokens, first, complete=fields.has_stop and fields.has_targets
    ) or _level_line_reason(tokens, [t for t in places if t is not None])
    if reason or _asks_at_the_end(tokens):
        return OpenVerdict(THIN, reason or "QUESTION")
    if not _orders(fields):
        return OpenVerdict(THIN, "NO_INTENT")
    levels = bool(fields.entry() or fields.now) + fields.has_stop + fields.has_targets
    if chosen.strength == GUESS or not levels > 1:
        return OpenVerdict(LIKELY if fields.sides else FAIR, strong=True)
    if not fields.sides:
        return OpenVerdict(LIKELY, strong=True)
    return OpenVerdict(CERTAIN if levels == 3 else SURE, strong=True)


def _orders(fields: Fields) -> bool:
    """A target and a loose number are an analyst's; an order has a side, a stop, or a labelled entry."""
    if fields.sides:
        return True
    if not fields.has_stop:
        return bool(fields.labelled or fields.at or fields.now)
    return bool(fields.entry()) or fields.now


def lines_of(tokens: list[Token]) -> list[list[Token]]:
    """Cut tokens at line ends; empty lines stay."""
    lines: list[list[Token]] = [[]]
    for token in tokens:
        if token.tag == "NL":
            lines.append([])
        else:
            lines[-1].append(token)
    return lines


def _heading_reason(tokens: list[Token], first: int, *, complete: bool) -> str:
    """A short line above the levels may say that all of it is a plan, an example, a recap or somebody's past luck."""
    for line in lines_of(tokens):
        if not line or line[0].start >= first or line[-1].start >= first:
            continue
        if len(line) == 1 and line[0].key in _MARKS_OF_EXAMPLES:
            return "PLAN"
        told = _HEADINGS_OF_THE_PAST if len(line) <= LONG_HEADING else frozenset()
        if len(line) <= SHORT_HEADING:
            told |= _HEADINGS_OF_PLANS if complete else _HEADINGS_OF_PLANS | {"QUESTION"}
        reason = talk_reason([token for token in line if told & set(token.cues)])
        if reason:
            return reason
    return ""


def _level_line_reason(tokens: list[Token], levels: list[Token]) -> str:
    """A question mark, or a word of the past, on a line that holds a level."""
    starts = {token.start for token in levels}
    for line in lines_of(tokens):
        if not any(token.start in starts for token in line):
            continue
        conditional = len(levels) < COMPLETE
        if _withdrawn(line, min(starts)):
            return "NEGATED"
        if any("CLOSE" in token.cues and token.start > min(starts) for token in line) and tells_result(line):
            return "RESULT"
        reason = talk_reason(
            [
                t
                for t in line
                if {"QUESTION", "PAST", "RECAP", "OTHERS"} & set(t.cues)
                or (conditional and t.key in _CONDITIONS)
            ]
        )
        if reason:
            return reason
    return ""


def _asks_at_the_end(tokens: list[Token]) -> bool:
    """`Should we?`, `Thoughts?` below the levels ask for an opinion; `Ready?` and `Who is in?` do not."""
    last = next((line for line in reversed(lines_of(tokens)) if line), [])
    return len(last) <= SHORT_HEADING and any(token.key in _OPINIONS for token in last)


def _withdrawn(line: list[Token], first: int) -> bool:
    """`... SL 138 TP 150 cancelled`, `... didn't fill`: what was ordered is not ordered any more."""
    for token, following in itertools.pairwise([*line, Token("NL", "", "", 0, 0)]):
        if token.start > first and token.key in _WITHDRAWN:
            return True
        if "NEG" in token.cues and following.key in {"fill", "filled", "trigger", "triggered"}:
            return True
    return False


def _line_before(tokens: list[Token], start: int) -> list[Token]:
    """Return the tokens of the same line before `start`."""
    line: list[Token] = []
    for token in tokens:
        if token.start >= start:
            break
        line = [] if token.tag == "NL" else [*line, token]
    return line


def _judge_contract(tokens: list[Token], fields: Fields, contracts: list[FoundContract]) -> OpenVerdict:
    verb = any("OPENV" in token.cues for token in tokens[: contracts[0].first + 1])
    found = contracts[0]
    reason = _talk_about_contract(tokens, fields, contracts, verb)
    if reason:
        return OpenVerdict(THIN, reason)
    if fields.entry():
        return OpenVerdict(Decimal("0.92") if verb else Decimal("0.85"), strong=True)
    near = tokens[max(0, found.first - 4) : found.first + 1]
    if any(token.key in _ENTRY_VERBS or token.tag == "BUY" for token in near):
        return OpenVerdict(Decimal("0.7"))
    return OpenVerdict(THIN, "NO_INTENT")


def _talk_about_contract(
    tokens: list[Token], fields: Fields, contracts: list[FoundContract], verb: bool
) -> str:
    """Return why a message that spells a contract does not buy it, or nothing."""
    found = contracts[0]
    if len({other.contract for other in contracts}) > 1 and not verb:
        return "SEVERAL_INSTRUMENTS"
    end = _end_of_core(tokens, found, fields)
    reason = talk_reason([t for t in tokens[:end] if t.tag not in {"STOP", "TARGET", "ENTRY", "SYM"}])
    if reason:
        return reason
    rest = tokens[end:]
    if any(token.key == "?" for token in rest):
        return "QUESTION"
    if tells_result(rest) or (fields.now_price and (fields.labelled or fields.at)):
        return "RESULT"
    if any("FLOW" in token.cues for token in rest[:8]):
        return "NEWS"
    core = [token for token in tokens[found.first : end] if token not in found.tokens]
    return "" if verb else _talk_without_verb(core, rest, fields)


def _talk_without_verb(core: list[Token], rest: list[Token], fields: Fields) -> str:
    if _is_level_or_progress(core, rest, fields):
        return "RESULT"
    if any("HIT" in token.cues for token in rest[:6]):
        return "RESULT"
    return "HOLDING" if any("HOLD" in token.cues for token in rest[:4]) else ""


def _is_level_or_progress(core: list[Token], rest: list[Token], fields: Fields) -> bool:
    """`600c went from 1.20`, `600c now 3.40`, `1.20 → 3.40`, `600c > 598`: a price, but no premium to pay."""
    if fields.trigger is not None and fields.stop is None:
        return True
    if any("PROGRESS" in token.cues or token.key in {"now", ">", "<", "→"} for token in core):
        return True
    return any("PROGRESS" in token.cues or token.key in {">", "<", "→"} for token in rest[:3])


def _end_of_core(tokens: list[Token], found: FoundContract, fields: Fields) -> int:
    """Return the index after the contract and the premium that follows it."""
    end = found.last + 1
    entry = fields.entry()
    for place in range(end, min(len(tokens), end + 10)):
        if entry and tokens[place].start == entry[-1].start:
            return place + 1
    return end


def tells_result(tokens: list[Token]) -> bool:
    """`up 275%`, `+48%`, `for 20% profit`: a percentage beside a word of gain or loss, or with a sign."""
    for index, token in enumerate(tokens):
        if token.tag != "PCT":
            continue
        before = tokens[index - 1] if index else None
        if any(other.tag in {"TARGET", "STOP"} for other in tokens[max(0, index - 2) : index]):
            continue  # `🎯 +25%` is a level
        near = tokens[max(0, index - 2) : index + 3]
        if (before is not None and before.key == "+") or any("RESULT" in other.cues for other in near):
            return True
    return False


def _judge_thin(tokens: list[Token], fields: Fields, chosen: Chosen) -> OpenVerdict:
    """Judge a message without stop and targets: a side, an instrument and a price or `now`, and no talk at all."""
    reason = talk_reason([token for token in tokens if token.tag not in {"ENTRY"}])
    if reason:
        return OpenVerdict(THIN, reason)
    if tells_result(tokens):
        return OpenVerdict(THIN, "RESULT")
    if not _is_terse(tokens, fields, chosen):
        return OpenVerdict(THIN, "NO_INTENT")
    verbs = [i for i, token in enumerate(tokens) if token.tag in {"BUY", "SELL"} or token.key in _ENTRY_VERBS]
    place = next(i for i, token in enumerate(tokens) if token.start == chosen.token.start)
    reach = 12 if chosen.strength >= MARKED else 6
    if not verbs or min(abs(place - verb) for verb in verbs) > reach:
        return OpenVerdict(THIN, "NO_INTENT")
    sided = bool(fields.sides)
    entry = fields.entry()
    if sided and entry and _beside(tokens, place, verbs, entry[0]):
        return OpenVerdict(LIKELY if chosen.strength >= LISTED else FAIR)
    if sided and fields.now and chosen.strength >= LISTED:
        return OpenVerdict(
            LIKELY if any(t.tag in {"ENTRY", "LIMIT"} for t in tokens) or fields.leverage else FAIR
        )
    held = any("UNITS" in token.cues for token in tokens)
    adding = any(tokens[v].key in _ENTRY_VERBS and 0 < place - v <= 3 for v in verbs)
    if adding and chosen.strength >= MARKED and (held or sided) and len(tokens) <= 25:
        return OpenVerdict(FAIR, side=Side.BUY) if held else OpenVerdict(THIN, "NO_INTENT")
    return OpenVerdict(THIN, "NO_INTENT")


def _is_terse(tokens: list[Token], fields: Fields, chosen: Chosen) -> bool:
    """An order without stop and target is believed only when its sentence says little else.

    Two sides, a plural (`shorts got squeezed`) or a sentence full of plain words is talk.
    """
    named = {side for side, _ in fields.sides}
    if len(named) > 1 or any(token.key in _PLURALS for _, token in fields.sides):
        return False
    core = {token.start for _, token in fields.sides} | {token.start for token in fields.entry()[:1]}
    if chosen.strength < MARKED:
        core.add(chosen.token.start)
    for sentence in _sentences(tokens):
        if any(token.start in core for token in sentence):
            plain = sum(token.kind == "WORD" and token.tag == "W" and not token.cues for token in sentence)
            if plain > PLAIN_WORDS:
                return False
    return True


def _sentences(tokens: list[Token]) -> list[list[Token]]:
    sentences: list[list[Token]] = [[]]
    for token in tokens:
        if token.tag in {"NL", "END"}:
            sentences.append([])
        else:
            sentences[-1].append(token)
    return sentences


def _beside(tokens: list[Token], place: int, verbs: list[int], price: Token) -> bool:
    index = next((i for i, token in enumerate(tokens) if token.start == price.start), None)
    if index is None:
        return False
    return min(abs(index - other) for other in (place, *verbs)) <= 5

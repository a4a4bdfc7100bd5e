"""Closes and partial closes: the verb that orders one, how much of it, and at which price."""

import itertools
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.signals import Action, Side, UpdateKind
from worker.parsing.grammar import number_of
from worker.parsing.tokens import Token

FRACTIONS = {
    "1/2": Decimal("0.5"),
    "1/3": Decimal("0.3333"),
    "2/3": Decimal("0.6667"),
    "1/4": Decimal("0.25"),
    "3/4": Decimal("0.75"),
}
_NOUN_CLOSE_BEFORE = frozenset(
    [
        "daily",
        "candle",
        "weekly",
        "markets",
        "is",
        "h4",
        "4h",
        "1h",
        "1d",
        "hourly",
        "market",
        "day",
        "monthly",
        "at",
        "the",
        "h1",
        "d1",
        "4hr",
        "hour",
        "above",
        "below",
        "bar",
    ]
)


_NOT_OUT_BEFORE = frozenset(
    [
        "broken",
        "breaking",
        "break",
        "broke",
        "breaks",
        "run",
        "ran",
        "came",
        "coming",
        "pop",
        "popped",
        "sold",
        "figure",
        "find",
        "found",
        "turned",
    ]
)


_RESULT_BEFORE = frozenset(
    {
        "-",
        "+",
        "for",
        "up",
        "at",
        "down",
        "@",
        "a",
        "~",
        "around",
        "about",
        "nearly",
        "almost",
        "over",
        "approx",
    }
)
_TAKES = frozenset({"taking", "take", "took"})
_NOT_TAKEN_OFF = frozenset(
    {
        "day",
        "days",
        "week",
        "weekend",
        "time",
        "hat",
        "hats",
        "night",
        "morning",
        "afternoon",
        "evening",
        "gloves",
    }
)
_NOUNS = frozenset({"partial", "partials"})
_CLOSING = frozenset({"CLOSE", "TRIM", "SELLING", "BOOK"})


HARD_CLOSES = frozenset(
    {
        "stc",
        "close",
        "closed",
        "closing",
        "all out",
        "exit",
        "exited",
        "exiting",
        "sold",
        "stopping out",
        "stop out",
    }
)


SOFT_CLOSES = frozenset({"i'm out", "im out", "out of", "out at"})


_IGNORED_PLANS = frozenset({"going to", "gonna", "when", "once", "could", "later", "if", "до"})


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the message asks of an open trade."""

    action: Action
    kind: UpdateKind
    token: Token
    side: Side | None = None
    fraction: Decimal | None = None
    price: Decimal | None = None
    stop: Decimal | None = None
    stop_percent: Decimal | None = None
    targets: tuple[Decimal, ...] = ()


def cues_of(clause: list[Token]) -> set[str]:
    """Collect the cues of a clause's words."""
    return {cue for token in clause for cue in token.cues}


def read_close(clause: list[Token], spent: frozenset[int]) -> Command | None:
    """Read a clause that orders a close; None where it talks about one."""
    verbs = [
        i
        for i, token in enumerate(clause)
        if (_CLOSING & set(token.cues) and _is_verb(clause, i)) or _is_idiom(clause, i)
    ]
    if not verbs or is_talk(clause[: verbs[0]]):
        return None
    verb = clause[verbs[0]]
    if any(
        a.tag == "TO" and b.tag == "BUY"
        for a, b in zip(clause[verbs[0] :], clause[verbs[0] + 1 :], strict=False)
    ):
        return None
    if _is_idiom(clause, verbs[0]):
        pass
    elif not {"CLOSE", "TRIM", "BOOK"} & cues_of(clause) and not _sells_what_is_held(clause, verbs[0]):
        return None
    partial, fraction = _portion(clause, verbs[0], spent)
    partial = partial or (verb.key in _TAKES and _is_idiom(clause, verbs[0]))
    kind = UpdateKind.CLOSE_PARTIAL if partial else UpdateKind.CLOSE_ALL
    return Command(Action.CLOSE, kind, verb, _closed_side(clause), fraction, _exit_price(clause, spent))


def _is_verb(clause: list[Token], index: int) -> bool:
    """Leave out `daily close`, `close under`, `breaking out of`, `entry / exit`."""
    token = clause[index]
    previous = clause[index - 1] if index else None
    following = clause[index + 1] if index + 1 < len(clause) else None
    if token.tag in {"STOP", "TARGET", "ENTRY"}:
        return False
    if token.key in _NOUNS and previous is not None and previous.key in {"for", "as"}:
        return False
    if (
        following is not None
        and following.tag == "COL"
        and index + 2 < len(clause)
        and clause[index + 2].kind == "NUM"
    ):
        return False  # `Cut: 0.79` labels a level
    if _CLOSING & set(token.cues) == {"BOOK"}:
        return any(
            other.tag == "PCT" or "HALF" in other.cues or other.key in FRACTIONS
            for other in clause[index + 1 : index + 3]
        )
    if token.key in {"close", "closed", "closing", "exit"}:
        if previous is not None and (
            previous.key in _NOUN_CLOSE_BEFORE or previous.unit == "time" or previous.key == "/"
        ):
            return False
        if following is not None and following.tag in {"TRIG_ABOVE", "TRIG_BELOW"}:
            return False
    if token.key in {"out of", "out at"} and previous is not None and previous.key in _NOT_OUT_BEFORE:
        return False
    return not (
        following is not None
        and following.key == "the"
        and len(clause) > index + 2
        and clause[index + 2].key == "money"
    )


def _is_idiom(clause: list[Token], index: int) -> bool:
    """`Out TSLA`, `taking 50% off`, `TP half`, `止盈一半`: a close without a closing verb."""
    token = clause[index]
    following = clause[index + 1] if index + 1 < len(clause) else None
    if following is None:
        return False
    if token.text == "BTC":
        return index == 0 and _names_contract(clause[1:])
    if token.key == "out":
        return index == 0 and following.tag in {"SYM", "MAYBE"}
    if token.key in _TAKES:
        return _takes_off(clause[index + 1 : index + 5])
    return token.tag == "TARGET" and "HALF" in following.cues


def _names_contract(rest: list[Token]) -> bool:
    """`BTC 2 F 12/18 12P`: buy to close, where a ticker and a contract of it follow."""
    symbols = [token for token in rest[:3] if token.symbol is not None or token.text.isupper()]
    return bool(symbols) and any(token.tag in {"STRIKE", "OCC"} for token in rest)


def _takes_off(following: list[Token]) -> bool:
    """`50% off`, `3/4 off`, `a quarter off`, `a little more off`: whatever stands between, unless it is a day."""
    for token in following:
        if token.key == "off":
            return token is not following[0]
        if token.tag == "NUM" or token.kind not in {"WORD", "NUM", "DATE"} or token.key in _NOT_TAKEN_OFF:
            return False
    return False


def is_talk(before: list[Token]) -> bool:
    """Say whether what stands before the verb makes it a plan, a doubt or its opposite."""
    for token in before:
        if {"PLAN", "WATCH", "NEWS", "QUESTION", "NEG"} & set(token.cues) and token.key not in _IGNORED_PLANS:
            return token.tag not in {"STOP", "ENTRY", "TARGET", "SYM"}
    return False


def _sells_what_is_held(clause: list[Token], index: int) -> bool:
    """`selling` closes when it names a part, a contract, a result, or stands in the -ing form without levels."""
    verb = clause[index]
    rest = clause[index + 1 :]
    if {"HALF", "SOME", "REST", "RESULT"} & cues_of(rest) or any(
        token.tag in {"STRIKE", "OCC", "CALL", "PUT"} for token in rest
    ):
        return True
    if any(token.tag == "PCT" for token in rest[:2]):
        return True
    return verb.key.endswith("ing") or any(
        token.key in {"these", "this", "my", "it", "them"} for token in rest
    )


def _portion(clause: list[Token], index: int, spent: frozenset[int]) -> tuple[bool, Decimal | None]:
    """Return whether only a part is closed, and which part if it is said."""
    for token in clause:
        if token.kind == "DATE" and token.text in FRACTIONS and token.start not in spent:
            return True, FRACTIONS[token.text]
    if any("REST" in token.cues for token in clause) and "HALF" not in cues_of(clause):
        return False, None
    for place, token in enumerate(clause):
        if token.tag != "PCT" or not 0 < number_of(token) < 100 or not _is_share(clause, place, index):
            continue
        return True, number_of(token) / 100
    for token in clause:
        if "HALF" in token.cues or "chopping in half" in token.key:
            return True, Decimal("0.5")
    trims = any("TRIM" in token.cues for token in clause)
    some = any("SOME" in token.cues for token in clause[index + 1 : index + 4])
    return trims or some, None


def _is_share(clause: list[Token], place: int, verb: int) -> bool:
    """A percentage is a share of the position when it follows the verb unsigned, not a result."""
    previous = clause[place - 1] if place else None
    if previous is not None and (previous.key in _RESULT_BEFORE or "RESULT" in previous.cues):
        return False
    following = clause[place + 1] if place + 1 < len(clause) else None
    if following is not None and (
        ({"RESULT"} & set(following.cues) and following.key not in {"profit"}) or following.key in {"left"}
    ):
        return False
    return place > verb


def _closed_side(clause: list[Token]) -> Side | None:
    for token in clause:
        if token.key in {"long", "longs", "лонг", "лонги", "多单"}:
            return Side.BUY
        if token.key in {"short", "shorts", "шорт", "шорты", "空单"}:
            return Side.SELL
    return None


def _exit_price(clause: list[Token], spent: frozenset[int]) -> Decimal | None:
    for token, following in itertools.pairwise(clause):
        if token.tag in {"AT", "NOW"} and following.tag == "NUM" and following.start not in spent:
            return number_of(following)
    return None

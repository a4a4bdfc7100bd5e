"""Why an exchange refuses, apart from how: each venue has its own codes and words for these."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from tests.emulators.binance.refusals import (
    CLOSED,
    DUPLICATE,
    INSUFFICIENT,
    OUTCOME_UNKNOWN,
    OVERLOADED,
    TAKES,
    TRIGGERS,
    UNKNOWN_ERROR,
    Refusal,
)


class Reason(StrEnum):
    """Why the core refuses."""

    BANNED = auto()
    CLOSED = auto()
    DUPLICATE = auto()
    FAILED = auto()
    GONE = auto()
    """There is nothing to cancel: no such order, or one that has ended."""
    INSUFFICIENT = auto()
    LATE = auto()
    LOT = auto()
    MALFORMED = auto()
    """The request cannot be read: every refusal that has no reason of its own."""
    NOTIONAL = auto()
    NO_SUCH_ORDER = auto()
    NO_SUCH_PATH = auto()
    OUTCOME_UNKNOWN = auto()
    OVERLOADED = auto()
    PASSED = auto()
    """A stop lies on the wrong side of the price."""
    RATE_LIMITED = auto()
    TAKES = auto()
    TICK = auto()
    TOO_FAR = auto()
    TOO_MANY = auto()
    UNAUTHORIZED = auto()
    UNKNOWN_SYMBOL = auto()


# What is said while a server fails or a door is closed keeps the status it comes with.
KEEPS_STATUS = frozenset(
    {Reason.FAILED, Reason.OVERLOADED, Reason.OUTCOME_UNKNOWN, Reason.RATE_LIMITED, Reason.BANNED}
)
_BY_CODE: dict[int | str, Reason] = {
    0: Reason.NO_SUCH_PATH,
    UNKNOWN_ERROR[0]: Reason.FAILED,
    OUTCOME_UNKNOWN[0]: Reason.OUTCOME_UNKNOWN,
    OVERLOADED[0]: Reason.OVERLOADED,
    -1015: Reason.RATE_LIMITED,
    -1021: Reason.LATE,
    -1022: Reason.UNAUTHORIZED,
    -1121: Reason.UNKNOWN_SYMBOL,
    -2011: Reason.GONE,
    -2013: Reason.NO_SUCH_ORDER,
    -2014: Reason.UNAUTHORIZED,
    -2015: Reason.UNAUTHORIZED,
}
_BY_WORDS = {
    CLOSED: Reason.CLOSED,
    DUPLICATE: Reason.DUPLICATE,
    INSUFFICIENT: Reason.INSUFFICIENT,
    TAKES: Reason.TAKES,
    TRIGGERS: Reason.PASSED,
    "Filter failure: PRICE_FILTER": Reason.TICK,
    "Filter failure: PERCENT_PRICE_BY_SIDE": Reason.TOO_FAR,
    "Filter failure: LOT_SIZE": Reason.LOT,
    "Filter failure: NOTIONAL": Reason.NOTIONAL,
    "Filter failure: MAX_NUM_ORDERS": Reason.TOO_MANY,
    "Filter failure: MAX_NUM_ALGO_ORDERS": Reason.TOO_MANY,
}
_LIMITED = -1003
_BANNED_STATUS = 418


@dataclass(frozen=True, slots=True)
class Said:
    """How a venue says one reason: an HTTP status, its code and its words."""

    status: int
    code: int | str
    words: str = ""


class Told(Refusal):
    """A refusal in a venue's own words already; `code` is whatever the venue has for codes."""

    def __init__(self, said: Said, *, data: Any = None, status: int | None = None) -> None:
        super().__init__(said.code, said.words, status=status or said.status, data=data)


def reason_of(refusal: Refusal) -> Reason:
    """Say why the core refused."""
    if refusal.code == _LIMITED:
        return Reason.BANNED if refusal.status == _BANNED_STATUS else Reason.RATE_LIMITED
    return _BY_CODE.get(refusal.code) or _BY_WORDS.get(refusal.message, Reason.MALFORMED)

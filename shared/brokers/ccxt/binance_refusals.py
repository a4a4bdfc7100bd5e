"""What Binance's error codes mean, by code and words, never by an exception's class.

A code that proves a refusal is Permanent, one that proves that nothing was looked at is Retryable; every other
leaves a write in doubt. Each refusal carries a sentence for the follower.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import HttpAnswer, doubt
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.orders import OrderRequest
from shared.domain.signals import Side

NO_SUCH_ORDER = frozenset({-2013, -2039})
CANCEL_REFUSED_CODE = -2011
CLOCK_CODE = -1021
REPLACEMENT_FAILED = frozenset({-2021, -2022})
_REFUSED_BY_THE_ENGINE = -2010
_NOT_AUTHORIZED = frozenset({401, 403})

# Proofs that nothing was looked at: the same may be tried again.
_NOT_NOW = {
    CLOCK_CODE: Doubt.CLOCK_SKEWED,
    -1003: Doubt.RATE_LIMITED,
    -1015: Doubt.RATE_LIMITED,
}
_KEY_REFUSED = "the account's key is unknown, comes from an address it is not made for, or may not trade"
_BY_CODE: dict[int, tuple[Refusal, str]] = {
    **dict.fromkeys((-1002, -2014, -2015), (Refusal.UNAUTHORIZED, _KEY_REFUSED)),
    -1022: (Refusal.UNAUTHORIZED, "the account's secret does not belong to its key"),
    -1121: (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
}
_BAD_FORM = frozenset(
    {-1014, -1020, *range(-1106, -1099), -1108, *range(-1119, -1113), -1128, -1130, -1131, -1134, -1158}
    | {-1160, -1165, -1166, -1168, *range(-1199, -1195)}
)
_TOO_PRECISE = -1111
_REFUSED_BY_WORDS = frozenset({-1010, -1013, _REFUSED_BY_THE_ENGINE, CANCEL_REFUSED_CODE})
# The first words that occur in the venue's message decide.
_BY_WORDS: tuple[tuple[str, Refusal, str], ...] = (
    ("NOTIONAL", Refusal.BELOW_MINIMUM_NOTIONAL, "the order's value is below the smallest it takes"),
    ("LOT_SIZE", Refusal.INVALID_LOT, "the quantity is not one it trades"),
    ("PERCENT_PRICE", Refusal.PRICE_TOO_FAR, "the price is too far from the market"),
    ("PRICE_FILTER", Refusal.INVALID_TICK, "the price is not one it trades at"),
    ("MAX_NUM_", Refusal.TOO_MANY_ORDERS, "the account has too many open orders"),
    ("MAX_POSITION", Refusal.INVALID_ORDER, "the account may hold no more of this asset"),
    ("trigger immediately", Refusal.STOP_ALREADY_PASSED, "the market has already passed the stop price"),
    (
        "immediately match and take",
        Refusal.TARGET_ALREADY_PASSED,
        "the market has already passed the target's price",
    ),
    (
        "relationship of the prices",
        Refusal.PRICES_OUT_OF_ORDER,
        "the market does not lie between the stop and the target",
    ),
    ("Market is closed", Refusal.MARKET_CLOSED, "this market is closed now"),
    ("not support", Refusal.ORDER_TYPE_NOT_OFFERED, "it does not take this kind of order for this symbol"),
    (
        "symbol is not permitted",
        Refusal.SYMBOL_NOT_PERMITTED,
        "the account may not trade this symbol",
    ),
    ("symbol is restricted", Refusal.SYMBOL_NOT_PERMITTED, "the account may not trade this symbol"),
    ("disabled on this account", Refusal.UNAUTHORIZED, "trading is disabled on the account"),
    ("may not place or cancel", Refusal.UNAUTHORIZED, "trading is disabled on the account"),
)
_INSUFFICIENT = "insufficient balance"
_DUPLICATE = "Duplicate order"
_BANNED_UNTIL = re.compile(r"banned until (\d{13})")


def code_of(answer: HttpAnswer) -> int | None:
    """Return the venue's code of an answer that says no; None where it has none."""
    return None if answer.is_ok else read_code(answer.payload)[0]


def read_code(said: Any) -> tuple[int | None, str]:
    """Read code and words of a refusal, whole or inside another answer."""
    if not isinstance(said, dict):
        return None, ""
    code = said.get("code")
    return (code if isinstance(code, int) else None), str(said.get("msg", ""))


def failure(answer: HttpAnswer, *, is_write: bool, request: OrderRequest | None = None) -> TradeError:
    """Make the error of an answer that says no; `request` is the order it is about, if it is about one."""
    return failure_of(answer.payload, answer.status, is_write=is_write, request=request)


def failure_of(said: Any, status: int, *, is_write: bool, request: OrderRequest | None = None) -> TradeError:
    """Make the error of a refusal that came with an HTTP status."""
    code, words = read_code(said)
    if code is None:
        return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status} without a code")
    if code in _NOT_NOW:
        return RetryableError(_NOT_NOW[code], words)
    if code in _BY_CODE:
        return _refused(*_BY_CODE[code])
    if is_write and (refusal := _refusal_of_write(code, words, request)) is not None:
        return refusal
    if status in _NOT_AUTHORIZED:
        return _refused(Refusal.UNAUTHORIZED, _KEY_REFUSED)
    return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status}, code {code}: {words[:150]}")


def with_ban(error: RetryableError, now: datetime) -> RetryableError:
    """Complete an error of the venue's door with the wait that only its words tell."""
    found = _BANNED_UNTIL.search(error.detail)
    if error.retry_after_seconds is not None or found is None:
        return error
    until = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))
    return RetryableError(error.code, error.detail, max(-((now - until) // timedelta(seconds=1)), 1))


def _refusal_of_write(code: int, words: str, request: OrderRequest | None) -> TradeError | None:
    if code in _BAD_FORM:
        return _refused(Refusal.INVALID_ORDER, _in_its_words(words))
    if code == _TOO_PRECISE:
        kind = Refusal.INVALID_TICK if "rice" in words else Refusal.INVALID_LOT
        return _refused(kind, _in_its_words(words))
    if code not in _REFUSED_BY_WORDS:
        return None
    if _DUPLICATE in words:
        return DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an open order with this id")
    if _INSUFFICIENT in words:
        return _insufficient(request)
    for part, refusal, why in _BY_WORDS:
        if part in words:
            return _refused(refusal, why)
    return _refused(Refusal.INVALID_ORDER, _in_its_words(words))


def _insufficient(request: OrderRequest | None) -> PermanentError:
    if request is None:
        return _refused(Refusal.INSUFFICIENT_FUNDS, "the account has too little free balance for this order")
    base, _, quote = request.symbol.partition("/")
    if request.side is Side.BUY:
        return _refused(Refusal.INSUFFICIENT_FUNDS, f"the account has too little free {quote} for this order")
    lack = f"the account has too little free {base} to sell"
    if request.reduce_only:
        return _refused(Refusal.INSUFFICIENT_FUNDS, lack)
    return _refused(Refusal.SHORT_NOT_POSSIBLE, f"{lack}, and a spot account cannot sell what it has not")


def _refused(refusal: Refusal, why: str) -> PermanentError:
    return PermanentError(refusal, f"Binance refused: {why}.")


def _in_its_words(words: str) -> str:
    return words[:150].rstrip(".") or "the order is not written as it wants it"

"""What Alpaca's error codes mean, by code and words, never by an exception's class.

Its codes are broad (one for everything that an account may not, one for everything that is written wrong), so the
words decide within them. A code that is not known leaves a write in doubt.
"""

from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import HttpAnswer, doubt
from shared.domain.errors import DuplicateOrderId, PermanentError, TradeError
from shared.domain.orders import OrderRequest
from shared.domain.signals import Side

NOT_FOUND = 40410000
_NOT_AUTHORIZED = 40110000
_PATTERN_DAY_TRADER = 40310100
_PROOFS = frozenset({40010000, 40010001, 40310000, _PATTERN_DAY_TRADER, 42210000, NOT_FOUND})
_REFUSED_LOGIN = frozenset({401, 403})

_KEY_REFUSED = "the account's key or token is unknown there or may not trade"
_LACKS_POSITION = ("insufficient qty available", "insufficient balance for")
_WOULD_BE_SHORT = ("cannot be sold short", "position intent mismatch", "uncovered option", "covered call")
# The first words that occur in the venue's message, in small letters, decide.
_BY_WORDS: tuple[tuple[str, Refusal, str], ...] = (
    (
        "day trading protection",
        Refusal.SYMBOL_NOT_PERMITTED,
        "the account has made as many day trades as its equity allows",
    ),
    (
        "buying power",
        Refusal.INSUFFICIENT_FUNDS,
        "the account has too little buying power for this order",
    ),
    (
        "cost basis must be",
        Refusal.BELOW_MINIMUM_NOTIONAL,
        "the order's value is below the smallest it takes",
    ),
    ("sub-penny", Refusal.INVALID_TICK, "the price is not one it trades at"),
    ("price increment", Refusal.INVALID_TICK, "the price is not one it trades at"),
    ("stop price must be", Refusal.STOP_ALREADY_PASSED, "the market has already passed the stop price"),
    ("not fractionable", Refusal.INVALID_LOT, "it trades whole units of this asset only"),
    ("qty increment", Refusal.INVALID_LOT, "the quantity is not one it trades"),
    ("market hours", Refusal.MARKET_CLOSED, "this market is closed now"),
    ("market is closed", Refusal.MARKET_CLOSED, "this market is closed now"),
    ("could not find asset", Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
    ("not found", Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
    ("is not active", Refusal.SYMBOL_NOT_PERMITTED, "this asset is not traded now"),
    ("is not tradable", Refusal.SYMBOL_NOT_PERMITTED, "this asset is not traded now"),
    ("not allowed for account", Refusal.SYMBOL_NOT_PERMITTED, "the account may not trade this kind of asset"),
    ("not eligible to trade", Refusal.SYMBOL_NOT_PERMITTED, "the account may not trade this kind of asset"),
    ("wash trade", Refusal.INVALID_ORDER, "an order of the account on the other side still rests"),
    ("only allows orders to close", Refusal.UNAUTHORIZED, "the account may only close positions"),
    ("trading is blocked", Refusal.UNAUTHORIZED, "trading is blocked on the account"),
)


def code_of(answer: HttpAnswer) -> int | None:
    """Return the venue's code of an answer that says no; None where it has none."""
    return None if answer.is_ok else _read_code(answer.payload)[0]


def failure(answer: HttpAnswer, *, is_write: bool, request: OrderRequest | None = None) -> TradeError:
    """Make the error of an answer that says no; `request` is the order that was sent.

    A refused read that is not about the login proves nothing and is Retryable.
    """
    code, words = _read_code(answer.payload)
    if answer.status == 401 or code == _NOT_AUTHORIZED:
        return _refused(Refusal.UNAUTHORIZED, _KEY_REFUSED)
    if is_write and code in _PROOFS:
        return _refusal_of_write(code, words, request)
    if answer.status in _REFUSED_LOGIN and code is None and isinstance(answer.payload, dict):
        return _refused(Refusal.UNAUTHORIZED, _KEY_REFUSED)
    return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {answer.status}, code {code}: {words[:150]}")


def _read_code(said: Any) -> tuple[int | None, str]:
    if not isinstance(said, dict):
        return None, ""
    code, words = said.get("code"), said.get("message")
    return (code if type(code) is int else None), (words if isinstance(words, str) else "")


def _refusal_of_write(code: int | None, words: str, request: OrderRequest | None) -> TradeError:
    said = words.lower()
    if "must be unique" in said:
        return DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an order with this id")
    if any(part in said for part in _WOULD_BE_SHORT):
        return _lack_of_position(request, has_none=True)
    if any(part in said for part in _LACKS_POSITION):
        return _lack_of_position(request, has_none="available: 0)" in said and request is not None)
    for part, refusal, why in _BY_WORDS:
        if part in said:
            return _refused(refusal, why)
    if code == NOT_FOUND:
        return _refused(Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol")
    return _refused(
        Refusal.INVALID_ORDER, words[:150].rstrip(".") or "the order is not written as it wants it"
    )


def _lack_of_position(request: OrderRequest | None, *, has_none: bool) -> PermanentError:
    if request is not None and request.side is Side.BUY:
        return _refused(Refusal.INSUFFICIENT_FUNDS, "the account has too little buying power for this order")
    lack = "the account has too little of this asset that is free to be sold"
    if request is None or request.reduce_only or not has_none:
        return _refused(Refusal.INSUFFICIENT_FUNDS, lack)
    return _refused(Refusal.SHORT_NOT_POSSIBLE, f"{lack}, and short positions are not opened")


def _refused(refusal: Refusal, why: str) -> PermanentError:
    return PermanentError(refusal, f"Alpaca refused: {why}.")

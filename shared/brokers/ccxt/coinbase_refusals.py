"""What Coinbase's refusals mean: reasons of an order answered with `success: false`, and the errors of HTTP.

The former come at status 200. Either proves a refusal where it is known; every other leaves a write in doubt.
"""

from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import HttpAnswer, doubt
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, TradeError
from shared.domain.orders import OrderRequest
from shared.domain.signals import Side

UNAUTHORIZED, NOT_FOUND = 401, 404
# The venue's door says no in plain text.
BARE_STATUSES = frozenset({UNAUTHORIZED})
_DENIED = "PERMISSION_DENIED"
# Of an order by its id it has been told with the code "unknown".
_GONE = "orderID was not found"

_PREFIX = "PREVIEW_"
_DUPLICATE = "DUPLICATE_CLIENT_ORDER_ID"
_KEY_REFUSED = (
    "the account's key is unknown, has ended, comes from an address it is not made for, or may not trade"
)
_FUNDS = (Refusal.INSUFFICIENT_FUNDS, "the account has too little free balance for this order")
_PASSED = (Refusal.STOP_ALREADY_PASSED, "the market has already passed the stop price")
_FAR = (Refusal.PRICE_TOO_FAR, "the price is too far from the market")
_LOT = (Refusal.INVALID_LOT, "the quantity is not one it trades")
_TICK = (Refusal.INVALID_TICK, "the price is not one it trades at")
_SMALL = (Refusal.BELOW_MINIMUM_NOTIONAL, "the order is below the smallest it takes")
_FORM = (Refusal.INVALID_ORDER, "the order is not written as it wants it")
_BARRED = (Refusal.SYMBOL_NOT_PERMITTED, "the account may not trade this symbol")
_CLOSED = (Refusal.MARKET_CLOSED, "this market is closed now")
_ORDER = (Refusal.PRICES_OUT_OF_ORDER, "the limit does not lie beyond the stop")
# Reasons of the preview are those of the order itself with a prefix.
_BY_REASON: dict[str, tuple[Refusal, str]] = {
    "INSUFFICIENT_FUND": _FUNDS,
    "INSUFFICIENT_FUNDS": _FUNDS,
    "INSUFFICIENT_LEDGER_BALANCE": _FUNDS,
    "INVALID_LEDGER_BALANCE": _FUNDS,
    "INVALID_PRODUCT_ID": (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
    "INELIGIBLE_PAIR": _BARRED,
    "GEOFENCING_RESTRICTION": _BARRED,
    "COMPLIANCE_PURCHASE_LIMIT_EXCEEDED": _BARRED,
    "MAX_DAILY_VOLUME_NOTIONAL_BREACHED": _BARRED,
    "UNTRADABLE_PRODUCT": _CLOSED,
    "NOT_ALLOWED_BY_MARKET_STATE": _CLOSED,
    "ORDER_ENTRY_DISABLED": _CLOSED,
    "PRODUCT_TRADING_HALTED": _CLOSED,
    "TRADING_DISABLED": _CLOSED,
    "UNSUPPORTED_ORDER_CONFIGURATION": (
        Refusal.ORDER_TYPE_NOT_OFFERED,
        "it does not take this kind of order for this symbol",
    ),
    "INVALID_SIZE_PRECISION": _LOT,
    "INVALID_BASE_SIZE_TOO_LARGE": _LOT,
    "INVALID_QUOTE_SIZE_TOO_LARGE": _LOT,
    "INVALID_BASE_SIZE_TOO_SMALL": _SMALL,
    "INVALID_QUOTE_SIZE_TOO_SMALL": _SMALL,
    "INVALID_PRICE_PRECISION": _TICK,
    "INVALID_LIMIT_PRICE_PRECISION": _TICK,
    "INVALID_STOP_PRICE_PRECISION": _TICK,
    "LIMIT_PRICE_TOO_FAR_FROM_MARKET": _FAR,
    "LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_BUY": _FAR,
    "LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_SELL": _FAR,
    "BREACHED_PRICE_LIMIT": _FAR,
    "INVALID_PRICE_TOO_LARGE": _FAR,
    "STOP_PRICE_ABOVE_LIMIT_PRICE": _ORDER,
    "STOP_PRICE_BELOW_LIMIT_PRICE": _ORDER,
    "STOP_PRICE_ABOVE_LAST_TRADE_PRICE": _PASSED,
    "STOP_PRICE_BELOW_LAST_TRADE_PRICE": _PASSED,
    "INVALID_LIMIT_PRICE": _FORM,
    "INVALID_STOP_PRICE": _FORM,
    "INVALID_ORDER_CONFIG": _FORM,
    "INVALID_REQUEST": _FORM,
    "INVALID_SIDE": _FORM,
    "NON_NUMERIC_ORDER_SIZE": _FORM,
    "INVALID_NO_LIQUIDITY": (Refusal.MARKET_CLOSED, "nobody trades at this market now"),
}
# What an HTTP error means for an order, by its name and a part of its words; the first that fits decides.
_BY_ERROR: tuple[tuple[str, str, tuple[Refusal, str]], ...] = (
    ("", "account is not available", _BARRED),
    ("INVALID_ARGUMENT", "product", (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol")),
    ("NOT_FOUND", "product", (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol")),
    ("INVALID_ARGUMENT", "", _FORM),
)


def refusal_of_order(said: Any, request: OrderRequest | None = None) -> TradeError | None:
    """Return the error of an answer to a new order; None where it says that it was taken.

    The result is a PermanentError for a reason that is known, an AmbiguousError for anything else.
    """
    if not isinstance(said, dict) or not isinstance(said.get("success"), bool):
        return AmbiguousError(Doubt.UNREADABLE_ANSWER, "the answer does not say whether the order was taken")
    if said["success"]:
        return None
    reasons = _reasons(said.get("error_response"))
    for reason in reasons:
        name = reason.removeprefix(_PREFIX)
        if name == _DUPLICATE:
            return DuplicateOrderId(
                Doubt.DUPLICATE_ORDER_ID, "the venue has had an order with this id before"
            )
        known = _BY_REASON.get(name)
        if known is not None:
            return _insufficient(request) if known is _FUNDS else _refused(*known)
    return AmbiguousError(Doubt.UNTYPED_REFUSAL, f"reasons {', '.join(reasons)[:150] or 'not told'}")


def failure(answer: HttpAnswer, *, is_write: bool) -> TradeError:
    """Make the error of an answer whose status says no; a refused read that is not about the login is Retryable."""
    error, words = _read_error(answer.payload)
    if answer.status == UNAUTHORIZED:
        return _refused(Refusal.UNAUTHORIZED, _KEY_REFUSED)
    if is_write:
        for name, part, meaning in _BY_ERROR:
            if (error == name or (not name and error)) and part in words.lower():
                return _refused(*meaning)
    if error == _DENIED:
        return _refused(Refusal.UNAUTHORIZED, _KEY_REFUSED)
    return doubt(
        is_write, Doubt.UNTYPED_REFUSAL, f"status {answer.status}, {error or 'no code'}: {words[:150]}"
    )


def is_not_found(answer: HttpAnswer) -> bool:
    """Tell whether an answer is the venue's own that there is no such thing, and not that of something before it."""
    error, words = _read_error(answer.payload)
    return answer.status == NOT_FOUND and (error == "NOT_FOUND" or _GONE in words)


def _read_error(said: Any) -> tuple[str, str]:
    if not isinstance(said, dict):
        return "", ""
    error, words = said.get("error"), said.get("error_details") or said.get("message")
    return (error if isinstance(error, str) else ""), (words if isinstance(words, str) else "")


def _insufficient(request: OrderRequest | None) -> PermanentError:
    if request is None:
        return _refused(*_FUNDS)
    base, _, quote = request.symbol.partition("/")
    if request.side is Side.BUY:
        return _refused(Refusal.INSUFFICIENT_FUNDS, f"the account has too little free {quote} for this order")
    lack = f"the account has too little free {base} to sell"
    if request.reduce_only:
        return _refused(Refusal.INSUFFICIENT_FUNDS, lack)
    return _refused(Refusal.SHORT_NOT_POSSIBLE, f"{lack}, and a spot account cannot sell what it has not")


def _refused(refusal: Refusal, why: str) -> PermanentError:
    return PermanentError(refusal, f"Coinbase refused: {why}.")


def _reasons(error: Any) -> list[str]:
    """List the reasons told, those of the preview first: they say more than `error`, which is the general one."""
    if not isinstance(error, dict):
        return []
    names = ("preview_failure_reason", "new_order_failure_reason", "error")
    return [str(error[name]) for name in names if error.get(name)]

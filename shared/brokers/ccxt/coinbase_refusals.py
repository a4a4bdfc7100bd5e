"""What Coinbase's reasons mean for an order that it answered with `success: false`.

Such an answer comes at status 200 and proves a refusal where its reason is known; every other reason leaves the
write in doubt.
"""

from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.domain.errors import AmbiguousError, PermanentError, TradeError

_PREFIX = "PREVIEW_"
_FUNDS = (Refusal.INSUFFICIENT_FUNDS, "the account has too little free balance for this order")
_PASSED = (Refusal.STOP_ALREADY_PASSED, "the market has already passed the stop price")
_LOT = (Refusal.INVALID_LOT, "the quantity is not one it trades")
_TICK = (Refusal.INVALID_TICK, "the price is not one it trades at")
_SMALL = (Refusal.BELOW_MINIMUM_NOTIONAL, "the order is below the smallest it takes")
_FORM = (Refusal.INVALID_ORDER, "the order is not written as it wants it")
_CLOSED = (Refusal.MARKET_CLOSED, "this market is closed now")
_ORDER = (Refusal.PRICES_OUT_OF_ORDER, "the limit does not lie beyond the stop")
# Reasons of the preview are those of the order itself with a prefix.
_BY_REASON: dict[str, tuple[Refusal, str]] = {
    "INSUFFICIENT_FUND": _FUNDS,
    "INSUFFICIENT_FUNDS": _FUNDS,
    "INSUFFICIENT_LEDGER_BALANCE": _FUNDS,
    "INVALID_PRODUCT_ID": (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
    "INELIGIBLE_PAIR": (Refusal.SYMBOL_NOT_PERMITTED, "the account may not trade this symbol"),
    "ORDER_ENTRY_DISABLED": _CLOSED,
    "PRODUCT_TRADING_HALTED": _CLOSED,
    "TRADING_DISABLED": _CLOSED,
    "UNSUPPORTED_ORDER_CONFIGURATION": (
        Refusal.ORDER_TYPE_NOT_OFFERED,
        "it does not take this kind of order for this symbol",
    ),
    "INVALID_SIZE_PRECISION": _LOT,
    "INVALID_BASE_SIZE_TOO_LARGE": _LOT,
    "INVALID_BASE_SIZE_TOO_SMALL": _SMALL,
    "INVALID_QUOTE_SIZE_TOO_SMALL": _SMALL,
    "INVALID_PRICE_PRECISION": _TICK,
    "INVALID_LIMIT_PRICE_PRECISION": _TICK,
    "INVALID_STOP_PRICE_PRECISION": _TICK,
    "LIMIT_PRICE_TOO_FAR_FROM_MARKET": (Refusal.PRICE_TOO_FAR, "the price is too far from the market"),
    "STOP_PRICE_ABOVE_LIMIT_PRICE": _ORDER,
    "STOP_PRICE_BELOW_LIMIT_PRICE": _ORDER,
    "STOP_PRICE_ABOVE_LAST_TRADE_PRICE": _PASSED,
    "STOP_PRICE_BELOW_LAST_TRADE_PRICE": _PASSED,
    "INVALID_LIMIT_PRICE": _FORM,
    "INVALID_STOP_PRICE": _FORM,
    "INVALID_ORDER_CONFIG": _FORM,
    "INVALID_REQUEST": _FORM,
    "INVALID_SIDE": _FORM,
}


def refusal_of_order(said: Any) -> TradeError | None:
    """Return the error of an answer to a new order; None where it says that it was taken.

    The result is a PermanentError for a reason that is known, an AmbiguousError for anything else.
    """
    if not isinstance(said, dict) or not isinstance(said.get("success"), bool):
        return AmbiguousError(Doubt.UNREADABLE_ANSWER, "the answer does not say whether the order was taken")
    if said["success"]:
        return None
    reasons = _reasons(said.get("error_response"))
    for reason in reasons:
        known = _BY_REASON.get(reason.removeprefix(_PREFIX))
        if known is not None:
            return PermanentError(known[0], f"Coinbase refused: {known[1]}.")
    return AmbiguousError(Doubt.UNTYPED_REFUSAL, f"reasons {', '.join(reasons)[:150] or 'not told'}")


def _reasons(error: Any) -> list[str]:
    """List the reasons told, those of the preview first: they say more than `error`, which is the general one."""
    if not isinstance(error, dict):
        return []
    names = ("preview_failure_reason", "new_order_failure_reason", "error")
    return [str(error[name]) for name in names if error.get(name)]

"""What Kraken's error strings mean, by the string, never by an exception's class.

Its answers come at status 200 with a list of errors. A string that proves a refusal is Permanent, one that proves
that nothing was looked at is Retryable; every other leaves a write in doubt, an outage and an elapsed deadline too:
the venue documents neither as proof that no order was taken.
"""

from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import doubt
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError, TradeError

# Proofs that nothing was looked at: the same may be tried again, with a new nonce.
_NOT_NOW = {
    "EAPI:Invalid nonce": Doubt.CLOCK_SKEWED,
    "EAPI:Rate limit exceeded": Doubt.RATE_LIMITED,
    "EOrder:Rate limit exceeded": Doubt.RATE_LIMITED,
    "EGeneral:Too many requests": Doubt.RATE_LIMITED,
    "EGeneral:Temporary lockout": Doubt.BANNED,
}
_KEY = (Refusal.UNAUTHORIZED, "the account's key is unknown, or may not do this")
_DISABLED = (Refusal.UNAUTHORIZED, "trading is disabled on the account")
_FUNDS = (Refusal.INSUFFICIENT_FUNDS, "the account has too little free balance for this order")
_SMALL = (Refusal.BELOW_MINIMUM_NOTIONAL, "the order is below the smallest it takes")
_MANY = (Refusal.TOO_MANY_ORDERS, "the account has too many open orders")
_TICK = (Refusal.INVALID_TICK, "the price is not one it trades at")
_FORM = (Refusal.INVALID_ORDER, "the order is not written as it wants it")
_CLOSED = (Refusal.MARKET_CLOSED, "this market takes no such orders now")
_BY_ERROR: dict[str, tuple[Refusal, str]] = {
    "EAPI:Invalid key": _KEY,
    "EAPI:Invalid signature": (Refusal.UNAUTHORIZED, "the account's secret does not belong to its key"),
    "EGeneral:Permission denied": _KEY,
    "EAccount:Invalid permissions": _KEY,
    "EAuth:Account temporary disabled": _DISABLED,
    "EAuth:Account unconfirmed": _DISABLED,
    "ETrade:User Locked": _DISABLED,
    "EQuery:Unknown asset pair": (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
    "EQuery:Invalid asset pair": (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
    "EOrder:Insufficient funds": _FUNDS,
    "EOrder:Order minimum not met": _SMALL,
    "EOrder:Cost minimum not met": _SMALL,
    "EOrder:Tick size check failed": _TICK,
    "EOrder:Invalid price": _TICK,
    "EOrder:Orders limit exceeded": _MANY,
    "EService:Market in cancel_only mode": _CLOSED,
    "EService:Market in post_only mode": _CLOSED,
    "EGeneral:Invalid arguments": _FORM,
}
_DUPLICATE = "cl_ord_id not unique"


def errors_of(said: Any) -> list[str] | None:
    """Read the errors of an answer, [] where it has none; None where it is no answer of this venue."""
    errors = said.get("error") if isinstance(said, dict) else None
    if not isinstance(errors, list) or not all(isinstance(error, str) for error in errors):
        return None
    # A string that begins with W is a warning beside a result.
    return [error for error in errors if not error.startswith("W")]


def failure_of(said: Any, *, is_write: bool) -> TradeError | None:
    """Make the error of an answer; None where it did what was asked.

    Several errors are a proof only where each of them is one; the first of them then decides.
    """
    errors = errors_of(said)
    if errors is None:
        return doubt(is_write, Doubt.UNREADABLE_ANSWER, "an answer without a list of errors")
    if not errors:
        return None
    found = [_failure(error) for error in errors]
    for error in found:
        if error is None:
            return doubt(is_write, Doubt.UNTYPED_REFUSAL, ", ".join(errors)[:150])
        if isinstance(error, DuplicateOrderId):
            return error
    return found[0]


def _failure(error: str) -> TradeError | None:
    if _DUPLICATE in error:
        return DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an open order with this id")
    # What follows a second colon says more of the same: "EGeneral:Invalid arguments:price".
    general = ":".join(error.split(":")[:2])
    if general in _NOT_NOW:
        return RetryableError(_NOT_NOW[general], error)
    if general in _BY_ERROR:
        refusal, why = _BY_ERROR[general]
        return PermanentError(refusal, f"Kraken refused: {why}.")
    return None

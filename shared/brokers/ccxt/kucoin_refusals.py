"""What KuCoin's codes mean, by code and words, never by an exception's class.

Its refusals come at any status, 200 too: only the code 200000 says yes. A code that proves a refusal is Permanent,
one that proves that nothing was looked at is Retryable; every other leaves a write in doubt.
"""

from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import doubt
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError, TradeError

_DONE = "200000"
_BAD_PARAMETER = "400100"
_DUPLICATE_CODE = "126044"
_NOT_NOW = {"400002": Doubt.CLOCK_SKEWED, "429000": Doubt.RATE_LIMITED}
_KEY = (
    Refusal.UNAUTHORIZED,
    "the account's key is unknown, comes from an address it is not made for, or may not trade",
)
_SECRET = (Refusal.UNAUTHORIZED, "the account's secret or passphrase does not belong to its key")
_FROZEN = (Refusal.UNAUTHORIZED, "trading is disabled on the account")
_FUNDS = (Refusal.INSUFFICIENT_FUNDS, "the account has too little free balance for this order")
_SMALL = (Refusal.BELOW_MINIMUM_NOTIONAL, "the order is below the smallest it takes")
_FAR = (Refusal.PRICE_TOO_FAR, "the price is too far from the market")
_SYMBOL = (Refusal.SYMBOL_NOT_PERMITTED, "the account may not trade this symbol")
_FORM = (Refusal.INVALID_ORDER, "the order is not written as it wants it")
_BY_CODE: dict[str, tuple[Refusal, str]] = {
    **dict.fromkeys(("400001", "400003", "400006", "400007"), _KEY),
    **dict.fromkeys(("400004", "400005"), _SECRET),
    **dict.fromkeys(("400200", "411100"), _FROZEN),
    **dict.fromkeys(("200004", "210021", "230003"), _FUNDS),
    **dict.fromkeys(("600100", "600101"), _SMALL),
    **dict.fromkeys(("400330", "400370", "400760"), _FAR),
    **dict.fromkeys(("400303", "400500"), _SYMBOL),
    "400600": (Refusal.MARKET_CLOSED, "this market is closed now"),
    "900001": (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
}
# The code of a bad parameter serves for much; the first group of words that all occur in the message decides.
_BY_WORDS: tuple[tuple[tuple[str, ...], tuple[Refusal, str]], ...] = (
    (("available.amount",), _FUNDS),
    (("price", "increment"), (Refusal.INVALID_TICK, "the price is not one it trades at")),
    (("size", "increment"), (Refusal.INVALID_LOT, "the quantity is not one it trades")),
    (("minimum",), _SMALL),
)


def failure_of(said: Any, status: int, *, is_write: bool) -> TradeError | None:
    """Make the error of an answer that came with an HTTP status; None where it did what was asked."""
    code = said.get("code") if isinstance(said, dict) else None
    if not isinstance(code, str):
        return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status} without a code")
    if code == _DONE:
        return None
    words = str(said.get("msg", ""))
    if code in _NOT_NOW:
        return RetryableError(_NOT_NOW[code], words[:150])
    if is_write and _is_duplicate(code, words):
        return DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an open order with this id")
    if code in _BY_CODE:
        return _refused(*_BY_CODE[code])
    if is_write and code == _BAD_PARAMETER:
        return _refused(*_meaning(words.lower()))
    return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status}, code {code}: {words[:150]}")


def _is_duplicate(code: str, words: str) -> bool:
    # The venue documents no code for it on its spot market, so the words count under any code.
    low = words.lower()
    return code == _DUPLICATE_CODE or ("clientoid" in low and ("duplicat" in low or "already exist" in low))


def _meaning(words: str) -> tuple[Refusal, str]:
    return next((meaning for parts, meaning in _BY_WORDS if all(part in words for part in parts)), _FORM)


def _refused(refusal: Refusal, why: str) -> PermanentError:
    return PermanentError(refusal, f"KuCoin refused: {why}.")

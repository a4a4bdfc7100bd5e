"""What KuCoin's codes mean, by code and words, never by an exception's class.

Its refusals come at any status, 200 too: only the code 200000 says yes. A code that proves a refusal is Permanent,
one that proves that nothing was looked at is Retryable; every other leaves a write in doubt.
"""

from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import HttpAnswer, doubt
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.orders import OrderRequest
from shared.domain.signals import Side

_DONE = "200000"
_BAD_PARAMETER = "400100"
_DUPLICATE_CODES = frozenset({"126033", "126044"})
CLOCK_CODE = "400002"
_NO_SUCH_ORDER = frozenset({"100001", "126043", "order_not_exist"})
_NOT_NOW = {CLOCK_CODE: Doubt.CLOCK_SKEWED, "429000": Doubt.RATE_LIMITED}
_KEY = (
    Refusal.UNAUTHORIZED,
    "the account's key is unknown, comes from an address it is not made for, or may not trade",
)
_SECRET = (Refusal.UNAUTHORIZED, "the account's secret or passphrase does not belong to its key")
_FROZEN = (Refusal.UNAUTHORIZED, "trading is disabled on the account")
_FUNDS = (Refusal.INSUFFICIENT_FUNDS, "the account has too little free balance for this order")
_SMALL = (Refusal.BELOW_MINIMUM_NOTIONAL, "the order is below the smallest it takes")
_FAR = (Refusal.PRICE_TOO_FAR, "the price is too far from the market")
_MANY = (Refusal.TOO_MANY_ORDERS, "the account has too many open orders")
_CLOSED = (Refusal.MARKET_CLOSED, "this market is closed now")
_SYMBOL = (Refusal.SYMBOL_NOT_PERMITTED, "the account may not trade this symbol")
_FORM = (Refusal.INVALID_ORDER, "the order is not written as it wants it")
_BY_CODE: dict[str, tuple[Refusal, str]] = {
    **dict.fromkeys(("400001", "400003", "400006", "400007"), _KEY),
    **dict.fromkeys(("400004", "400005"), _SECRET),
    **dict.fromkeys(("400200", "411100"), _FROZEN),
    **dict.fromkeys(("200004", "210021", "230003", "126013"), _FUNDS),
    **dict.fromkeys(("600101", "126003"), _SMALL),
    **dict.fromkeys(("400330", "400370", "400760", "126022", "126029", "126030"), _FAR),
    **dict.fromkeys(("400303", "400500", "126005", "126021", "126045", "126046", "126047"), _SYMBOL),
    **dict.fromkeys(("400600", "126006", "126007", "126009"), _CLOSED),
    **dict.fromkeys(("900001", "126004"), (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol")),
    "126011": _MANY,
}
# These codes serve for much; the first group of words that all occur in the message decides.
_BY_WORDS_ALONE = frozenset({_BAD_PARAMETER, "600100"})
_BY_WORDS: tuple[tuple[tuple[str, ...], tuple[Refusal, str]], ...] = (
    (("available.amount",), _FUNDS),
    (("price", "increment"), (Refusal.INVALID_TICK, "the price is not one it trades at")),
    (("size", "increment"), (Refusal.INVALID_LOT, "the quantity is not one it trades")),
    (("minimum",), _SMALL),
    (("unsupported trading pair",), (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol")),
    (("exceed", "order"), _MANY),
)


def failure(answer: HttpAnswer, *, is_write: bool, request: OrderRequest | None = None) -> TradeError | None:
    """Make the error of an answer, None where it did what was asked; `request` is the order it is about, if one is."""
    return failure_of(answer.payload, answer.status, is_write=is_write, request=request)


def code_of(answer: HttpAnswer) -> str | None:
    """Return the venue's code; None where it has none."""
    return _read_code(answer.payload)


def is_unknown_order(answer: HttpAnswer) -> bool:
    """Tell whether the venue says that it has no such order, or none that can still be cancelled."""
    code = code_of(answer)
    if code in _NO_SUCH_ORDER:
        return True
    words = str(answer.payload.get("msg", "")).lower().replace("_", " ") if code == _BAD_PARAMETER else ""
    return "order" in words and ("not exist" in words or "not allow" in words)


def failure_of(
    said: Any, status: int, *, is_write: bool, request: OrderRequest | None = None
) -> TradeError | None:
    """Make the error of an answer that came with an HTTP status; None where it did what was asked."""
    code = _read_code(said)
    if code is None:
        return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status} without a code")
    if code == _DONE:
        return None
    words = str(said.get("msg", ""))
    if code in _NOT_NOW:
        return RetryableError(_NOT_NOW[code], words[:150])
    if is_write and _is_duplicate(code, words):
        return DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an open order with this id")
    meaning = _BY_CODE.get(code)
    if meaning is None and is_write and code in _BY_WORDS_ALONE:
        meaning = _meaning(words.lower())
    if meaning is not None:
        return _insufficient(request) if meaning is _FUNDS else _refused(*meaning)
    return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status}, code {code}: {words[:150]}")


def _is_duplicate(code: str, words: str) -> bool:
    # The venue documents no code for it on its spot market, so the words count under any code.
    low = words.lower()
    return code in _DUPLICATE_CODES or ("clientoid" in low and ("duplicat" in low or "already exist" in low))


def _read_code(said: Any) -> str | None:
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, str) else None


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


def _meaning(words: str) -> tuple[Refusal, str]:
    return next((meaning for parts, meaning in _BY_WORDS if all(part in words for part in parts)), _FORM)


def _refused(refusal: Refusal, why: str) -> PermanentError:
    return PermanentError(refusal, f"KuCoin refused: {why}.")

"""What the error codes of Binance's spot market mean, by code and words."""

from shared.brokers.ccxt.binance_words import (
    CANCEL_REFUSED_CODE,
    NOT_NOW,
    PROOFS,
    Words,
    in_its_words,
    refused,
)
from shared.brokers.codes import Doubt, Refusal
from shared.domain.errors import DuplicateOrderId, PermanentError, TradeError
from shared.domain.orders import OrderRequest
from shared.domain.signals import Side

REPLACEMENT_FAILED = frozenset({-2021, -2022})
_REFUSED_BY_THE_ENGINE = -2010
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


def _refusal_of_write(code: int, words: str, request: OrderRequest | None) -> TradeError | None:
    if code in _BAD_FORM:
        return refused(Refusal.INVALID_ORDER, in_its_words(words))
    if code == _TOO_PRECISE:
        kind = Refusal.INVALID_TICK if "rice" in words else Refusal.INVALID_LOT
        return refused(kind, in_its_words(words))
    if code not in _REFUSED_BY_WORDS:
        return None
    if _DUPLICATE in words:
        return DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an open order with this id")
    if _INSUFFICIENT in words:
        return _insufficient(request)
    for part, refusal, why in _BY_WORDS:
        if part in words:
            return refused(refusal, why)
    return refused(Refusal.INVALID_ORDER, in_its_words(words))


def _insufficient(request: OrderRequest | None) -> PermanentError:
    if request is None:
        return refused(Refusal.INSUFFICIENT_FUNDS, "the account has too little free balance for this order")
    base, _, quote = request.symbol.partition("/")
    if request.side is Side.BUY:
        return refused(Refusal.INSUFFICIENT_FUNDS, f"the account has too little free {quote} for this order")
    lack = f"the account has too little free {base} to sell"
    if request.reduce_only:
        return refused(Refusal.INSUFFICIENT_FUNDS, lack)
    return refused(Refusal.SHORT_NOT_POSSIBLE, f"{lack}, and a spot account cannot sell what it has not")


SPOT = Words(NOT_NOW, PROOFS, _refusal_of_write)
failure = SPOT.failure
failure_of = SPOT.failure_of

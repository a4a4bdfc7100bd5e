"""What the error codes of Binance's futures mean; nearly all speak for themselves, whatever the words."""

from collections.abc import Iterable

from shared.brokers.ccxt.binance_words import NOT_NOW, PROOFS, Words, in_its_words, refused
from shared.brokers.codes import Doubt, Refusal
from shared.domain.errors import DuplicateOrderId, PermanentError, TradeError
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.orders import OrderRequest

TOO_PRECISE = -1111
MARGIN_TYPE_AS_IT_IS = -4046

_TO_ONE_WAY = (
    "the account holds long and short positions beside each other (hedge mode). Close all futures positions and "
    "orders, then choose One-way Mode under Preferences, Position Mode"
)
_TO_SINGLE_ASSET = (
    "the account is in multi-assets mode, where margin cannot be isolated. Choose Single-Asset Mode under "
    "Preferences, Asset Mode"
)
_ADJUSTED = "the venue keeps leverage and margin while a position or an order is open"
_DUPLICATES = frozenset({-4116, -20132})
_BAD_FORM = frozenset(
    {-1013, -1014, -1020, *range(-1106, -1099), -1108, *range(-1119, -1113), -1128, -1130, -1136}
    | {-4000, -4001, -4006, -4015, -4136, -4137, -5037, -5038, -5040}
)

_Meaning = tuple[Refusal, str]


def _each(refusal: Refusal, why: str, codes: Iterable[int]) -> dict[int, _Meaning]:
    return dict.fromkeys(codes, (refusal, why))


HEDGED: _Meaning = (Refusal.HEDGE_MODE, _TO_ONE_WAY)
MULTI_ASSETS: _Meaning = (Refusal.MULTI_ASSETS_MODE, _TO_SINGLE_ASSET)
_BY_CODE: dict[int, _Meaning] = {
    **_each(
        Refusal.INSUFFICIENT_FUNDS, "the account has too little free margin", (-2018, -2019, -4050, -4051)
    ),
    **_each(Refusal.INSUFFICIENT_FUNDS, "the account's margin is too little for this leverage", (-2028,)),
    **_each(
        Refusal.REDUCE_ONLY_REFUSED,
        "there is no position that the order could reduce; nothing was placed",
        (-2022, -2024, -4118),
    ),
    -2020: (Refusal.INVALID_ORDER, "the order cannot be filled"),
    -2021: (Refusal.STOP_ALREADY_PASSED, "the market has already passed the stop price"),
    -2023: (Refusal.SYMBOL_NOT_PERMITTED, "the account is being liquidated"),
    **_each(Refusal.TOO_MANY_ORDERS, "the account has too many open orders", (-2025, -4045)),
    **_each(
        Refusal.ORDER_TYPE_NOT_OFFERED,
        "it does not take this kind of order here",
        (-2026, -4120),
    ),
    -2027: (Refusal.INVALID_ORDER, "the position would be larger than this leverage allows"),
    **_each(Refusal.INVALID_LOT, "the quantity is not one it trades", (-4003, -4004, -4005, -4023, -4030)),
    **_each(Refusal.INVALID_TICK, "the price is not one it trades at", (-4013, -4014, -4029)),
    **_each(
        Refusal.PRICE_TOO_FAR,
        "the price is too far from the market",
        (-4002, -4007, -4016, -4024, -4131, -4183, -4184, -4210, -4211),
    ),
    -4164: (Refusal.BELOW_MINIMUM_NOTIONAL, "the order's value is below the smallest it takes"),
    **_each(Refusal.MARKET_CLOSED, "this market is closed now", (-4108, -4140, -4141)),
    **_each(
        Refusal.SYMBOL_NOT_PERMITTED,
        "the account may only reduce positions now",
        (-4087, -4192, -4400, -4401),
    ),
    **_each(Refusal.UNAUTHORIZED, "trading is disabled on the account", (-2017, -4088, -4109, -4402)),
    -5022: (Refusal.TARGET_ALREADY_PASSED, "the market has already passed the target's price"),
    -5021: (Refusal.INVALID_ORDER, "the order could not be filled in whole at once"),
    **_each(*HEDGED, (-4061,)),
    **_each(*MULTI_ASSETS, (-4168,)),
    **_each(Refusal.POSITION_OPEN, _ADJUSTED, (-4047, -4048, -4067, -4068, -4161)),
    **_each(
        Refusal.LEVERAGE_TOO_HIGH,
        "it allows less leverage for this contract or account",
        (-4028, -4202, -4203, -4205, -4206, -4208, -4209, -4300, -4403),
    ),
}


def name_precision(request: OrderRequest, instrument: Instrument) -> PermanentError:
    """Say what of an order is too precise: the venue uses one code for quantities and prices, and names neither."""
    if request.quantity % instrument.lot != ZERO:
        return refused(Refusal.INVALID_LOT, "the quantity is not one it trades")
    for price in (request.limit_price, request.stop_price):
        if price is not None and price % instrument.tick != ZERO:
            return refused(Refusal.INVALID_TICK, "the price is not one it trades at")
    return refused(Refusal.INVALID_ORDER, "a number of the order is more precise than it takes")


def _refusal_of_write(code: int, words: str, request: OrderRequest | None) -> TradeError | None:
    if code in _DUPLICATES:
        return DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an open order with this id")
    if code in _BY_CODE:
        return refused(*_BY_CODE[code])
    if code in _BAD_FORM or (code == TOO_PRECISE and request is not None):
        return refused(Refusal.INVALID_ORDER, in_its_words(words))
    return None


WORDS = Words(
    # -5028: the matching engine saw it only after its window.
    {**NOT_NOW, -5028: Doubt.CLOCK_SKEWED},
    PROOFS,
    _refusal_of_write,
)

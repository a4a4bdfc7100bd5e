"""From an order of ours to Alpaca's JSON: every amount is decimal text; what it has no form for is refused here, unsent."""

from datetime import datetime
from decimal import Decimal

from shared.brokers.alpaca.symbols import asset_class_of
from shared.brokers.codes import Refusal
from shared.brokers.rows.alpaca import STOP_LIMIT_PERCENT
from shared.domain.errors import PermanentError
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.money import HUNDRED, to_plain
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

Body = dict[str, str]

# The venue cuts off what comes after, silently.
MOST_DECIMALS = 9
_HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TYPES = {
    AssetClass.STOCK: frozenset(OrderType),
    AssetClass.OPTION: frozenset({OrderType.MARKET, OrderType.LIMIT}),
    AssetClass.CRYPTO: frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT}),
}


def needs_instrument(request: OrderRequest) -> bool:
    """Tell whether the symbol's tick must be known: for a stop that becomes a stop-limit."""
    return request.order_type is OrderType.STOP and asset_class_of(request.symbol) is AssetClass.CRYPTO


def order_body(request: OrderRequest, now: datetime, instrument: Instrument | None = None) -> Body:
    """Write one order; `instrument` where `needs_instrument` says so and the venue lists it.

    Raises
    ------
    PermanentError
        EXPIRED_BEFORE_ARRIVAL where the time in which it may arrive is over: the venue takes no expiry, so this is
        the only check. INVALID_ORDER, INVALID_LOT or ORDER_TYPE_NOT_OFFERED where the venue has no such order.
    """
    if request.send_before is not None and now >= request.send_before:
        raise PermanentError(
            Refusal.EXPIRED_BEFORE_ARRIVAL, "It was not sent: the time in which it may arrive is over."
        )
    kind = asset_class_of(request.symbol)
    _check_fields(request)
    _check_offered(request, kind)
    body = {
        "symbol": request.symbol,
        "qty": to_plain(request.quantity),
        "side": "buy" if request.side is Side.BUY else "sell",
        "time_in_force": _time_in_force(request, kind),
        "client_order_id": request.client_order_id,
        **_terms(request, kind, instrument),
    }
    if kind is not AssetClass.CRYPTO:
        # A sale can then never open a short position, nor a purchase cover one that is not ours.
        body["position_intent"] = "buy_to_open" if request.side is Side.BUY else "sell_to_close"
    return body


def _check_fields(request: OrderRequest) -> None:
    if request.quantity <= 0:
        raise PermanentError(Refusal.INVALID_ORDER, "The quantity must be above zero.")
    wanted = (
        (request.limit_price, request.order_type in _HAS_LIMIT),
        (request.stop_price, request.order_type in _HAS_STOP),
        (request.trail_percent, request.order_type is OrderType.TRAILING_STOP),
    )
    for number, is_wanted in wanted:
        if (number is not None) != is_wanted or (number is not None and number <= 0):
            raise PermanentError(
                Refusal.INVALID_ORDER, f"The prices do not fit an order of type {request.order_type}."
            )
    if request.side is Side.BUY and request.reduce_only:
        raise PermanentError(
            Refusal.REDUCE_ONLY_REFUSED, "No short positions are held, so a purchase reduces nothing."
        )


def _check_offered(request: OrderRequest, kind: AssetClass) -> None:
    if request.order_type not in _TYPES[kind]:
        raise PermanentError(
            Refusal.ORDER_TYPE_NOT_OFFERED,
            f"Alpaca takes no orders of type {request.order_type} for this kind of asset.",
        )
    is_whole = request.quantity == request.quantity.to_integral_value()
    if kind is AssetClass.OPTION and not is_whole:
        raise PermanentError(Refusal.INVALID_LOT, "Alpaca trades whole option contracts only.")
    if request.quantity != round(request.quantity, MOST_DECIMALS):
        raise PermanentError(Refusal.INVALID_LOT, "Alpaca reads nine decimals of a quantity and no more.")
    if kind is AssetClass.STOCK and not is_whole and request.order_type is OrderType.TRAILING_STOP:
        raise PermanentError(Refusal.ORDER_TYPE_NOT_OFFERED, "Alpaca trails stops for whole shares only.")
    is_day_only = kind is AssetClass.OPTION or (kind is AssetClass.STOCK and not is_whole)
    if is_day_only and request.time_in_force is TimeInForce.IOC:
        raise PermanentError(
            Refusal.ORDER_TYPE_NOT_OFFERED,
            "Alpaca takes orders for parts of a share and for options for the day only.",
        )
    if kind is AssetClass.CRYPTO and request.time_in_force is TimeInForce.DAY:
        raise PermanentError(
            Refusal.ORDER_TYPE_NOT_OFFERED, "Alpaca's crypto market has no orders that end with the day."
        )


def _time_in_force(request: OrderRequest, kind: AssetClass) -> str:
    is_whole = request.quantity == request.quantity.to_integral_value()
    if kind is AssetClass.OPTION or (kind is AssetClass.STOCK and not is_whole):
        # A whole position may be covered in parts that are none: they rest for the day and are placed again.
        return "day"
    return request.time_in_force.value


def _terms(request: OrderRequest, kind: AssetClass, instrument: Instrument | None) -> Body:
    match request.order_type:
        case OrderType.MARKET:
            return {"type": "market"}
        case OrderType.LIMIT:
            return {"type": "limit", "limit_price": _plain(request.limit_price)}
        case OrderType.STOP if kind is AssetClass.CRYPTO:
            limit = _limit_beyond(request, instrument)
            return {
                "type": "stop_limit",
                "stop_price": _plain(request.stop_price),
                "limit_price": to_plain(limit),
            }
        case OrderType.STOP:
            return {"type": "stop", "stop_price": _plain(request.stop_price)}
        case OrderType.STOP_LIMIT:
            return {
                "type": "stop_limit",
                "stop_price": _plain(request.stop_price),
                "limit_price": _plain(request.limit_price),
            }
        case OrderType.TRAILING_STOP:
            return {"type": "trailing_stop", "trail_percent": _plain(request.trail_percent)}


def _limit_beyond(request: OrderRequest, instrument: Instrument | None) -> Decimal:
    stop = request.stop_price
    assert stop is not None, "a stop has a stop price"
    share = STOP_LIMIT_PERCENT / HUNDRED
    buys = request.side is Side.BUY
    limit = stop * (1 + share if buys else 1 - share)
    if instrument is None:
        # Nobody knows it: the venue says so.
        return stop
    if buys:
        return instrument.ceil_price(limit)
    return max(instrument.floor_price(limit), instrument.tick)


def _plain(price: Decimal | None) -> str:
    assert price is not None, "the fields were checked"
    return to_plain(price)

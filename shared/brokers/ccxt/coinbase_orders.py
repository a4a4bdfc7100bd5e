"""From an order of ours to Coinbase's body; what the venue has no form for is refused here, unsent."""

from datetime import datetime
from decimal import Decimal

from shared.brokers.codes import Refusal
from shared.domain.errors import PermanentError
from shared.domain.money import floor_to, to_plain
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

Configuration = dict[str, dict[str, str | bool]]

_HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES = frozenset({TimeInForce.GTC, TimeInForce.IOC})


def venue_product(symbol: str) -> str:
    """Write a symbol of ours as the venue's product."""
    return symbol.replace("/", "-")


def check_time(request: OrderRequest, now: datetime) -> None:
    """Raise PermanentError(EXPIRED_BEFORE_ARRIVAL) where the time in which an order may arrive is over."""
    if request.send_before is not None and now >= request.send_before:
        raise PermanentError(
            Refusal.EXPIRED_BEFORE_ARRIVAL, "It was not sent: the time in which it may arrive is over."
        )


def order_body(request: OrderRequest, *, tick: Decimal, beyond: Decimal) -> dict[str, str | Configuration]:
    """Write one order.

    Parameters
    ----------
    tick
        Step of the product's prices, in the quote asset.
    beyond
        Part of the stop price by which a stop's limit lies beyond it: the venue has no stops at market.

    Raises
    ------
    PermanentError
        INVALID_ORDER where its fields do not fit its type, ORDER_TYPE_NOT_OFFERED for a form it has not,
        REDUCE_ONLY_REFUSED for a purchase that shall reduce.
    """
    _check_fields(request)
    if request.side is Side.BUY and request.reduce_only:
        raise PermanentError(
            Refusal.REDUCE_ONLY_REFUSED, "On a spot account without debts a purchase reduces nothing."
        )
    return {
        "client_order_id": request.client_order_id,
        "product_id": venue_product(request.symbol),
        "side": "BUY" if request.side is Side.BUY else "SELL",
        "order_configuration": _configuration(request, tick, beyond),
    }


def _configuration(request: OrderRequest, tick: Decimal, beyond: Decimal) -> Configuration:
    size = to_plain(request.quantity)
    is_immediate = request.time_in_force is TimeInForce.IOC
    if request.order_type is OrderType.MARKET:
        return {"market_market_ioc": {"base_size": size}}
    if request.order_type is OrderType.LIMIT:
        price = _price(request.limit_price)
        if is_immediate:
            return {"sor_limit_ioc": {"base_size": size, "limit_price": price}}
        return {"limit_limit_gtc": {"base_size": size, "limit_price": price, "post_only": False}}
    if request.order_type not in _HAS_STOP:
        raise PermanentError(Refusal.ORDER_TYPE_NOT_OFFERED, "Coinbase has no trailing stops.")
    if is_immediate:
        raise PermanentError(Refusal.ORDER_TYPE_NOT_OFFERED, "Coinbase has no stops that end at once.")
    limit = request.limit_price if request.order_type is OrderType.STOP_LIMIT else None
    return {
        "stop_limit_stop_limit_gtc": {
            "base_size": size,
            "limit_price": _price(limit or _limit_beyond(request, tick, beyond)),
            "stop_price": _price(request.stop_price),
            "stop_direction": f"STOP_DIRECTION_STOP_{'UP' if request.side is Side.BUY else 'DOWN'}",
        }
    }


def _check_fields(request: OrderRequest) -> None:
    if request.quantity <= 0:
        raise PermanentError(Refusal.INVALID_ORDER, "The quantity must be above zero.")
    for price, kinds in ((request.limit_price, _HAS_LIMIT), (request.stop_price, _HAS_STOP)):
        if (price is not None) != (request.order_type in kinds) or (price is not None and price <= 0):
            raise PermanentError(
                Refusal.INVALID_ORDER, f"The prices do not fit an order of type {request.order_type}."
            )
    if request.time_in_force not in _TIMES:
        raise PermanentError(Refusal.INVALID_ORDER, "Coinbase has no orders that end with the day.")


def _limit_beyond(request: OrderRequest, tick: Decimal, beyond: Decimal) -> Decimal:
    assert request.stop_price is not None, "a stop has a stop price"
    if request.side is Side.SELL:
        return max(floor_to(request.stop_price * (1 - beyond), tick), tick)
    wanted = request.stop_price * (1 + beyond)
    below = floor_to(wanted, tick)
    return below if below == wanted else below + tick


def _price(price: Decimal | None) -> str:
    assert price is not None, "the fields were checked"
    return to_plain(price)

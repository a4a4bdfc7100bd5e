"""From an order of ours to Kraken's parameters; what the venue has no form for is refused here, unsent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.brokers.codes import Doubt, Refusal
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.money import to_plain
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

Params = dict[str, str]

_HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC"}
# What the venue takes as `deadline`, counted from its own clock; one second is left to ours.
_SHORTEST = timedelta(seconds=3)
_LONGEST = timedelta(seconds=59)


def order_params(request: OrderRequest, *, pair: str, now: datetime) -> Params:
    """Write one order, without its nonce.

    Parameters
    ----------
    pair
        The venue's name of the symbol.
    now
        UTC. The venue refuses what reaches its engine after `send_before`, but no later than a minute from now.

    Raises
    ------
    PermanentError
        INVALID_ORDER where its fields do not fit its type, ORDER_TYPE_NOT_OFFERED for a form it has not,
        REDUCE_ONLY_REFUSED for a purchase that shall reduce.
    RetryableError
        SEND_WINDOW_CLOSED where too little time is left for a deadline that the venue takes.
    """
    _check_fields(request)
    params = {
        "pair": pair,
        "type": "buy" if request.side is Side.BUY else "sell",
        "volume": to_plain(request.quantity),
        "cl_ord_id": request.client_order_id,
        # A sale's fee is in the base asset unless asked otherwise, and executions do not name the asset.
        "oflags": "fciq",
        **_terms(request),
    }
    if request.send_before is not None:
        params["deadline"] = _deadline(request.send_before, now)
    return params


def _terms(request: OrderRequest) -> Params:
    if request.order_type is OrderType.MARKET:
        return {"ordertype": "market"}
    if request.order_type is OrderType.LIMIT:
        return {
            "ordertype": "limit",
            "price": _price(request.limit_price),
            "timeinforce": _TIMES[request.time_in_force],
        }
    if request.order_type not in _HAS_STOP:
        raise PermanentError(Refusal.ORDER_TYPE_NOT_OFFERED, "Trailing stops are not asked of Kraken.")
    if request.time_in_force is TimeInForce.IOC:
        raise PermanentError(
            Refusal.ORDER_TYPE_NOT_OFFERED, "Stops that end at once are not asked of Kraken."
        )
    stop = {"price": _price(request.stop_price), "trigger": "last"}
    if request.order_type is OrderType.STOP:
        return {"ordertype": "stop-loss", **stop}
    return {"ordertype": "stop-loss-limit", **stop, "price2": _price(request.limit_price)}


def _deadline(send_before: datetime, now: datetime) -> str:
    if send_before < now + _SHORTEST:
        raise RetryableError(Doubt.SEND_WINDOW_CLOSED, "too little time is left for a deadline Kraken takes")
    # An earlier deadline is always safe: it only refuses more.
    moment = min(send_before, now + _LONGEST).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _check_fields(request: OrderRequest) -> None:
    if request.quantity <= 0:
        raise PermanentError(Refusal.INVALID_ORDER, "The quantity must be above zero.")
    for price, kinds in ((request.limit_price, _HAS_LIMIT), (request.stop_price, _HAS_STOP)):
        if (price is not None) != (request.order_type in kinds) or (price is not None and price <= 0):
            raise PermanentError(
                Refusal.INVALID_ORDER, f"The prices do not fit an order of type {request.order_type}."
            )
    if request.time_in_force not in _TIMES:
        raise PermanentError(Refusal.INVALID_ORDER, "Kraken has no orders that end with the day.")
    if request.side is Side.BUY and request.reduce_only:
        raise PermanentError(
            Refusal.REDUCE_ONLY_REFUSED, "On a spot account without debts a purchase reduces nothing."
        )


def _price(price: Decimal | None) -> str:
    assert price is not None, "the fields were checked"
    return to_plain(price)

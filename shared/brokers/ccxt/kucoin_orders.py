"""From an order of ours to KuCoin's body; what the venue has no form for is refused here, unsent.

Orders with a stop are a family of their own: another path to place, find and cancel them.
"""

import re
from decimal import Decimal

from shared.brokers.codes import Refusal
from shared.domain.errors import PermanentError
from shared.domain.money import to_plain
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

Body = dict[str, str]

PLAIN_PATH = "hf/orders"
STOP_PATH = "stop-order"
_HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC"}
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


def venue_symbol(symbol: str) -> str:
    """Write a symbol of ours as the venue's."""
    return symbol.replace("/", "-")


def order_path(request: OrderRequest) -> str:
    """Name the path of an order's family, after the version."""
    return STOP_PATH if request.order_type in _HAS_STOP else PLAIN_PATH


def order_body(request: OrderRequest) -> Body:
    """Write one order.

    Raises
    ------
    PermanentError
        INVALID_ORDER where its fields do not fit its type or its id not the venue's form of ids,
        ORDER_TYPE_NOT_OFFERED for a form it has not, REDUCE_ONLY_REFUSED for a purchase that shall reduce.
    """
    _check_fields(request)
    return {
        "clientOid": request.client_order_id,
        "symbol": venue_symbol(request.symbol),
        "side": "buy" if request.side is Side.BUY else "sell",
        "size": to_plain(request.quantity),
        **_terms(request),
    }


def _terms(request: OrderRequest) -> Body:
    if request.order_type is OrderType.MARKET:
        return {"type": "market"}
    if request.order_type is OrderType.LIMIT:
        return _limit(request)
    if request.order_type not in _HAS_STOP:
        raise PermanentError(Refusal.ORDER_TYPE_NOT_OFFERED, "KuCoin's spot market has no trailing stops.")
    if request.time_in_force is TimeInForce.IOC:
        raise PermanentError(
            Refusal.ORDER_TYPE_NOT_OFFERED, "Stops that end at once are not asked of KuCoin."
        )
    # "loss" waits for a price at or below the stop, "entry" for one at or above it.
    stop = {
        "stop": "loss" if request.side is Side.SELL else "entry",
        "stopPrice": _price(request.stop_price),
    }
    if request.order_type is OrderType.STOP:
        return {"type": "market", **stop}
    return {**_limit(request), **stop}


def _limit(request: OrderRequest) -> Body:
    return {
        "type": "limit",
        "price": _price(request.limit_price),
        "timeInForce": _TIMES[request.time_in_force],
    }


def _check_fields(request: OrderRequest) -> None:
    if request.quantity <= 0:
        raise PermanentError(Refusal.INVALID_ORDER, "The quantity must be above zero.")
    if not _CLIENT_ID.fullmatch(request.client_order_id):
        raise PermanentError(Refusal.INVALID_ORDER, "KuCoin's ids are at most 40 letters, digits, - and _.")
    for price, kinds in ((request.limit_price, _HAS_LIMIT), (request.stop_price, _HAS_STOP)):
        if (price is not None) != (request.order_type in kinds) or (price is not None and price <= 0):
            raise PermanentError(
                Refusal.INVALID_ORDER, f"The prices do not fit an order of type {request.order_type}."
            )
    if request.time_in_force not in _TIMES:
        raise PermanentError(Refusal.INVALID_ORDER, "KuCoin has no orders that end with the day.")
    if request.side is Side.BUY and request.reduce_only:
        raise PermanentError(
            Refusal.REDUCE_ONLY_REFUSED, "On a spot account without debts a purchase reduces nothing."
        )


def _price(price: Decimal | None) -> str:
    assert price is not None, "the fields were checked"
    return to_plain(price)

"""From an order of ours to the parameters of Binance's futures; what the venue has no form for is refused here, unsent.

Orders that wait for a price go to a service of their own (`algoOrder`), which names everything differently: the order
that comes of one when its price is reached has another id.
"""

from dataclasses import dataclass
from decimal import Decimal

from shared.brokers.ccxt.binance_listings import venue_symbol
from shared.brokers.codes import Refusal
from shared.domain.errors import PermanentError
from shared.domain.money import ZERO, to_plain
from shared.domain.orders import OrderLookup, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

Params = dict[str, str]

ORDER = "order"
ALGO = "algoOrder"
_ALGO_MARK = "algo-"

_CONDITIONAL = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
_HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC"}
# A trailing stop may stay so many percent behind, in steps.
_NEAREST, _FURTHEST, _STEP = Decimal("0.1"), Decimal(20), Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Written:
    """An order as it is sent: to which of the two services, and with what."""

    path: str
    params: Params

    @property
    def waits_for_a_price(self) -> bool:
        """Tell whether it goes to the service for orders that wait."""
        return self.path == ALGO


def write_order(request: OrderRequest) -> Written:
    """Write one order.

    Raises
    ------
    PermanentError
        INVALID_ORDER where its fields do not fit its type.
    """
    _check_fields(request)
    common = {
        "symbol": venue_symbol(request.symbol),
        "side": "BUY" if request.side is Side.BUY else "SELL",
        "quantity": to_plain(request.quantity),
        **({"reduceOnly": "true"} if request.reduce_only else {}),
        **_terms(request),
    }
    if request.order_type in _CONDITIONAL:
        # The last price triggers, as it does for the trader whose chart the stop was read from.
        waits = {"algoType": "CONDITIONAL", "workingType": "CONTRACT_PRICE"}
        return Written(ALGO, {**common, **waits, "clientAlgoId": request.client_order_id})
    return Written(
        ORDER, {**common, "newClientOrderId": request.client_order_id, "newOrderRespType": "RESULT"}
    )


def algo_id_of(lookup: OrderLookup) -> str | None:
    """Return the id that a waiting order had when the venue took it; None where it is another kind, or not known."""
    venue_order_id = lookup.venue_order_id or ""
    found = venue_order_id.removeprefix(_ALGO_MARK)
    return None if found == venue_order_id else found


def name_algo(algo_id: object) -> str:
    """Name a waiting order so that its id is never taken for an order's: both count from 1."""
    return f"{_ALGO_MARK}{algo_id}"


def order_params(lookup: OrderLookup) -> Params:
    """Name an order by the venue's id, and by ours only where that is not known: a triggered one may have another."""
    params = {"symbol": venue_symbol(lookup.symbol)}
    if lookup.venue_order_id is None or algo_id_of(lookup) is not None:
        return params | {"origClientOrderId": lookup.client_order_id}
    return params | {"orderId": lookup.venue_order_id}


def algo_params(lookup: OrderLookup) -> Params:
    """Name a waiting order; its ids need no symbol."""
    algo_id = algo_id_of(lookup)
    return {"clientAlgoId": lookup.client_order_id} if algo_id is None else {"algoId": algo_id}


def _check_fields(request: OrderRequest) -> None:
    if request.quantity <= ZERO:
        raise PermanentError(Refusal.INVALID_ORDER, "The quantity must be above zero.")
    for price, kinds in ((request.limit_price, _HAS_LIMIT), (request.stop_price, _HAS_STOP)):
        if (price is not None) != (request.order_type in kinds) or (price is not None and price <= ZERO):
            raise PermanentError(
                Refusal.INVALID_ORDER, f"The prices do not fit an order of type {request.order_type}."
            )
    if (request.trail_percent is not None) != (request.order_type is OrderType.TRAILING_STOP):
        raise PermanentError(Refusal.INVALID_ORDER, "A distance belongs to a trailing stop, and to no other.")
    if request.time_in_force not in _TIMES:
        raise PermanentError(Refusal.INVALID_ORDER, "Binance has no orders that end with the day.")


def _terms(request: OrderRequest) -> Params:
    time_in_force = _TIMES[request.time_in_force]
    match request.order_type:
        case OrderType.MARKET:
            return {"type": "MARKET"}
        case OrderType.LIMIT:
            return {"type": "LIMIT", "timeInForce": time_in_force, "price": _plain(request.limit_price)}
        case OrderType.STOP:
            return {"type": "STOP_MARKET", "triggerPrice": _plain(request.stop_price)}
        case OrderType.STOP_LIMIT:
            return {
                "type": "STOP",
                "timeInForce": time_in_force,
                "price": _plain(request.limit_price),
                "triggerPrice": _plain(request.stop_price),
            }
        case OrderType.TRAILING_STOP:
            return {"type": "TRAILING_STOP_MARKET", "callbackRate": _distance(request.trail_percent)}


def _distance(percent: Decimal | None) -> str:
    assert percent is not None, "the fields were checked"
    if not _NEAREST <= percent <= _FURTHEST or percent % _STEP != ZERO:
        raise PermanentError(
            Refusal.INVALID_ORDER, "Binance trails by 0.1 to 20 percent, in steps of 0.1 percent."
        )
    return to_plain(percent)


def _plain(price: Decimal | None) -> str:
    assert price is not None, "the fields were checked"
    return to_plain(price)

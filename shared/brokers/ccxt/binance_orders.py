"""From an order of ours to Binance's parameters; what the venue has no form for is refused here, unsent."""

from collections.abc import Mapping
from decimal import Decimal

from shared.brokers.ccxt.binance_listings import Listing, venue_symbol
from shared.brokers.codes import Refusal
from shared.domain.errors import PermanentError
from shared.domain.money import floor_to, to_plain
from shared.domain.orders import OrderLookup, OrderPair, OrderRequest, OrderType, PairLookup, TimeInForce
from shared.domain.signals import Side

Params = dict[str, str]

NEEDS_LISTING = frozenset({OrderType.STOP})
_HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC"}
# Where no stop may sell at market, its limit lies this far beyond it: a gap wider than that leaves it unfilled.
_BEYOND = Decimal("0.02")


def order_params(request: OrderRequest, listing: Listing | None) -> Params:
    """Write one order.

    Raises
    ------
    PermanentError
        INVALID_ORDER where its fields do not fit its type, REDUCE_ONLY_REFUSED for a purchase that shall reduce.
    """
    _check_fields(request)
    if request.side is Side.BUY and request.reduce_only:
        raise PermanentError(
            Refusal.REDUCE_ONLY_REFUSED, "On a spot account without debts a purchase reduces nothing."
        )
    return {
        "symbol": venue_symbol(request.symbol),
        "side": _side(request.side),
        "quantity": to_plain(request.quantity),
        "newClientOrderId": request.client_order_id,
        "newOrderRespType": "FULL",
        **_terms(request, listing),
    }


def pair_params(pair: OrderPair, listing: Listing | None) -> Params:
    """Write a stop and a target of which one ends the other; the higher of the two is `above`.

    Raises
    ------
    PermanentError
        INVALID_ORDER where they are not a stop and a limit for one and the same quantity.
    """
    stop, target = pair.stop, pair.target
    _check_pair(pair)
    stop_leg = _stop_terms(stop, listing)
    target_leg = {"type": "LIMIT_MAKER", "price": _price(target.limit_price)}
    sells = stop.side is Side.SELL
    above, below = (target_leg, stop_leg) if sells else (stop_leg, target_leg)
    ids = (target, stop) if sells else (stop, target)
    return {
        "symbol": venue_symbol(stop.symbol),
        "side": _side(stop.side),
        "quantity": to_plain(stop.quantity),
        "listClientOrderId": pair.pair_id,
        "newOrderRespType": "FULL",
        "aboveClientOrderId": ids[0].client_order_id,
        "belowClientOrderId": ids[1].client_order_id,
        **_prefixed("above", above),
        **_prefixed("below", below),
    }


def pair_lookup_params(lookup: PairLookup) -> Params:
    """Name a pair by the id that it was given."""
    return {"symbol": venue_symbol(lookup.stop.symbol), "listClientOrderId": lookup.pair_id}


def replacing_params(replaced: OrderLookup) -> Params:
    """Say which order goes first; where it does not, the new one shall not come."""
    params = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": replaced.client_order_id}
    if replaced.venue_order_id is not None:
        params["cancelOrderId"] = replaced.venue_order_id
    return params


def lookup_params(lookup: OrderLookup) -> Params:
    """Name an order; with the venue's own id too, the answer is about that very order or is no answer."""
    params = {"symbol": venue_symbol(lookup.symbol), "origClientOrderId": lookup.client_order_id}
    if lookup.venue_order_id is not None:
        params["orderId"] = lookup.venue_order_id
    return params


def _check_fields(request: OrderRequest) -> None:
    if request.quantity <= 0:
        raise PermanentError(Refusal.INVALID_ORDER, "The quantity must be above zero.")
    for price, kinds in ((request.limit_price, _HAS_LIMIT), (request.stop_price, _HAS_STOP)):
        if (price is not None) != (request.order_type in kinds) or (price is not None and price <= 0):
            raise PermanentError(
                Refusal.INVALID_ORDER, f"The prices do not fit an order of type {request.order_type}."
            )
    if request.time_in_force not in _TIMES:
        raise PermanentError(Refusal.INVALID_ORDER, "Binance has no orders that end with the day.")


def _check_pair(pair: OrderPair) -> None:
    stop, target = pair.stop, pair.target
    _check_fields(stop)
    _check_fields(target)
    is_same = (stop.symbol, stop.side, stop.quantity) == (target.symbol, target.side, target.quantity)
    if not is_same or stop.order_type is not OrderType.STOP or target.order_type is not OrderType.LIMIT:
        raise PermanentError(
            Refusal.INVALID_ORDER, "A pair is a stop and a limit for the same quantity on the same side."
        )


def _terms(request: OrderRequest, listing: Listing | None) -> Params:
    time_in_force = _TIMES[request.time_in_force]
    match request.order_type:
        case OrderType.MARKET:
            return {"type": "MARKET"}
        case OrderType.LIMIT:
            return {"type": "LIMIT", "timeInForce": time_in_force, "price": _price(request.limit_price)}
        case OrderType.STOP:
            return _stop_terms(request, listing)
        case OrderType.STOP_LIMIT:
            return {
                "type": "STOP_LOSS_LIMIT",
                "timeInForce": time_in_force,
                "price": _price(request.limit_price),
                "stopPrice": _price(request.stop_price),
            }
        case OrderType.TRAILING_STOP:
            raise PermanentError(
                Refusal.INVALID_ORDER, "Trailing stops are not asked of Binance's spot market."
            )


def _stop_terms(request: OrderRequest, listing: Listing | None) -> Params:
    stop = {"stopPrice": _price(request.stop_price)}
    # Where nothing is known of the symbol, the venue says what is wrong with it.
    if listing is None or "STOP_LOSS" in listing.order_types:
        return {"type": "STOP_LOSS", **stop}
    limit = _limit_beyond(request, listing)
    return {"type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "price": to_plain(limit), **stop}


def _limit_beyond(request: OrderRequest, listing: Listing) -> Decimal:
    assert request.stop_price is not None, "a stop has a stop price"
    if request.side is Side.BUY:
        return listing.instrument.ceil_price(request.stop_price * (1 + _BEYOND))
    tick = listing.instrument.tick
    return max(floor_to(request.stop_price * (1 - _BEYOND), tick), tick)


def _prefixed(prefix: str, terms: Mapping[str, str]) -> Params:
    return {f"{prefix}{name[0].upper()}{name[1:]}": value for name, value in terms.items()}


def _price(price: Decimal | None) -> str:
    assert price is not None, "the fields were checked"
    return to_plain(price)


def _side(side: Side) -> str:
    return "BUY" if side is Side.BUY else "SELL"

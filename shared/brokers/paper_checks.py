"""What the paper venue refuses, and under which code: the checks a real venue makes on arrival."""

from datetime import datetime
from decimal import Decimal

from shared.brokers.base import Quote
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.paper_state import PaperBook, PaperOrder, PaperRules, locked_quantity
from shared.domain.errors import DuplicateOrderId, PermanentError
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.money import ZERO
from shared.domain.orders import OrderRequest, OrderType
from shared.domain.signals import Side

_NEEDS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_NEEDS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


def commission_rate(instrument: Instrument, rules: PaperRules) -> Decimal:
    """Return the share of a fill's value that the venue keeps; only crypto costs."""
    return rules.commission_rate if instrument.asset_class is AssetClass.CRYPTO else ZERO


def check_arrival(book: PaperBook, request: OrderRequest, now: datetime) -> None:
    """Refuse what came too late, and an id that an open order carries.

    Raises
    ------
    PermanentError
        EXPIRED_BEFORE_ARRIVAL.
    DuplicateOrderId
        An open order of the account has this client order id.
    """
    if request.send_before is not None and now >= request.send_before:
        raise PermanentError(Refusal.EXPIRED_BEFORE_ARRIVAL, f"arrived {now - request.send_before} late")
    if book.find_open(request.client_order_id) is not None:
        raise DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "an open order has this client order id")


def check_shape(request: OrderRequest, instrument: Instrument, quote: Quote) -> None:
    """Refuse orders that break the instrument's rules, and stops whose price has already passed.

    Raises
    ------
    PermanentError
        INVALID_ORDER, INVALID_LOT, INVALID_TICK, BELOW_MINIMUM_NOTIONAL or STOP_ALREADY_PASSED.
    """
    _check_fields(request)
    if request.quantity % instrument.lot:
        raise PermanentError(Refusal.INVALID_LOT, f"{request.quantity} is no multiple of {instrument.lot}")
    for price in (request.limit_price, request.stop_price):
        if price is not None and (price <= 0 or price % instrument.tick):
            raise PermanentError(Refusal.INVALID_TICK, f"{price} is no multiple of {instrument.tick}")
    price = request.limit_price or request.stop_price or taking_price(request.side, quote)
    value = instrument.notional(request.quantity, price)
    if value < instrument.minimum_notional:
        raise PermanentError(
            Refusal.BELOW_MINIMUM_NOTIONAL, f"worth {value}, at least {instrument.minimum_notional}"
        )
    if request.stop_price is not None and is_stop_reached(request.side, request.stop_price, quote):
        raise PermanentError(
            Refusal.STOP_ALREADY_PASSED, f"stop {request.stop_price}, market {quote.bid}/{quote.ask}"
        )


def check_funds(book: PaperBook, order: PaperOrder) -> None:
    """Refuse what the account cannot pay or deliver; there are no shorts.

    Raises
    ------
    PermanentError
        SHORT_NOT_POSSIBLE without a position, INSUFFICIENT_FUNDS otherwise.
    """
    if order.side is Side.BUY:
        free = book.free_cash()
        if order.reserved_cash > free:
            raise PermanentError(Refusal.INSUFFICIENT_FUNDS, f"needs {order.reserved_cash}, free {free}")
        return
    held = book.positions.get(order.symbol, ZERO)
    if held <= 0:
        raise PermanentError(Refusal.SHORT_NOT_POSSIBLE, f"no position in {order.symbol}")
    others = [other for other in book.open_orders if other.symbol == order.symbol]
    if locked_quantity([*others, order]) > held:
        raise PermanentError(
            Refusal.INSUFFICIENT_FUNDS,
            f"sells {order.quantity} of {held} held, of which {locked_quantity(others)} are promised",
        )


def taking_price(side: Side, quote: Quote) -> Decimal:
    """Return the price at which an order that does not wait trades."""
    return quote.ask if side is Side.BUY else quote.bid


def is_stop_reached(side: Side, stop_price: Decimal, quote: Quote) -> bool:
    """Tell whether a stop triggers: sells on the bid, buys on the ask."""
    return quote.ask >= stop_price if side is Side.BUY else quote.bid <= stop_price


def _check_fields(request: OrderRequest) -> None:
    if request.quantity <= 0:
        raise PermanentError(Refusal.INVALID_ORDER, "the quantity must be above zero")
    if (request.limit_price is not None) != (request.order_type in _NEEDS_LIMIT):
        raise PermanentError(Refusal.INVALID_ORDER, f"limit price and {request.order_type} do not match")
    if (request.stop_price is not None) != (request.order_type in _NEEDS_STOP):
        raise PermanentError(Refusal.INVALID_ORDER, f"stop price and {request.order_type} do not match")
    if request.side is Side.BUY and request.link_group is not None:
        raise PermanentError(Refusal.INVALID_ORDER, "only exits can be linked, and there are no shorts")
    if request.side is Side.BUY and request.reduce_only:
        raise PermanentError(Refusal.REDUCE_ONLY_REFUSED, "without shorts a buy reduces nothing")

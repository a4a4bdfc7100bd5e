"""The paper venue's matching, pure: a book and an event give a new book, changed orders and fills.

Market orders take what a quote shows and wait with the rest for the next quotes. Limits rest at their
own price; one that crosses on arrival gets the market's. Stops trigger on the bid (sells) or the ask
(buys) and then trade at market. Within a link group (a trade's stop and targets) every fill shrinks
the other side to what the group has left, so that a group never sells more than it holds.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_UP, Decimal

from shared.brokers.base import Quote
from shared.brokers.codes import OrderNote
from shared.brokers.paper_checks import (
    check_arrival,
    check_funds,
    check_shape,
    commission_rate,
    is_stop_reached,
    taking_price,
)
from shared.brokers.paper_state import (
    POT_ASSET,
    BookChange,
    PaperBook,
    PaperOrder,
    PaperRules,
    link_side,
    locked_quantity,
    unit_reserve,
    whole_millisecond,
)
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

_COMMISSION_STEP = Decimal("0.00000001")


def submit(
    book: PaperBook,
    request: OrderRequest,
    instrument: Instrument,
    quote: Quote,
    rules: PaperRules,
    now: datetime,
) -> BookChange:
    """Accept an order and fill what the quote allows at once.

    Raises
    ------
    PermanentError
        With one of `codes.Refusal`; the book is unchanged.
    DuplicateOrderId
        An open order has this client order id; the id of a finished one may come again.
    """
    check_arrival(book, request, now)
    check_shape(request, instrument, quote)
    order = _accept(book, request, instrument, quote, rules, now)
    check_funds(book, order)
    book = replace(book, open_orders=(*book.open_orders, order), next_order=book.next_order + 1)
    step = _Step(book, instrument, quote, rules, now)
    if _would_trade(order, quote):
        step.trade(order.number)
    if request.time_in_force is TimeInForce.IOC:
        step.end(order.number, OrderNote.IMMEDIATE_ONLY)
    return step.change(first=order.number, always=order)


def cancel(book: PaperBook, client_order_id: str, now: datetime) -> BookChange | None:
    """Cancel an open order; None if there is none with this id."""
    order = book.find_open(client_order_id)
    if order is None:
        return None
    ended = replace(
        order,
        status=OrderStatus.CANCELED,
        updated_at=whole_millisecond(now),
        code=OrderNote.CANCELED_BY_REQUEST,
    )
    rest = tuple(other for other in book.open_orders if other.number != order.number)
    return BookChange(replace(book, open_orders=rest), (ended,))


def match(
    book: PaperBook, instrument: Instrument, quote: Quote, rules: PaperRules, now: datetime
) -> BookChange | None:
    """Let open orders of one instrument meet a new quote; None if nothing happens.

    The same quote twice does nothing the second time: its depth is used once.
    """
    step = _Step(book, instrument, quote, rules, now)
    for order in book.open_orders:
        # An earlier order of the same group may have ended this one just now.
        current = step.orders.get(order.number)
        if current is not None and current.is_open and is_due(current, quote):
            step.trade(current.number)
    return step.change() if step.changed else None


def is_due(order: PaperOrder, quote: Quote) -> bool:
    """Tell whether a waiting order trades on this quote; one older than the order is not for it."""
    if order.symbol != quote.symbol or not order.is_open:
        return False
    quoted_at = whole_millisecond(quote.at)
    if quoted_at < order.accepted_at or (order.matched_at is not None and quoted_at <= order.matched_at):
        return False
    return _would_trade(order, quote)


def _would_trade(order: PaperOrder, quote: Quote) -> bool:
    if order.stop_price is not None and not order.is_taking:
        return is_stop_reached(order.side, order.stop_price, quote)
    return _trading_price(order, quote) is not None


class _Step:
    """One event being worked out: the book so far and what has changed in it."""

    def __init__(
        self, book: PaperBook, instrument: Instrument, quote: Quote, rules: PaperRules, now: datetime
    ) -> None:
        self.cash = book.cash
        self.positions: dict[str, Decimal] = dict(book.positions)
        self.orders: dict[int, PaperOrder] = {order.number: order for order in book.open_orders}
        self.changed: dict[int, None] = {}
        self.fills: list[FillReport] = []
        self._book = book
        self._instrument = instrument
        self._quote = quote
        self._rules = rules
        self._now = whole_millisecond(now)
        self._rate = commission_rate(instrument, rules)

    def trade(self, number: int) -> None:
        """Trigger and fill one order as far as quote, depth and cash allow."""
        order = self.orders[number]
        if order.stop_price is not None and not order.is_taking:
            order = self._put(replace(order, is_taking=True, updated_at=self._now))
        price = _trading_price(order, self._quote)
        if price is None:
            return
        wanted = self._shown_quantity(order, price)
        quantity = self._affordable(order, wanted, price)
        if quantity > 0:
            self._fill(order, quantity, price)
        if quantity < wanted:
            self.end(number, OrderNote.CASH_EXHAUSTED)

    def end(self, number: int, note: OrderNote) -> None:
        """Cancel what is left of an order, if it is still open."""
        order = self.orders[number]
        if order.is_open:
            self._put(replace(order, status=OrderStatus.CANCELED, updated_at=self._now, code=note))

    def change(self, first: int | None = None, always: PaperOrder | None = None) -> BookChange:
        """Return the outcome, the order numbered `first` in front."""
        if always is not None:
            self.changed.setdefault(always.number)
        numbers = sorted(self.changed, key=lambda number: (number != first, number))
        book = replace(
            self._book,
            cash=self.cash,
            positions={symbol: held for symbol, held in self.positions.items() if held},
            open_orders=tuple(order for order in self.orders.values() if order.is_open),
            next_fill=self._book.next_fill + len(self.fills),
        )
        return BookChange(book, tuple(self.orders[number] for number in numbers), tuple(self.fills))

    def _shown_quantity(self, order: PaperOrder, price: Decimal) -> Decimal:
        depth = self._instrument.floor_quantity(
            self._rules.depth_notional / (price * self._instrument.multiplier)
        )
        shown = min(order.open_quantity, max(depth, self._instrument.lot))
        if order.filled_quantity == 0 and _is_split(order, self._rules):
            half = self._instrument.floor_quantity(order.open_quantity / 2)
            shown = min(shown, half) if half > 0 else shown
        return shown

    def _affordable(self, order: PaperOrder, quantity: Decimal, price: Decimal) -> Decimal:
        if order.side is Side.SELL:
            return quantity
        others = (other.reserved_cash for other in self.orders.values() if other.number != order.number)
        available = self.cash - sum(others, ZERO)
        if self._cost(quantity, price) <= available:
            return quantity
        unit = unit_reserve(price, self._instrument.multiplier, self._rate)
        # One lot less than the plain division: the commission is rounded up.
        fitting = self._instrument.floor_quantity(available / unit) - self._instrument.lot
        return max(min(fitting, quantity), ZERO)

    def _cost(self, quantity: Decimal, price: Decimal) -> Decimal:
        value = self._instrument.notional(quantity, price)
        return value + self._commission(value)

    def _commission(self, value: Decimal) -> Decimal:
        return (value * self._rate).quantize(_COMMISSION_STEP, rounding=ROUND_UP)

    def _fill(self, order: PaperOrder, quantity: Decimal, price: Decimal) -> None:
        value = self._instrument.notional(quantity, price)
        commission = self._commission(value)
        signed = quantity if order.side is Side.BUY else -quantity
        group_left = self._group_quantity(order) - quantity
        self.cash += -value - commission if order.side is Side.BUY else value - commission
        self.positions[order.symbol] = self.positions.get(order.symbol, ZERO) + signed
        filled = order.filled_quantity + quantity
        is_done = filled == order.quantity
        self._put(
            replace(
                order,
                filled_quantity=filled,
                filled_value=order.filled_value + quantity * price,
                status=OrderStatus.FILLED if is_done else OrderStatus.PARTIALLY_FILLED,
                matched_at=whole_millisecond(self._quote.at),
                updated_at=self._now,
            )
        )
        self.fills.append(
            FillReport(
                venue_fill_id=f"F{self._book.next_fill + len(self.fills)}",
                venue_order_id=order.venue_order_id,
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                side=order.side,
                quantity=quantity,
                price=price,
                commission=commission,
                commission_asset=POT_ASSET,
                at=self._now,
            )
        )
        if order.link_group is not None:
            self._shrink_group(order, group_left)

    def _group(self, order: PaperOrder) -> list[PaperOrder]:
        return [
            other
            for other in self.orders.values()
            if other.is_open and other.symbol == order.symbol and other.link_group == order.link_group
        ]

    def _group_quantity(self, order: PaperOrder) -> Decimal:
        return locked_quantity(self._group(order)) if order.link_group is not None else ZERO

    def _shrink_group(self, filled: PaperOrder, left: Decimal) -> None:
        """Bring each other side of the group down to what the group has left, newest orders first."""
        sides: dict[str, list[PaperOrder]] = {}
        for order in self._group(filled):
            if order.number != filled.number:
                sides.setdefault(link_side(order), []).append(order)
        for side, orders in sides.items():
            own = self.orders[filled.number].open_quantity if side == link_side(filled) else ZERO
            excess = own + sum((order.open_quantity for order in orders), ZERO) - left
            for order in reversed(orders):
                if excess <= 0:
                    break
                excess -= self._take_off(order, excess)

    def _take_off(self, order: PaperOrder, excess: Decimal) -> Decimal:
        taken = min(order.open_quantity, excess)
        shrunk = replace(order, quantity=order.quantity - taken, updated_at=self._now)
        if shrunk.open_quantity == 0:
            shrunk = replace(shrunk, status=OrderStatus.CANCELED, code=OrderNote.LINKED_EXIT_FILLED)
        self._put(shrunk)
        return taken

    def _put(self, order: PaperOrder) -> PaperOrder:
        self.orders[order.number] = order
        self.changed.setdefault(order.number)
        return order


def _accept(
    book: PaperBook,
    request: OrderRequest,
    instrument: Instrument,
    quote: Quote,
    rules: PaperRules,
    now: datetime,
) -> PaperOrder:
    market = taking_price(request.side, quote)
    reserve_price = request.limit_price or request.stop_price or market
    crosses = request.order_type is OrderType.LIMIT and _crosses(request.side, request.limit_price, quote)
    return PaperOrder(
        number=book.next_order,
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        order_type=request.order_type,
        time_in_force=request.time_in_force,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        link_group=request.link_group,
        unit_reserve=unit_reserve(reserve_price, instrument.multiplier, commission_rate(instrument, rules)),
        status=OrderStatus.ACCEPTED,
        accepted_at=whole_millisecond(now),
        updated_at=whole_millisecond(now),
        is_taking=request.order_type is OrderType.MARKET or crosses,
    )


def _trading_price(order: PaperOrder, quote: Quote) -> Decimal | None:
    """Return the price an order trades at now; None while it must wait."""
    if order.limit_price is None:
        return taking_price(order.side, quote) if order.is_taking else None
    if not _crosses(order.side, order.limit_price, quote):
        return None
    return taking_price(order.side, quote) if order.is_taking else order.limit_price


def _crosses(side: Side, limit_price: Decimal | None, quote: Quote) -> bool:
    if limit_price is None:
        return False
    return quote.ask <= limit_price if side is Side.BUY else quote.bid >= limit_price


def _is_split(order: PaperOrder, rules: PaperRules) -> bool:
    if rules.split_one_in <= 0 or order.time_in_force is TimeInForce.IOC:
        return False
    digest = hashlib.sha256(order.client_order_id.encode()).digest()
    return int.from_bytes(digest[:8]) % rules.split_one_in == 0

"""The paper venue's state as frozen values: an account's cash, positions and orders, and sums over them.

Paper cash is one pot per account: USD and USDT count 1:1, every quote currency is settled in it, and
its asset is named USDT.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shared.domain.money import ONE, ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport, OrderType, TimeInForce
from shared.domain.signals import Side

POT_ASSET = "USDT"


@dataclass(frozen=True, slots=True)
class PaperRules:
    """How the paper venue trades.

    `depth_notional` is what one quote shows, in pot money: an order that takes more fills the rest on
    the next quotes. One in `split_one_in` orders (chosen by its id; 0 for none) gets only about half on
    its first quote, so that partial fills are seen. `commission_rate` applies to crypto only.
    """

    depth_notional: Decimal = Decimal(25_000)
    commission_rate: Decimal = Decimal("0.001")
    split_one_in: int = 0


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One order as the paper venue keeps it.

    `quantity` falls when a linked order fills. `number` grows by one per order of the account: it is
    time priority and the venue's id. `unit_reserve` is the cash a buy holds per open unit, commission
    included. `is_taking`: it trades at the quote's price (market, triggered stop, limit that crossed on
    arrival); a resting limit trades at its own. `matched_at` is the time of the last quote it saw a
    fill from, so that one quote's depth is used once.
    """

    number: int
    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    link_group: str | None
    unit_reserve: Decimal
    status: OrderStatus
    accepted_at: datetime
    updated_at: datetime
    filled_quantity: Decimal = ZERO
    filled_value: Decimal = ZERO
    is_taking: bool = False
    matched_at: datetime | None = None
    code: str | None = None

    @property
    def venue_order_id(self) -> str:
        """The venue's own id, unique within the account."""
        return f"P{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.status in {OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED}

    @property
    def open_quantity(self) -> Decimal:
        """What is still to be traded; zero once it has ended."""
        return self.quantity - self.filled_quantity if self.is_open else ZERO

    @property
    def reserved_cash(self) -> Decimal:
        """What it holds of the pot; sells hold a position instead."""
        return self.open_quantity * self.unit_reserve if self.side is Side.BUY else ZERO


@dataclass(frozen=True, slots=True)
class PaperBook:
    """One account: the pot, positions by symbol, and its open orders in order of arrival."""

    account_id: str
    cash: Decimal
    positions: Mapping[str, Decimal] = field(default_factory=dict)
    open_orders: tuple[PaperOrder, ...] = ()
    next_order: int = 1
    next_fill: int = 1

    def reserved_cash(self, leaving_out: int = 0) -> Decimal:
        """Sum the cash that open buys hold, without the order numbered `leaving_out`."""
        held = (order.reserved_cash for order in self.open_orders if order.number != leaving_out)
        return sum(held, ZERO)

    def free_cash(self) -> Decimal:
        """Return what a new buy may use."""
        # A market order may have paid more for its first part than it had reserved.
        return max(self.cash - self.reserved_cash(), ZERO)

    def locked(self, symbol: str) -> Decimal:
        """Return how much of a position open sells hold; a link group holds only its largest side."""
        return locked_quantity(order for order in self.open_orders if order.symbol == symbol)

    def free_position(self, symbol: str) -> Decimal:
        """Return what a new sell without a group may use."""
        return self.positions.get(symbol, ZERO) - self.locked(symbol)

    def find_open(self, client_order_id: str) -> PaperOrder | None:
        """Find the open order with this id; there is never more than one."""
        for order in self.open_orders:
            if order.client_order_id == client_order_id:
                return order
        return None


@dataclass(frozen=True, slots=True)
class BookChange:
    """What one step did: the new book, the orders that changed (the one asked for first) and fills."""

    book: PaperBook
    orders: tuple[PaperOrder, ...]
    fills: tuple[FillReport, ...] = ()


def locked_quantity(orders: Iterable[PaperOrder]) -> Decimal:
    """Sum what sells of one symbol hold of its position."""
    alone = ZERO
    sides: dict[tuple[str, str], Decimal] = {}
    for order in orders:
        if order.side is Side.BUY:
            continue
        if order.link_group is None:
            alone += order.open_quantity
        else:
            key = (order.link_group, link_side(order))
            sides[key] = sides.get(key, ZERO) + order.open_quantity
    groups: dict[str, Decimal] = {}
    for (group, _), quantity in sides.items():
        groups[group] = max(groups.get(group, ZERO), quantity)
    return alone + sum(groups.values(), ZERO)


def link_side(order: PaperOrder) -> str:
    """Name the side of its group that an order adds up with: stops, targets, or exits at market."""
    return "stop" if order.stop_price is not None else str(order.order_type)


def report_order(order: PaperOrder, fills: Iterable[FillReport] = ()) -> OrderReport:
    """Say what the venue knows of an order."""
    filled = order.filled_quantity
    return OrderReport(
        client_order_id=order.client_order_id,
        venue_order_id=order.venue_order_id,
        symbol=order.symbol,
        status=order.status,
        filled_quantity=filled,
        average_fill_price=order.filled_value / filled if filled else None,
        at=order.updated_at,
        accepted_at=order.accepted_at,
        code=order.code,
        fills=tuple(fills),
        open_quantity=order.open_quantity,
    )


def unit_reserve(price: Decimal, multiplier: Decimal, commission_rate: Decimal) -> Decimal:
    """Return the cash one unit needs at a price, commission included."""
    return price * multiplier * (ONE + commission_rate)


def whole_millisecond(moment: datetime) -> datetime:
    """Cut a moment to what the store keeps, so that what is reported at once equals what is read later."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

"""Orders as we ask for them and as a venue reports them, and how a report moves ours."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus, may_follow
from shared.domain.signals import Side


class Purpose(StrEnum):
    """Why an order exists; everything but ENTRY reduces risk and is never given up."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    EXIT = "exit"


class OrderType(StrEnum):
    """FIX's order types, as far as our venues have them."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long an order may rest."""

    GTC = "gtc"
    IOC = "ioc"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One write to a venue, complete; everything in it was decided before the claim.

    `link_group` ties a trade's stop and targets: a fill of one takes the same quantity off the others.
    `send_before` is the moment after which the venue, where it takes an expiry, must refuse.
    `trail_percent` is how far a trailing stop stays behind the best price since it was accepted.
    """

    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    link_group: str | None = None
    send_before: datetime | None = None
    trail_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderPair:
    """A stop and a target for one and the same quantity, written together; `pair_id` names the pair itself."""

    pair_id: str
    stop: OrderRequest
    target: OrderRequest


@dataclass(frozen=True, slots=True)
class OrderLookup:
    """How to ask a venue for an order; the venue's own id may be unknown after a crash."""

    client_order_id: str
    symbol: str
    venue_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class PairLookup:
    """How to ask a venue for a stop and a target that were written together."""

    pair_id: str
    stop: OrderLookup
    target: OrderLookup


@dataclass(frozen=True, slots=True)
class FillReport:
    """One execution as the venue reports it; `commission` is in `commission_asset`."""

    venue_fill_id: str
    venue_order_id: str
    client_order_id: str | None
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    commission_asset: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the venue says of one order; `at` is the venue's time of the state it describes.

    `open_quantity` is what still works at the venue, None where it does not say; with linked exits it
    shrinks without a fill of this order.
    """

    client_order_id: str
    venue_order_id: str
    symbol: str
    status: OrderStatus
    filled_quantity: Decimal
    average_fill_price: Decimal | None
    at: datetime
    accepted_at: datetime | None = None
    code: str | None = None
    fills: tuple[FillReport, ...] = ()
    open_quantity: Decimal | None = None


@dataclass(frozen=True)
class Order:
    """One order of ours: an intent in one attempt, and all that became of it.

    `order_id` equals `client_order_id`: both derive from (intent, attempt). `tries` counts sends of
    which no byte left and is in no id; before `next_attempt_at` it is not sent again. `lookups` counts
    questions asked while the outcome is unknown. `cause` names what asked for an exit. A stop and a target with the
    same `pair_id` are sent in one write; `replaces` is the order that goes when this one comes. `next_check_at` is
    when the sweep or the reconciler looks again; each look moves it on. `cancel_code` says why its cancel was asked
    for, `waits_for` why it was not sent yet.
    `lacks_fills`: the venue has told a quantity, and not yet the executions that make it up.
    After `send_by` it is never sent; at `expires_at` what rests of it is cancelled.
    """

    order_id: str
    intent_id: str
    attempt: int
    trade_id: str
    account_id: str
    user_id: str
    trading_bot_id: str
    provider_id: str
    signal_id: str
    source: str
    channel_id: str
    message_id: str
    purpose: Purpose
    leg: int
    venue: str
    environment: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    status: OrderStatus
    created_at: datetime
    next_check_at: datetime
    next_attempt_at: datetime | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    link_group: str | None = None
    cover_version: int = 0
    cause: str | None = None
    pair_id: str | None = None
    replaces: str | None = None
    version: int = 0
    tries: int = 0
    lookups: int = 0
    code: str | None = None
    filled_quantity: Decimal = ZERO
    open_quantity: Decimal | None = None
    average_fill_price: Decimal | None = None
    venue_order_id: str | None = None
    claim_id: str | None = None
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    send_by: datetime | None = None
    expires_at: datetime | None = None
    cancel_requested: bool = False
    cancel_code: str | None = None
    waits_for: str | None = None
    lacks_fills: bool = False
    unsettled: bool = False
    trail_percent: Decimal | None = None

    @property
    def client_order_id(self) -> str:
        """The id sent to the venue."""
        return self.order_id

    @property
    def remaining(self) -> Decimal:
        """The quantity that still works; a linked exit may have shrunk it without a fill of this order."""
        return self.quantity - self.filled_quantity if self.open_quantity is None else self.open_quantity

    def lookup(self) -> OrderLookup:
        """How to ask the venue for this order."""
        return OrderLookup(self.order_id, self.symbol, self.venue_order_id)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What one report changes in an order of ours."""

    status: OrderStatus
    filled_quantity: Decimal
    open_quantity: Decimal | None
    average_fill_price: Decimal | None
    code: str | None
    is_late: bool


def fold_report(order: Order, report: OrderReport) -> OrderChange | None:
    """Fold a report into an order; None when it tells nothing new.

    Reports come late, twice and out of order. The filled quantity never falls, a status only moves
    along the table, and a fill that arrives after an end reopens the order as the table allows.
    """
    status = order.status
    grew = report.filled_quantity > order.filled_quantity
    filled = max(order.filled_quantity, report.filled_quantity)
    still_open = _open_after(order, report, filled)
    following = report.status
    # An end is left for a new fill, or for the proof that an abandoned order lives; never for an old report.
    is_stale = status in _ENDS and not grew and following is not OrderStatus.ACCEPTED
    if following == status or is_stale or not may_follow(status, following):
        shrank = following == status and still_open != order.open_quantity
        if not grew and not shrank:
            return None
        following = _status_of_growth(status, report)
    if following is OrderStatus.ACCEPTED and filled > ZERO:
        following = OrderStatus.PARTIALLY_FILLED
        if status is following and not grew:
            return None
    return OrderChange(
        status=following,
        filled_quantity=filled,
        open_quantity=still_open,
        average_fill_price=report.average_fill_price if grew else order.average_fill_price,
        code=report.code,
        is_late=status in _ENDS and grew,
    )


_ENDS = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED, OrderStatus.ABANDONED})


def _open_after(order: Order, report: OrderReport, filled: Decimal) -> Decimal | None:
    # What works at the venue only shrinks: a report that names more is older than what we know.
    told = [quantity for quantity in (order.open_quantity, report.open_quantity) if quantity is not None]
    return min(*told, order.quantity - filled) if told else None


def _status_of_growth(status: OrderStatus, report: OrderReport) -> OrderStatus:
    if report.status is OrderStatus.FILLED and may_follow(status, OrderStatus.FILLED):
        return OrderStatus.FILLED
    # A canceled order whose fills are counted later stays canceled, with the larger quantity.
    if report.status == status or not may_follow(status, OrderStatus.PARTIALLY_FILLED):
        return status
    return OrderStatus.PARTIALLY_FILLED

"""Coinbase's JSON as reports: every amount from text to Decimal, every time aware."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.brokers.codes import Doubt, OrderNote
from shared.domain.errors import DuplicateOrderId
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport

_STATUS = {
    "PENDING": OrderStatus.ACCEPTED,
    "QUEUED": OrderStatus.ACCEPTED,
    "EDIT_QUEUED": OrderStatus.ACCEPTED,
    "OPEN": OrderStatus.ACCEPTED,
    "CANCEL_QUEUED": OrderStatus.PENDING_CANCEL,
    "FILLED": OrderStatus.FILLED,
    "CANCELLED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "FAILED": OrderStatus.REJECTED,
}
_OPEN = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_CANCEL})
_IMMEDIATE = frozenset({"market_market_ioc", "sor_limit_ioc"})


def read_order(row: Any, symbol: str, at: datetime) -> OrderReport:
    """Read an order as look-ups and lists show it, without its fills; `at` is when it was asked for.

    Raises KeyError, ValueError or TypeError for what is not such an order.
    """
    status, filled = _STATUS[row["status"]], Decimal(row["filled_size"])
    if status is OrderStatus.ACCEPTED and filled:
        status = OrderStatus.PARTIALLY_FILLED
    (kind,) = row["order_configuration"]
    note = None
    if status is OrderStatus.CANCELED:
        note = OrderNote.IMMEDIATE_ONLY if kind in _IMMEDIATE else OrderNote.CANCELED_BY_REQUEST
    return OrderReport(
        client_order_id=row["client_order_id"],
        venue_order_id=row["order_id"],
        symbol=symbol,
        status=status,
        filled_quantity=filled,
        average_fill_price=Decimal(row["average_filled_price"]) if filled else None,
        at=at,
        accepted_at=moment(row["created_time"]),
        code=note,
        open_quantity=_size(row, kind) - filled if status in _OPEN else ZERO,
    )


def check_is_new(report: OrderReport, sent_at: datetime) -> None:
    """Raise DuplicateOrderId where an order was there before ours was sent (`sent_at`, by the venue's clock).

    The venue answers a second use of an id with the old order, as if it had taken the new one.
    """
    if report.accepted_at is None or report.accepted_at < sent_at:
        raise DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has had an order with this id before")


def moment(text: str) -> datetime:
    """Read a time of the venue's; raises ValueError for one without an offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC)


def _size(row: Any, kind: str) -> Decimal:
    return Decimal(row["order_configuration"][kind]["base_size"])

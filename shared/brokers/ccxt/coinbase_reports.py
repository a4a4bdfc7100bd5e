"""Coinbase's JSON as reports: every amount from text to Decimal, every time aware."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.brokers.base import Balance, KeyRights, Quote
from shared.brokers.codes import Doubt, OrderNote, Refusal
from shared.domain.errors import DuplicateOrderId
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side

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
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
# Reversals and corrections are told by the order's own quantity.
_EXECUTION = "FILL"
_OPEN = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_CANCEL})
_REJECTIONS = {
    "HOLD_FAILURE": Refusal.INSUFFICIENT_FUNDS,
    "REJECT_REASON_INSUFFICIENT_FUNDS": Refusal.INSUFFICIENT_FUNDS,
    "TOO_MANY_OPEN_ORDERS": Refusal.TOO_MANY_ORDERS,
}
_IMMEDIATE = frozenset({"market_market_ioc", "sor_limit_ioc"})


def read_order(row: Any, symbol: str, at: datetime) -> OrderReport:
    """Read an order as look-ups and lists show it, without its fills; `at` is when it was asked for.

    Raises KeyError, ValueError or TypeError for what is not such an order.
    """
    status, filled = _STATUS[row["status"]], Decimal(row["filled_size"])
    if status is OrderStatus.ACCEPTED and filled:
        status = OrderStatus.PARTIALLY_FILLED
    # Orders that are not ours may be of any kind, and sized in money.
    kinds: dict[str, Any] = row["order_configuration"]
    kind = next(iter(kinds), "")
    size = kinds[kind].get("base_size") if kind else None
    return OrderReport(
        client_order_id=row["client_order_id"],
        venue_order_id=row["order_id"],
        symbol=symbol,
        status=status,
        filled_quantity=filled,
        average_fill_price=Decimal(row["average_filled_price"]) if filled else None,
        at=at,
        accepted_at=moment(row["created_time"]),
        code=_note(row, status, kind),
        open_quantity=_open_quantity(status, size, filled),
    )


def check_is_new(report: OrderReport, passed: datetime) -> None:
    """Raise DuplicateOrderId where an order was there already at a moment that had passed when ours was sent.

    The venue answers a second use of an id with the old order, as if it had taken the new one.
    """
    if report.accepted_at is None or report.accepted_at <= passed:
        raise DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has had an order with this id before")


def read_placed(said: Any, client_order_id: str, product: str) -> str:
    """Read the venue's id of an order that was taken; raises ValueError where it is not the one that was sent."""
    told = said["success_response"]
    if (told["client_order_id"], told["product_id"]) != (client_order_id, product):
        raise ValueError("the answer is about another order")
    order_id = told["order_id"]
    if not isinstance(order_id, str) or not order_id:
        raise ValueError("an order without an id")
    return order_id


def read_cancel(said: Any, order_id: str) -> str | None:
    """Read why a cancel was refused; None where the venue has heard it."""
    (told,) = (row for row in said["results"] if row["order_id"] == order_id)
    if not isinstance(told["success"], bool):
        raise TypeError("it does not say whether")
    return None if told["success"] else str(told["failure_reason"])


def read_fills(
    rows: Sequence[Any], symbol: str, client_order_id: str | None = None
) -> tuple[FillReport, ...]:
    """Read executions, each once, in the order in which they happened; they do not tell our ids themselves."""
    unique = {row["entry_id"]: row for row in rows if row["trade_type"] == _EXECUTION}
    fills = (_read_fill(row, symbol, client_order_id) for row in unique.values())
    return tuple(sorted(fills, key=lambda fill: (fill.at, fill.venue_fill_id)))


def read_balances(rows: Sequence[Any]) -> tuple[Balance, ...]:
    """Read what an account holds of each asset that it has any of."""
    read = (
        (row["currency"], Decimal(row["available_balance"]["value"]), Decimal(row["hold"]["value"]))
        for row in rows
    )
    return tuple(Balance(asset, free + held, free) for asset, free, held in read if free or held)


def read_rights(said: Any) -> KeyRights:
    """Read what a key may do; the venue does not tell from where it may be used."""
    return KeyRights(bool(said["can_trade"]), bool(said["can_transfer"]), None)


def read_quote(book: Any, symbol: str, at: datetime) -> Quote | None:
    """Read the best prices of a book; None where one of its sides is empty."""
    if not (book["bids"] and book["asks"]):
        return None
    return Quote(symbol, Decimal(book["bids"][0]["price"]), Decimal(book["asks"][0]["price"]), at)


def moment(text: str) -> datetime:
    """Read a time of the venue's; raises ValueError for one without an offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC)


def write_moment(at: datetime) -> str:
    """Write a time as the venue does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _read_fill(row: Any, symbol: str, client_order_id: str | None) -> FillReport:
    price, size = Decimal(row["price"]), Decimal(row["size"])
    return FillReport(
        venue_fill_id=row["entry_id"],
        venue_order_id=row["order_id"],
        client_order_id=client_order_id,
        symbol=symbol,
        side=_SIDES[row["side"]],
        # An order that was sized in money is executed in money.
        quantity=size / price if row["size_in_quote"] else size,
        price=price,
        commission=Decimal(row["commission"]),
        commission_asset=symbol.partition("/")[2],
        at=moment(row["trade_time"]),
    )


def _note(row: Any, status: OrderStatus, kind: str) -> str | None:
    if status is OrderStatus.CANCELED:
        return OrderNote.IMMEDIATE_ONLY if kind in _IMMEDIATE else OrderNote.CANCELED_BY_REQUEST
    # The venue may take an order and refuse it afterwards.
    return _REJECTIONS.get(row.get("reject_reason", "")) if status is OrderStatus.REJECTED else None


def _open_quantity(status: OrderStatus, size: str | None, filled: Decimal) -> Decimal | None:
    if status not in _OPEN:
        return ZERO
    return Decimal(size) - filled if size else None

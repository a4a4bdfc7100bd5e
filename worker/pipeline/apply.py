"""Fold what a venue reports into an order: fills first, then the move, by compare-and-set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.fills import Fill
from shared.domain.identifiers import fill_id
from shared.domain.order_status import TERMINAL, OrderStatus
from shared.domain.orders import FillReport, Order, OrderChange, OrderReport, OrderType, Purpose, fold_report
from shared.logs import get_logger
from shared.models import due, fills, orders
from shared.models.fills import StoredFill
from shared.models.mapping import millisecond

log = get_logger(__name__)

ATTEMPTS = 5
SETTLE_WITHIN = timedelta(seconds=3)
AT_MARKET = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Applied:
    """Orders as they stand after their reports, and the executions that came with them."""

    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)


def apply_reports(reports: Sequence[tuple[Order, OrderReport]], now: datetime) -> Applied | None:
    """Apply the reports of a wave, all fills in one write and all moves in another; return what they made.

    Where a move is lost to somebody else's, each report is applied by itself: one that was applied
    already changes nothing, and None is returned because nobody knows how the orders stand.
    """
    stored = [fill for order, report in reports for fill in _stored(order, report.fills)]
    fills.create_many_once(stored)
    moves = {order.order_id: _move(order, report, now) for order, report in reports}
    if orders.move_all([move for move in moves.values() if move is not None]):
        after = [move.after if (move := moves[order.order_id]) else order for order, _ in reports]
        return Applied(after, [item.fill for item in stored])
    for order, report in reports:
        apply_report(order, report, now)
    return None


def apply_report(order: Order, report: OrderReport, now: datetime) -> bool:
    """Apply one report; True where it told anything new. Late, repeated and reordered reports are absorbed.

    The order is left `unsettled`: its trade, events and cover follow in `settle`.
    """
    has_new_fills = fills.create_many_once(_stored(order, report.fills))
    current: Order | None = order
    for _ in range(ATTEMPTS):
        move = None if current is None else _move(current, report, now)
        if move is None:
            return has_new_fills
        if orders.move_all([move]):
            return True
        current = orders.find(order.order_id)
    return has_new_fills


def _move(current: Order, report: OrderReport, now: datetime) -> orders.Move | None:
    change = fold_report(current, report)
    if change is None:
        return None
    if change.is_late:
        log.warning("order.late_fill", order_id=current.order_id, was=str(current.status))
    is_over = change.status in TERMINAL
    return orders.Move(
        current,
        change.status,
        millisecond(now),
        {
            "filled_quantity": change.filled_quantity,
            "open_quantity": change.open_quantity,
            "average_fill_price": change.average_fill_price,
            "venue_order_id": report.venue_order_id,
            "accepted_at": current.accepted_at or report.accepted_at or report.at,
            "next_check_at": millisecond(now + (SETTLE_WITHIN if is_over else poll_after(current))),
            "cancel_requested": current.cancel_requested or change.status is OrderStatus.PENDING_CANCEL,
            "unsettled": True,
        },
        code=_code_of(current, change),
    )


def _code_of(current: Order, change: OrderChange) -> str | None:
    # Who asked for a cancel knows better why than the venue does.
    return current.cancel_code or change.code if change.status is OrderStatus.CANCELED else change.code


def poll_after(order: Order) -> timedelta:
    """Return how long after a look the next one comes, where neither the market nor a move of ours asks for one.

    An order at market does not rest: a venue that has taken it knows in a moment what it got.
    """
    if order.order_type is OrderType.MARKET:
        return AT_MARKET
    return timedelta(seconds=due.POLL_SECONDS[order.purpose])


def _stored(order: Order, reports: Sequence[FillReport]) -> list[StoredFill]:
    """Write executions of an order as they are stored; each is a fact and is stored once."""
    return [
        StoredFill(
            fill=Fill(
                fill_id=fill_id(order.account_id, r.symbol, r.venue_order_id, r.venue_fill_id),
                trade_id=order.trade_id,
                order_id=order.order_id,
                symbol=r.symbol,
                side=r.side,
                is_entry=order.purpose is Purpose.ENTRY,
                quantity=r.quantity,
                price=r.price,
                commission=r.commission,
                commission_asset=r.commission_asset,
                at=millisecond(r.at),
            ),
            account_id=order.account_id,
            user_id=order.user_id,
            venue_order_id=r.venue_order_id,
            venue_fill_id=r.venue_fill_id,
        )
        for r in reports
    ]

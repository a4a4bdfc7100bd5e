"""What people see of settled trades: positions and events; and what reservations are given back.

Nothing is decided from any of it, so it comes after everything that makes a position safe. A trade says itself that
it was not shown yet (`untold`), and an order that it was not carried on (`unsettled`): whatever dies on the way is
met again by the sweep.
"""

from collections.abc import Sequence

from shared.domain.money import ZERO
from shared.domain.order_status import TERMINAL
from shared.domain.orders import Order, Purpose
from shared.domain.trades import Trade
from shared.gathering import ring_gathered
from shared.models import accounts, fills, orders, outbox, trades
from shared.models.durable import Write, write_all
from shared.models.fills import PositionState
from shared.models.mapping import millisecond
from shared.models.together import run_together
from shared.tasks import TaskName
from worker.context import utc_now
from worker.notify.events import order_events, ring_for, trade_events

SHOWN_AT_ONCE = 250


def show_trades(trade_ids: Sequence[str]) -> str:
    """Write what changed of trades for those who look; safe to repeat."""
    now = utc_now()
    untold, changed = run_together(trades.finding_untold(trade_ids), orders.finding_unsettled(trade_ids))
    positions = [_position(item.trade) for item in untold if item.trade.entered > ZERO]
    events = order_events(changed, now)
    for item in untold:
        events += trade_events(item.shown, item.trade, now)
    shown: tuple[tuple[Sequence[object], Write], ...] = (
        (positions, lambda wait: fills.write_positions(positions, wait=wait)),
        (events, lambda wait: outbox.record_events(events, wait=wait)),
    )
    write_all(*(write for what, write in shown if what))
    ring_for(events)
    _give_back(changed, [item.trade for item in untold])
    trades.mark_told(untold)
    orders.mark_settled(changed)
    return f"{len(untold)} trades, {len(events)} events"


def _give_back(changed: Sequence[Order], told: Sequence[Trade]) -> None:
    """Release what unfilled entries held; what was paid for is released by the next balance read."""
    ended = [o for o in changed if o.purpose is Purpose.ENTRY and o.status in TERMINAL]
    released: dict[str, list[str]] = {}
    for order in ended:
        if order.filled_quantity == ZERO:
            released.setdefault(order.account_id, []).append(order.intent_id)
    accounts.release_many(released)
    stale = {order.account_id for order in ended if order.filled_quantity > ZERO}
    stale |= {trade.account_id for trade in told if trade.is_over}
    ring_gathered(TaskName.ACCOUNTS_REFRESH, sorted(stale))


def _position(trade: Trade) -> PositionState:
    return PositionState(
        position_id=f"{trade.account_id}:{trade.symbol}",
        account_id=trade.account_id,
        user_id=trade.user_id,
        trade_id=trade.trade_id,
        symbol=trade.symbol,
        held=trade.held,
        coverable=trade.coverable,
        resting=trade.resting,
        managed=trade.managed,
        naked_since=trade.naked_since,
        naked_seconds=trade.naked_seconds,
        entry_average=trade.entry_average,
        updated_at=millisecond(utc_now()),
    )

"""Carry orders and fills into their trade: sums, status and the cover that is wanted now.

What people see of it, and the money that is given back, follow in `show`: nobody's position is naked meanwhile.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from shared.domain.commands import may_be_awaited
from shared.domain.fills import Fill, missing_fills
from shared.domain.order_status import AT_VENUE
from shared.domain.orders import Order, Purpose
from shared.domain.parked import has_turns
from shared.domain.trade_state import Seen, standing_of
from shared.domain.trades import Trade
from shared.domain.values import changed
from shared.domain.watching import is_about_to_trail
from shared.gathering import is_behind, ring_gathered
from shared.logs import get_logger
from shared.models import fills, orders, trades
from shared.models.mapping import millisecond
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.asked import ring_waiting
from worker.pipeline.halted import halted_trades
from worker.pipeline.show import SHOWN_AT_ONCE, show_trades

log = get_logger(__name__)

Of = TypeVar("Of", Order, Fill)

ATTEMPTS = 5
# What one protector places in one wave.
COVER_CHUNK = 25
COVER_WATCHED_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was read of a trade, what is known of it by now, and what of that is to be written."""

    read: Trade
    seen: Seen
    changes: dict[str, Any]

    @property
    def trade_id(self) -> str:
        """The trade's id."""
        return self.read.trade_id

    @property
    def trade(self) -> Trade:
        """The trade as it stands after the write."""
        return changed(self.read, version=self.read.version + bool(self.changes), **self.changes)


def settle_trades(context: Context, trade_ids: Iterable[str]) -> None:
    """Bring trades up to their orders and fills; then ring for cover, and for what is to be shown.

    Safe to repeat. However many trades a wave has touched, the round trips are those of one.
    """
    todo = set(trade_ids)
    for _ in range(ATTEMPTS):
        if not todo:
            return
        now = millisecond(utc_now())
        settled = [settled_now(seen, now) for seen in read_trades(context, todo)]
        # Whoever lost read a trade that has changed meanwhile: read again.
        todo = write_settled(settled, now)
    if todo:
        log.warning("trades.busy", trade_ids=sorted(todo))


def settled_now(seen: Seen, now: datetime) -> Settled:
    """Say what differs from the trade as it was read."""
    return Settled(seen.trade, seen, standing_of(seen, now).changes)


def write_settled(settled: Sequence[Settled], now: datetime, *, rings_cover: bool = True) -> set[str]:
    """Write what differs and ring for what follows; return the trades that somebody else has changed meanwhile.

    Whoever protects them himself does not ring for their cover.
    """
    moved = {item.trade_id: (item.read, item.changes) for item in settled if item.changes}
    won = trades.compare_and_set_many(moved, uuid4().hex, now + COVER_WATCHED_AFTER)
    _finish([item for item in settled if not item.changes or item.trade_id in won], rings_cover=rings_cover)
    return moved.keys() - won


def read_trades(context: Context, trade_ids: Collection[str]) -> list[Seen]:
    """Read trades with everything that decides about them."""
    # In this order: what is read later may only be newer than the version that a write depends on.
    found, made, filled = run_together(
        trades.finding_many(trade_ids),
        orders.finding_of_trades(trade_ids),
        fills.finding_of_trades(trade_ids),
    )
    halted = halted_trades([trade for trade in found if has_turns(trade) or is_about_to_trail(trade)])
    orders_of = _by_trade(made)
    fills_of = _by_trade(filled)
    seen = []
    for trade in found:
        instrument = context.instruments(trade.venue, trade.environment, [trade.symbol]).get(trade.symbol)
        if instrument is None:
            log.error("trade.instrument_gone", trade_id=trade.trade_id, symbol=trade.symbol)
            continue
        terms = context.cover_terms(trade, instrument.asset_class)
        own = (tuple(orders_of.get(trade.trade_id, ())), tuple(fills_of.get(trade.trade_id, ())))
        seen.append(Seen(trade, *own, instrument, terms, trade.trade_id in halted))
    return seen


def _by_trade(rows: Iterable[Of]) -> dict[str, list[Of]]:
    grouped: dict[str, list[Of]] = {}
    for row in rows:
        grouped.setdefault(row.trade_id, []).append(row)
    return grouped


def _finish(settled: Sequence[Settled], *, rings_cover: bool) -> None:
    """Ring for what follows from the written trades; each bell may be repeated by the next pass."""
    # First of all: until its stop rests at the venue, a position is naked.
    bare = [item.trade_id for item in settled if item.trade.needs_cover] if rings_cover else []
    for start in range(0, len(bare), COVER_CHUNK):
        enqueue(TaskName.TRADES_PROTECT, bare[start : start + COVER_CHUNK])
    ring_waiting([i.trade_id for i in settled if may_be_awaited(i.trade, i.changes.keys())])
    _ask_siblings([item.seen for item in settled if "exited" in item.changes])
    _note_missing_fills([item.seen for item in settled])
    ring_gathered(TaskName.TRADES_SHOW, [item.trade_id for item in settled if item.changes])
    # Nothing was new: whoever settled them before died, or lost his bell, before they were shown. Or they wait in a
    # line of thousands, to which exits lend no hand.
    unshown = [item.trade_id for item in settled if not item.changes]
    if unshown and not is_behind(TaskName.TRADES_SHOW, SHOWN_AT_ONCE):
        show_trades(unshown)


def _note_missing_fills(seen: Sequence[Seen]) -> None:
    """Let the reconciler ask for executions that a venue has counted and not yet told."""
    lacking = {fill.order_id for item in seen for fill in missing_fills(item.orders, item.fills)}
    noted = {order.order_id for item in seen for order in item.orders if order.lacks_fills}
    if lacking != noted:
        orders.mark_fills(lacking - noted, noted - lacking)
        if lacking - noted:
            enqueue(TaskName.ORDERS_LOOK_UP, sorted(lacking - noted))


def _ask_siblings(exited: Sequence[Seen]) -> None:
    """A linked exit that filled has shrunk the others at the venue: ask how far, now."""
    resting = [
        order.order_id
        for seen in exited
        for order in seen.orders
        if order.purpose is not Purpose.ENTRY and order.status in AT_VENUE
    ]
    if resting:
        enqueue(TaskName.ORDERS_LOOK_UP, resting)

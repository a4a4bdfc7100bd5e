"""Updates that wait on their trade: noted once, carried out once it is ready for them, dropped where it ends before.

A trade keeps its provider's last updates, those that were carried out at once too: whoever reads a message again finds
what it came to. Of the parked ones a break-even waits for the first fill, a partial close for an entry that has ended
and for its turn among exits. A full close stands for good: whatever is filled after it leaves at market.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from shared.domain.instruments import Instrument
from shared.domain.money import ONE, ZERO
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.signals import UpdateKind
from shared.domain.stop_moves import plan_stop
from shared.domain.trades import NotedUpdate, Trade, TradeStatus, UpdateState
from shared.domain.values import changed

MOST_NOTED = 20
PROVIDER_CLOSED = "PROVIDER_CLOSED"


def find_note(trade: Trade, cause: str) -> NotedUpdate | None:
    """Return what is noted of an update that came before."""
    return next((note for note in trade.updates if note.cause == cause), None)


def with_note(trade: Trade, note: NotedUpdate) -> tuple[NotedUpdate, ...] | None:
    """Return a trade's updates with one more, the oldest ended one left out where there are too many.

    None where all of them still wait: then there is no place.
    """
    kept = [*trade.updates, note]
    if len(kept) <= MOST_NOTED:
        return tuple(kept)
    goes = next((old for old in trade.updates if _may_go(old)), None)
    return None if goes is None else tuple(old for old in kept if old is not goes)


def ended_causes(updates: Sequence[NotedUpdate]) -> tuple[str, ...]:
    """Name the causes of those updates that were parked and have ended: their followers are told."""
    return tuple(note.cause for note in updates if note.was_parked and note.state is not UpdateState.WAITING)


def has_turns(trade: Trade) -> bool:
    """Tell whether an update of a trade may still have its turn."""
    return any(note.state is UpdateState.WAITING or _stands(note) for note in trade.updates)


def is_closing(trade: Trade) -> bool:
    """Tell whether all of a trade is leaving, or is to leave as soon as it is filled."""
    leaves = trade.exit_cause is not None and trade.exit_fraction == ONE
    return leaves or any(map(_stands, trade.updates))


def exit_is_under_way(trade: Trade, orders: Sequence[Order]) -> bool:
    """Tell whether an exit is wanted or on its way: another one is computed from what it leaves."""
    return trade.exit_cause is not None or any(o.purpose is Purpose.EXIT and o.status in LIVE for o in orders)


def market_entry_is_live(orders: Sequence[Order]) -> bool:
    """Tell whether an entry fills within seconds: a share of what is held now would be a share of less."""
    return any(
        o.purpose is Purpose.ENTRY and o.status in LIVE and o.order_type is OrderType.MARKET for o in orders
    )


def wanted_exit(cause: str, fraction: Decimal) -> dict[str, Any]:
    """Write down that a share of the position is to leave at market."""
    return {
        "exit_cause": cause,
        "exit_fraction": fraction,
        "exit_reason": PROVIDER_CLOSED,
        "needs_cover": True,
    }


def carry_parked(
    trade: Trade, orders: Sequence[Order], instrument: Instrument, *, is_halted: bool
) -> dict[str, Any]:
    """Return what changes of a trade by those of its updates whose turn has come, oldest first.

    `is_halted`: nothing of a provider's runs, and what would have run is dropped.
    """
    current = trade
    made: dict[str, Any] = {}
    for note in trade.updates:
        changes, after = _turn(current, note, orders, instrument)
        if after is None:
            continue
        if is_halted:
            # A close that has begun goes on after the halt; what has not begun is over.
            is_begun = note.state is UpdateState.DONE
            changes, after = {}, note if is_begun else _ended(note, UpdateState.DROPPED, "HALT")
        updates = tuple(after if old.cause == note.cause else old for old in current.updates)
        made |= {**changes, **({"updates": updates} if after != note else {})}
        current = changed(current, **changes, updates=updates)
    return made


def drop_parked(updates: Sequence[NotedUpdate], status: TradeStatus) -> tuple[NotedUpdate, ...]:
    """End what still waits when a trade is over, with what it is over by."""
    code = "NOT_FILLED" if status is TradeStatus.CANCELED else "ALREADY_OVER"
    return tuple(_dropped(note, code) if note.state is UpdateState.WAITING else note for note in updates)


def _turn(
    trade: Trade, note: NotedUpdate, orders: Sequence[Order], instrument: Instrument
) -> tuple[dict[str, Any], NotedUpdate | None]:
    """Return what changes by an update and how it is noted after; None where its turn has not come."""
    if _stands(note):
        if trade.coverable == ZERO or exit_is_under_way(trade, orders):
            return {}, None
        return wanted_exit(_next_cause(note, orders), ONE), _ended(note, UpdateState.DONE, note.code)
    if note.state is not UpdateState.WAITING:
        return {}, None
    if note.kind is UpdateKind.CLOSE_PARTIAL:
        return _share(trade, note, orders)
    if trade.entry_average is None:
        return {}, None
    moved = plan_stop(trade, orders, trade.entry_average, instrument)
    if isinstance(moved, str):
        return {}, _ended(note, UpdateState.DROPPED, moved)
    return moved, _ended(note, UpdateState.DONE, "")


def _share(
    trade: Trade, note: NotedUpdate, orders: Sequence[Order]
) -> tuple[dict[str, Any], NotedUpdate | None]:
    done = _ended(note, UpdateState.DONE, "")
    if any(o.cause == note.cause and o.status is OrderStatus.FILLED for o in orders):
        # It was sent by a round whose writing of the trade was lost to another's.
        return {}, done
    if trade.coverable == ZERO or exit_is_under_way(trade, orders) or _is_filling(orders):
        return {}, None
    return wanted_exit(note.cause, note.fraction or ONE), done


def _is_filling(orders: Sequence[Order]) -> bool:
    begun = (o for o in orders if o.purpose is Purpose.ENTRY and o.status in LIVE and o.filled_quantity)
    return market_entry_is_live(orders) or any(begun)


def _next_cause(note: NotedUpdate, orders: Sequence[Order]) -> str:
    """Name the exit that a full close wants next: what was filled after one that is done leaves by another."""
    left = {o.cause for o in orders if o.purpose is Purpose.EXIT and o.status is OrderStatus.FILLED}
    mine = [c for c in left if c is not None and (c == note.cause or c.startswith(f"{note.cause}+"))]
    return f"{note.cause}+{len(mine)}" if mine else note.cause


def _stands(note: NotedUpdate) -> bool:
    return note.kind is UpdateKind.CLOSE_ALL and note.state is not UpdateState.DROPPED


def _may_go(note: NotedUpdate) -> bool:
    return note.state is not UpdateState.WAITING and not _stands(note)


def _dropped(note: NotedUpdate, code: str) -> NotedUpdate:
    # A fill that is told late, after all, is still to leave.
    return _ended(note, UpdateState.DONE if _stands(note) else UpdateState.DROPPED, code)


def _ended(note: NotedUpdate, state: UpdateState, code: str) -> NotedUpdate:
    return replace(note, state=state, code=code)

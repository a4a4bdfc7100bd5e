"""Carry orders and fills into their trade: sums, status, position, cover wanted, events, money given back."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from shared.domain.commands import may_be_awaited
from shared.domain.entry import percent_away
from shared.domain.fills import Fill, TradeFold, fold_fills
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.order_status import AT_VENUE, LIVE, TERMINAL, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.protection import (
    STOP_PASSED_CODE,
    coverable_quantity,
    even_targets,
    naked_quantity,
    plan_cover,
    resting_quantity,
)
from shared.domain.trades import Trade, TradeStatus
from shared.gathering import ring_gathered
from shared.logs import get_logger
from shared.models import accounts, fills, orders, outbox, trades
from shared.models.durable import Write, write_all
from shared.models.fills import PositionState
from shared.models.mapping import millisecond
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.notify.events import order_events, ring_for, trade_events
from worker.pipeline.asked import ring_waiting

log = get_logger(__name__)

ATTEMPTS = 5
# What one protector places in one wave.
COVER_CHUNK = 25
COVER_WATCHED_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A trade with everything that decides about it."""

    trade: Trade
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    instrument: Instrument

    @property
    def entries(self) -> tuple[Order, ...]:
        return tuple(order for order in self.orders if order.purpose is Purpose.ENTRY)


@dataclass(frozen=True, slots=True)
class _Settled:
    """What was read of a trade and what differs from it now."""

    seen: _Seen
    changes: dict[str, Any]

    @property
    def trade_id(self) -> str:
        return self.seen.trade.trade_id

    @property
    def trade(self) -> Trade:
        """The trade as it stands after the write."""
        before = self.seen.trade
        return replace(before, version=before.version + bool(self.changes), **self.changes)

    @property
    def unsettled(self) -> list[Order]:
        return [order for order in self.seen.orders if order.unsettled]


def settle_trades(context: Context, trade_ids: Iterable[str]) -> None:
    """Bring trades up to their orders and fills; then cover, tell, and give reservations back.

    Safe to repeat. However many trades a wave has touched, the round trips are those of one.
    """
    todo = set(trade_ids)
    for _ in range(ATTEMPTS):
        if not todo:
            return
        now = millisecond(utc_now())
        settled = [_Settled(seen, _changes(seen, now)) for seen in _read(context, todo)]
        changed = {item.trade_id: (item.seen.trade, item.changes) for item in settled if item.changes}
        won = trades.compare_and_set_many(changed, uuid4().hex, now + COVER_WATCHED_AFTER)
        _finish([item for item in settled if not item.changes or item.trade_id in won])
        # Whoever lost read a trade that has changed meanwhile: read again.
        todo = changed.keys() - won
    if todo:
        log.warning("trades.busy", trade_ids=sorted(todo))


def _read(context: Context, trade_ids: Set[str]) -> list[_Seen]:
    # In this order: what is read later may only be newer than the version that the write depends on.
    found, made, filled = run_together(
        trades.finding_many(trade_ids),
        orders.finding_of_trades(trade_ids),
        fills.finding_of_trades(trade_ids),
    )
    seen = []
    for trade in found:
        instrument = context.instruments(trade.venue, trade.environment, [trade.symbol]).get(trade.symbol)
        if instrument is None:
            log.error("trade.instrument_gone", trade_id=trade.trade_id, symbol=trade.symbol)
            continue
        own_orders = tuple(order for order in made if order.trade_id == trade.trade_id)
        own_fills = tuple(fill for fill in filled if fill.trade_id == trade.trade_id)
        seen.append(_Seen(trade, own_orders, own_fills, instrument))
    return seen


def _changes(seen: _Seen, now: datetime) -> dict[str, Any]:
    """Compute what differs from the stored trade."""
    trade = seen.trade
    fold = fold_fills(seen.fills, trade.side, seen.instrument)
    coverable = coverable_quantity(fold.held, seen.instrument, fold.entry_average)
    wanted: dict[str, Any] = {
        "entered": fold.entered,
        "exited": fold.exited,
        "entry_average": _rounded(fold.entry_average),
        "exit_average": _rounded(fold.exit_average),
        "realised_pnl": _rounded(fold.realised_pnl),
        "held": fold.held,
        "coverable": coverable,
        "resting": resting_quantity(seen.orders),
        "opened_at": fold.first_entry_at,
        **_levels_at_fill(seen, fold),
        **_exit_wanted(seen),
    }
    after = replace(trade, **{name: value for name, value in wanted.items() if name != "targets_percent"})
    wanted |= _cover_state(after, seen, now)
    wanted |= _status(after, seen, fold, now)
    return {name: value for name, value in wanted.items() if getattr(trade, name) != value}


def _levels_at_fill(seen: _Seen, fold: TradeFold) -> dict[str, Any]:
    """Percentages become prices once the entry's price is known."""
    trade = seen.trade
    if fold.entry_average is None or trade.entry_average is not None:
        return {}
    levels: dict[str, Any] = {}
    if trade.stop_percent is not None:
        price = percent_away(fold.entry_average, trade.stop_percent, trade.side.opposite)
        levels["stop_price"] = levels["initial_stop_price"] = seen.instrument.round_price(price)
    if trade.targets_percent and not trade.targets:
        prices = (percent_away(fold.entry_average, percent, trade.side) for percent in trade.targets_percent)
        levels["targets"] = even_targets(tuple(seen.instrument.round_price(price) for price in prices))
    return levels


def _exit_wanted(seen: _Seen) -> dict[str, Any]:
    """An exit that was filled is done; a stop whose price had passed becomes an exit at market now."""
    trade = seen.trade
    if trade.exit_cause is not None:
        done = any(o.cause == trade.exit_cause and o.status is OrderStatus.FILLED for o in seen.orders)
        return {"exit_cause": None, "exit_fraction": None} if done else {}
    for order in seen.orders:
        is_passed = order.status is OrderStatus.REJECTED and order.code == STOP_PASSED_CODE
        if is_passed and order.stop_price == trade.stop_price:
            return {
                "exit_cause": f"stop:{order.order_id}",
                "exit_fraction": Decimal(1),
                "exit_reason": "STOP_PASSED",
            }
    return {}


def _cover_state(after: Trade, seen: _Seen, now: datetime) -> dict[str, Any]:
    naked = naked_quantity(after.coverable, seen.orders)
    plan = plan_cover(after, seen.orders, seen.instrument, now)
    state: dict[str, Any] = {"needs_cover": not plan.is_done}
    if naked > ZERO:
        state["naked_since"] = after.naked_since or _last_entry_fill(seen) or now
    elif after.naked_since is not None:
        accepted = [o.accepted_at for o in seen.orders if o.purpose is Purpose.STOP and o.accepted_at]
        covered_at = max(accepted, default=now)
        last_exit = max((fill.at for fill in seen.fills if not fill.is_entry), default=None)
        ended = covered_at if after.coverable > ZERO else last_exit or covered_at
        gap = Decimal(str(max((ended - after.naked_since).total_seconds(), 0)))
        state |= {"naked_since": None, "naked_seconds": after.naked_seconds + gap}
    return state


def _last_entry_fill(seen: _Seen) -> datetime | None:
    return max((fill.at for fill in seen.fills if fill.is_entry), default=None)


def _status(after: Trade, seen: _Seen, fold: TradeFold, now: datetime) -> dict[str, Any]:
    entries_over = all(order.status in TERMINAL for order in seen.entries)
    if fold.entered == ZERO:
        if seen.entries and entries_over and not after.is_over:
            codes = {order.code for order in seen.entries if order.code}
            reason = ", ".join(sorted(codes)) or "NOT_FILLED"
            return {"status": TradeStatus.CANCELED, "close_reason": reason, "closed_at": now}
        return {}
    exits_live = any(o.purpose is not Purpose.ENTRY and o.status in LIVE for o in seen.orders)
    if entries_over and after.coverable == ZERO and not exits_live:
        closed: dict[str, Any] = {
            "status": TradeStatus.CLOSED,
            "closed_at": fold.last_exit_at or now,
            "close_reason": _close_reason(after, seen),
            "r_multiple": _r_multiple(after, fold, seen.instrument),
        }
        return closed
    return {"status": TradeStatus.OPEN}


def _close_reason(after: Trade, seen: _Seen) -> str:
    ended = [o for o in seen.orders if o.purpose is not Purpose.ENTRY and o.filled_quantity > ZERO]
    last = max(ended, key=lambda o: o.sent_at or o.created_at, default=None)
    if last is None:
        return "DUST"
    if last.purpose is Purpose.EXIT:
        return after.exit_reason or "EXIT"
    return "STOP_HIT" if last.purpose is Purpose.STOP else "TARGET_HIT"


def _r_multiple(after: Trade, fold: TradeFold, instrument: Instrument) -> Decimal | None:
    if fold.entry_average is None or after.initial_stop_price is None:
        return None
    risk = abs(fold.entry_average - after.initial_stop_price) * fold.entered * instrument.multiplier
    return _rounded(fold.realised_pnl / risk) if risk else None


def _rounded(value: Decimal | None) -> Decimal | None:
    # Averages need not be exact beyond what anyone can trade; Decimal128 holds 34 digits.
    return value if value is None else value.quantize(Decimal("1E-12")).normalize() + ZERO


def _finish(settled: Sequence[_Settled]) -> None:
    """Do what follows from the written trades; each part may be repeated by the next pass."""
    now = utc_now()
    # First of all: until its stop rests at the venue, a position is naked.
    bare = [item.trade_id for item in settled if item.trade.needs_cover]
    for start in range(0, len(bare), COVER_CHUNK):
        enqueue(TaskName.TRADES_PROTECT, bare[start : start + COVER_CHUNK])
    ring_waiting([i.trade_id for i in settled if may_be_awaited(i.trade, i.changes.keys())])
    _ask_siblings([item.seen for item in settled if "exited" in item.changes])
    _show(settled, now)
    _give_back(settled)
    orders.mark_settled([order for item in settled for order in item.unsettled])


def _show(settled: Sequence[_Settled], now: datetime) -> None:
    """Write positions and events; both are for people, and nothing is decided from them."""
    # A pass that died after it had changed a trade left its position behind, and its order unsettled.
    positions = [_position(i.trade) for i in settled if i.trade.entered > ZERO and (i.changes or i.unsettled)]
    events = []
    for item in settled:
        events += order_events(item.unsettled, now)
        events += trade_events(item.seen.trade, item.trade, now) if item.changes else []
    shown: tuple[tuple[Sequence[object], Write], ...] = (
        (positions, lambda wait: fills.write_positions(positions, wait=wait)),
        (events, lambda wait: outbox.record_events(events, wait=wait)),
    )
    write_all(*(write for what, write in shown if what))
    ring_for(events)


def _ask_siblings(exited: Sequence[_Seen]) -> None:
    """A linked exit that filled has shrunk the others at the venue: ask how far, now."""
    resting = [
        order.order_id
        for seen in exited
        for order in seen.orders
        if order.purpose is not Purpose.ENTRY and order.status in AT_VENUE
    ]
    if resting:
        enqueue(TaskName.ORDERS_LOOK_UP, resting)


def _give_back(settled: Sequence[_Settled]) -> None:
    """Release what unfilled entries held; what was paid for is released by the next balance read."""
    released: dict[str, list[str]] = {}
    stale: set[str] = set()
    for item in settled:
        ended = [o for o in item.seen.entries if o.status in TERMINAL and o.unsettled]
        unfilled = [order.intent_id for order in ended if order.filled_quantity == ZERO]
        released.setdefault(item.trade.account_id, []).extend(unfilled)
        if len(unfilled) < len(ended) or item.trade.is_over:
            stale.add(item.trade.account_id)
    accounts.release_many(released)
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

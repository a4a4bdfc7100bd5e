"""What an update, an edit or a delete asks of a trade: planned from the trade as it stands, as often as that changes.

A message is one or several wishes; an edit is as many as it changes. Each is planned alone, from a trade and its
orders as they were read together: whoever loses a race for the trade reads and plans again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.domain.entry import percent_away
from shared.domain.instruments import Instrument
from shared.domain.money import ONE, ZERO
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.parked import (
    exit_is_under_way,
    find_note,
    is_closing,
    market_entry_is_live,
    wanted_exit,
    with_note,
)
from shared.domain.signals import Action, Side, Signal, UpdateKind
from shared.domain.stop_moves import StopRoom, plan_stop
from shared.domain.targets import split_targets
from shared.domain.trades import NotedUpdate, Trade, UpdateState

HALF = Decimal("0.5")
PARKED = "PARKED"
WITHDRAWN = "WITHDRAWN"
"""Why an entry was cancelled that its provider has taken back."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that a message asks of the trades it means; prices as written, `fraction` of what is held.

    `is_entry_edit`: the entry was edited, so what was not filled is taken back and not entered again.
    """

    kind: UpdateKind | None
    fraction: Decimal | None = None
    stop_price: Decimal | None = None
    stop_percent: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    targets_percent: tuple[Decimal, ...] = ()
    is_entry_edit: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A trade and its orders, read together, with what else decides about a wish.

    `cause` is the wish's identity and `at` when it was posted; without `room` no stop moves further away.
    """

    trade: Trade
    orders: tuple[Order, ...]
    cause: str
    at: datetime
    instrument: Instrument | None = None
    room: StopRoom | None = None

    @property
    def entries(self) -> list[Order]:
        """The orders that open the position."""
        return [o for o in self.orders if o.purpose is Purpose.ENTRY]

    @property
    def live_entries(self) -> list[Order]:
        """Entries that may still be filled."""
        return [o for o in self.entries if o.status in LIVE]


@dataclass(frozen=True, slots=True)
class Step:
    """What is next: entries to cancel, then read and plan again; or what changes of the trade; or why nothing does.

    An empty `code` says that the wish is carried out by `changes`.
    """

    cancel: tuple[str, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    code: str = ""


def wish_of(command: Signal) -> Wish:
    """Return what a close or an update asks for."""
    kind = command.update_kind or (UpdateKind.CLOSE_ALL if command.action is Action.CLOSE else None)
    fraction = command.close_fraction or HALF if kind is UpdateKind.CLOSE_PARTIAL else None
    if fraction is not None and fraction >= ONE:
        kind, fraction = UpdateKind.CLOSE_ALL, None
    return Wish(
        kind,
        fraction=fraction,
        stop_price=command.stop_loss,
        stop_percent=command.stop_loss_pct,
        targets=command.take_profits,
        targets_percent=command.take_profits_pct,
    )


def wishes_of_edit(before: Signal, after: Signal) -> tuple[Wish, ...]:
    """Return what the difference of two readings of one message asks for; it never adds an entry."""
    wishes: list[Wish] = []
    is_other = (before.side, before.symbol, before.option) != (after.side, after.symbol, after.option)
    if is_other or (before.entry, before.trigger) != (after.entry, after.trigger):
        wishes.append(Wish(UpdateKind.CANCEL, is_entry_edit=True))
    if is_other:
        # Its levels belong to something else than what is held.
        return tuple(wishes)
    stop = (after.stop_loss, after.stop_loss_pct)
    if any(stop) and stop != (before.stop_loss, before.stop_loss_pct):
        wishes.append(Wish(UpdateKind.MOVE_STOP, stop_price=stop[0], stop_percent=stop[1]))
    targets = (after.take_profits, after.take_profits_pct)
    if any(targets) and targets != (before.take_profits, before.take_profits_pct):
        wishes.append(Wish(UpdateKind.SET_TAKE_PROFIT, targets=targets[0], targets_percent=targets[1]))
    return tuple(wishes)


def unchanged_commands(before: Signal, after: Signal) -> tuple[bool, ...]:
    """Tell of each command of an edited update whether it asks for nothing that was not asked for before.

    A share that was sold is not sold again because its figure was mended: a partial close never asks anew.
    """
    said = [(wish_of(command), command.symbol) for command in (before, *before.also)]
    never = {UpdateKind.CLOSE_PARTIAL, None}
    wishes = ((wish_of(command), command.symbol) for command in (after, *after.also))
    return tuple(wish.kind in never or (wish, symbol) in said for wish, symbol in wishes)


def plan_wish(wish: Wish, scene: Scene) -> Step:
    """Decide what is next for a wish; a stop is never widened without room for it, and nothing is done twice."""
    noted = find_note(scene.trade, scene.cause)
    if noted is not None:
        return Step(code=PARKED if noted.was_parked else noted.code)
    plan = _PLANS.get(wish.kind) if wish.kind is not None else None
    if plan is None:
        return Step(code="NOTHING_TO_DO")
    if scene.trade.is_over and wish.kind not in {UpdateKind.CLOSE_ALL, UpdateKind.CANCEL}:
        return Step(code="ALREADY_OVER")
    return plan(wish, scene)


def _close_all(wish: Wish, scene: Scene) -> Step:
    cancel = _to_cancel(scene)
    if cancel:
        return Step(cancel)
    trade = scene.trade
    if is_closing(trade) and not trade.is_over and any(note.kind is wish.kind for note in trade.updates):
        return Step(code="ALREADY_CLOSING")
    if trade.is_over:
        return _close_of_what_is_over(wish, scene)
    if exit_is_under_way(trade, scene.orders):
        # One exit at a time: the one under way keeps its cause and grows, and what it leaves is closed after it.
        is_whole = trade.exit_fraction == ONE or trade.exit_cause is None
        grown = {} if is_whole else {"exit_fraction": ONE, "exit_reason": wanted_exit("", ONE)["exit_reason"]}
        return _noted(wish, scene, {**grown, "needs_cover": True}, UpdateState.DONE)
    if trade.coverable > ZERO:
        return _noted(wish, scene, wanted_exit(scene.cause, ONE), UpdateState.DONE)
    return _noted(wish, scene, {}, UpdateState.WAITING)


def _close_of_what_is_over(wish: Wish, scene: Scene) -> Step:
    """A venue may tell a fill after an end: the close stands for that too."""
    was_ours = any(o.cancel_code == WITHDRAWN for o in scene.entries)
    code = "" if was_ours and scene.trade.entered == ZERO else "ALREADY_OVER"
    may_fill = any(o.sent_at is not None and o.status is not OrderStatus.FILLED for o in scene.entries)
    return _noted(wish, scene, {}, UpdateState.DONE, code) if may_fill else Step(code=code)


def _close_part(wish: Wish, scene: Scene) -> Step:
    trade = scene.trade
    if is_closing(trade):
        return Step(code="ALREADY_CLOSING")
    if exit_is_under_way(trade, scene.orders):
        return _noted(wish, scene, {}, UpdateState.WAITING)
    if trade.coverable > ZERO and not market_entry_is_live(scene.orders):
        return _noted(wish, scene, wanted_exit(scene.cause, wish.fraction or HALF), UpdateState.DONE)
    if scene.live_entries or not scene.entries:
        return _noted(wish, scene, {}, UpdateState.WAITING)
    return Step(code="NOTHING_HELD")


def _cancel(wish: Wish, scene: Scene) -> Step:
    cancel = _to_cancel(scene)
    if cancel:
        return Step(cancel)
    if wish.is_entry_edit:
        return Step(code="ENTRY_CHANGED")
    if scene.live_entries:
        return Step(code="CANCEL_ASKED")
    asked = [o for o in scene.entries if o.cancel_code == WITHDRAWN]
    if any(o.status is not OrderStatus.FILLED for o in asked):
        return Step()
    return Step(code="FILLED_BEFORE" if asked else "NO_ENTRY")


def _break_even(wish: Wish, scene: Scene) -> Step:
    entry = scene.trade.entry_average
    if entry is None:
        return _noted(wish, scene, {}, UpdateState.WAITING)
    return _moved(wish, scene, entry)


def _move_stop(wish: Wish, scene: Scene) -> Step:
    trade = scene.trade
    if wish.stop_price is not None:
        return _moved(wish, scene, wish.stop_price)
    if wish.stop_percent is None:
        return Step(code="NO_LEVEL")
    base = trade.entry_average or trade.planned_entry
    # Before the fill it stays a percentage, and becomes a price with it.
    waits = {"stop_percent": wish.stop_percent} if trade.entry_average is None else {}
    return _moved(wish, scene, percent_away(base, wish.stop_percent, trade.side.opposite), **waits)


def _moved(wish: Wish, scene: Scene, price: Decimal, **beside: Any) -> Step:
    moved = plan_stop(scene.trade, scene.orders, price, scene.instrument, scene.room)
    if isinstance(moved, str):
        return Step(code=moved)
    return _noted(wish, scene, {**moved, **beside}, UpdateState.DONE)


def _set_targets(wish: Wish, scene: Scene) -> Step:
    trade, instrument = scene.trade, scene.instrument
    if wish.targets_percent and not wish.targets and trade.entry_average is None:
        # Percentages become prices with the fill.
        if trade.targets_percent == wish.targets_percent and not trade.targets:
            return Step(code="NO_DIFFERENCE")
        waiting = {"targets": (), "targets_percent": wish.targets_percent}
        return _noted(wish, scene, waiting, UpdateState.DONE)
    prices = {instrument.round_price(p) if instrument else p for p in _wanted_targets(wish, trade)}
    if trade.entry_average is None:
        # Behind the entry it would be met as soon as that is filled.
        is_long = trade.side is Side.BUY
        prices = {p for p in prices if (p > trade.planned_entry if is_long else p < trade.planned_entry)}
    if not prices:
        return Step(code="TARGET_BEHIND_ENTRY" if wish.targets or wish.targets_percent else "NO_LEVEL")
    nearest_first = tuple(sorted(prices, reverse=trade.side is Side.SELL))
    targets = split_targets(nearest_first, trade.target_split)
    if targets == trade.targets:
        return Step(code="NO_DIFFERENCE")
    return _noted(wish, scene, {"targets": targets, "needs_cover": True}, UpdateState.DONE)


def _wanted_targets(wish: Wish, trade: Trade) -> tuple[Decimal, ...]:
    if wish.targets or trade.entry_average is None:
        return wish.targets
    return tuple(percent_away(trade.entry_average, percent, trade.side) for percent in wish.targets_percent)


_PLANS: dict[UpdateKind, Callable[[Wish, Scene], Step]] = {
    UpdateKind.CLOSE_ALL: _close_all,
    UpdateKind.CLOSE_PARTIAL: _close_part,
    UpdateKind.CANCEL: _cancel,
    UpdateKind.MOVE_STOP_TO_BREAKEVEN: _break_even,
    UpdateKind.MOVE_STOP: _move_stop,
    UpdateKind.SET_TAKE_PROFIT: _set_targets,
}


def _to_cancel(scene: Scene) -> tuple[str, ...]:
    return tuple(o.order_id for o in scene.live_entries if not o.cancel_requested)


def _noted(wish: Wish, scene: Scene, changes: dict[str, Any], state: UpdateState, code: str = "") -> Step:
    """Write the wish down with what it changes, in one write: whoever reads its message again finds it done."""
    if wish.kind is None:
        raise ValueError("a wish that asks for nothing is not noted")
    waits = state is UpdateState.WAITING
    note = NotedUpdate(scene.cause, wish.kind, scene.at, state, code, wish.fraction, was_parked=waits)
    updates = with_note(scene.trade, note)
    if updates is None:
        return Step(code="TOO_MANY_PARKED")
    return Step(changes={**changes, "updates": updates}, code=PARKED if waits else code)

"""What a trade is, given its orders and fills: sums, levels, wanted exits, cover and status, all computed anew.

Nothing here is set by hand: the same orders and fills give the same trade, in whatever order they came.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.entry import percent_away
from shared.domain.exits import is_sold_but_for_dust
from shared.domain.fills import Fill, TradeFold, fold_fills, missing_fills
from shared.domain.instruments import Instrument
from shared.domain.ladder import is_tradable
from shared.domain.money import ONE, ZERO
from shared.domain.order_status import LIVE, TERMINAL, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.parked import carry_parked, drop_parked, has_turns
from shared.domain.protection import (
    coverable_quantity,
    managed_quantity,
    naked_quantity,
    plan_cover,
    resting_quantity,
)
from shared.domain.signals import Side
from shared.domain.stop_moves import entries_behind
from shared.domain.stops import STOP_PASSED_CODE, TARGET_PASSED_CODE
from shared.domain.targets import current_targets, split_targets, watched_cause
from shared.domain.trades import StopSource, Trade, TradeStatus
from shared.domain.values import changed
from shared.domain.watching import act_on_touch, watched_levels


@dataclass(frozen=True, slots=True)
class Seen:
    """A trade with everything that decides about it; `is_halted`: nothing of its provider's may run."""

    trade: Trade
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    instrument: Instrument
    terms: CoverTerms
    is_halted: bool = False

    @property
    def entries(self) -> tuple[Order, ...]:
        """The orders that open the position."""
        return tuple(order for order in self.orders if order.purpose is Purpose.ENTRY)


@dataclass(frozen=True, slots=True)
class Standing:
    """A trade as its orders and fills make it: what differs from the stored one, and what its cover lacks."""

    trade: Trade
    changes: dict[str, Any]
    plan: CoverPlan


def standing_of(seen: Seen, now: datetime) -> Standing:
    """Compute how a trade stands, field by field."""
    trade = seen.trade
    fold = fold_fills((*seen.fills, *missing_fills(seen.orders, seen.fills)), trade.side, seen.instrument)
    held = fold.held - trade.external
    coverable = coverable_quantity(held, seen.instrument, fold.entry_average, seen.orders)
    wanted: dict[str, Any] = {
        "entered": fold.entered,
        "exited": fold.exited,
        "entry_average": _rounded(fold.entry_average),
        "exit_average": _rounded(fold.exit_average),
        "realised_pnl": _rounded(fold.realised_pnl + trade.funding),
        "held": held,
        "coverable": coverable,
        **_covered(seen, coverable),
        "opened_at": fold.first_entry_at,
        "cover_version": max((o.cover_version for o in seen.orders), default=trade.cover_version),
        **_levels_at_fill(seen, fold),
        **_exit_wanted(seen, coverable),
    }
    wanted |= _stop_at_break_even(seen, fold)
    wanted |= _watched(seen, wanted)
    after = changed(trade, **{name: value for name, value in wanted.items() if name != "targets_percent"})
    if has_turns(trade):
        carried = carry_parked(after, seen.orders, seen.instrument, is_halted=seen.is_halted)
        wanted, after = wanted | carried, changed(after, **carried)
    # Status and naked time decide nothing about cover: what it lacks now is what the trade lacks as it is written.
    plan = plan_cover(after, seen.orders, seen.instrument, now, seen.terms)
    wanted |= watched_levels(after, seen.orders, seen.instrument, seen.terms).by_direction(after.side)
    behind = entries_behind(after, seen.orders)
    plan = replace(plan, cancel=(*plan.cancel, *behind)) if behind else plan
    wanted |= {"needs_cover": not plan.is_done, **_naked(after, seen, now)}
    wanted |= _status(after, seen, fold, now)
    if after.updates and wanted.get("status") in {TradeStatus.CLOSED, TradeStatus.CANCELED}:
        wanted["updates"] = drop_parked(after.updates, wanted["status"])
    changes = {name: value for name, value in wanted.items() if getattr(trade, name) != value}
    return Standing(changed(trade, **changes), changes, plan)


def _covered(seen: Seen, coverable: Decimal) -> dict[str, Any]:
    """Tell what stops at the venue cover, and what we watch; stops that share a position may be more than it."""
    resting = resting_quantity(seen.orders)
    if seen.terms.style is CoverStyle.REDUCE_ONLY:
        resting = min(resting, coverable)
    return {"resting": resting, "managed": managed_quantity(coverable, seen.trade.stop_price, seen.terms)}


def _watched(seen: Seen, wanted: dict[str, Any]) -> dict[str, Any]:
    """Act on a price that has touched one of our own levels."""
    if seen.trade.touched_price is None or wanted.get("exit_cause"):
        return {}
    present = {name: value for name, value in wanted.items() if name != "targets_percent"}
    trade = changed(seen.trade, **present)
    return act_on_touch(trade, seen.orders, seen.instrument, seen.terms, is_halted=seen.is_halted)


def _levels_at_fill(seen: Seen, fold: TradeFold) -> dict[str, Any]:
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
        rounded = tuple(seen.instrument.round_price(price) for price in prices)
        levels["targets"] = split_targets(rounded, trade.target_split)
    return levels


def _exit_wanted(seen: Seen, coverable: Decimal) -> dict[str, Any]:
    """Tell what is to leave at market now.

    An exit that was filled, or has nothing left to sell, is done; a stop or target whose price had passed becomes one.
    """
    trade = seen.trade
    if trade.exit_cause is not None:
        mine = [o for o in seen.orders if o.cause == trade.exit_cause]
        done = any(o.status is OrderStatus.FILLED for o in mine)
        # A share of nothing: what an entry buys later is not what was to leave. A full close waits for that.
        is_moot = coverable == ZERO and trade.exit_fraction != ONE and not any(o.status in LIVE for o in mine)
        is_sold = is_sold_but_for_dust(changed(trade, coverable=coverable), seen.orders, seen.instrument)
        return {"exit_cause": None, "exit_fraction": None} if done or is_moot or is_sold else {}
    left = {o.cause for o in seen.orders if o.purpose is Purpose.EXIT}
    for order in seen.orders:
        if order.status is not OrderStatus.REJECTED or _passed_cause(order) in left:
            continue
        if order.code == STOP_PASSED_CODE and order.stop_price == trade.stop_price:
            return _exit_for(order, ONE, "STOP_PASSED")
        if order.code == TARGET_PASSED_CODE and order in current_targets(trade, seen.orders) and coverable:
            return _exit_for(order, min(order.quantity / coverable, ONE), "TARGET_HIT")
    return {}


def _passed_cause(order: Order) -> str:
    return f"{order.purpose}:{order.order_id}"


def _exit_for(order: Order, fraction: Decimal, reason: str) -> dict[str, Any]:
    return {"exit_cause": _passed_cause(order), "exit_fraction": fraction, "exit_reason": reason}


def _stop_at_break_even(seen: Seen, fold: TradeFold) -> dict[str, Any]:
    """Move the stop to the entry once enough targets are reached; it never moves back."""
    trade, entry = seen.trade, fold.entry_average
    if not trade.break_even_after or entry is None or trade.stop_price is None:
        return {}
    left = _left(seen)
    reached = {
        o.leg
        for o in current_targets(trade, seen.orders)
        if o.status is OrderStatus.FILLED or _passed_cause(o) in left
    }
    reached |= {leg for leg in range(len(trade.targets)) if watched_cause(trade, leg) in left}
    price = seen.instrument.round_price(entry)
    is_better = price > trade.stop_price if trade.side is Side.BUY else price < trade.stop_price
    if len(reached) < trade.break_even_after or not is_better:
        return {}
    return {"stop_price": price, "stop_source": StopSource.BREAK_EVEN}


def _left(seen: Seen) -> set[str | None]:
    return {o.cause for o in seen.orders if o.purpose is Purpose.EXIT and o.status is OrderStatus.FILLED}


def _naked(after: Trade, seen: Seen, now: datetime) -> dict[str, Any]:
    """Tell since when a part is without a stop, or how long it was."""
    if naked_quantity(after.coverable - after.managed, seen.orders) > ZERO:
        return {"naked_since": after.naked_since or _last_entry_fill(seen) or now}
    if after.naked_since is not None:
        accepted = [o.accepted_at for o in seen.orders if o.purpose is Purpose.STOP and o.accepted_at]
        covered_at = max(accepted, default=now)
        last_exit = max((fill.at for fill in seen.fills if not fill.is_entry), default=None)
        ended = covered_at if after.coverable > ZERO else last_exit or covered_at
        gap = Decimal(str(max((ended - after.naked_since).total_seconds(), 0)))
        return {"naked_since": None, "naked_seconds": after.naked_seconds + gap}
    return {}


def _last_entry_fill(seen: Seen) -> datetime | None:
    return max((fill.at for fill in seen.fills if fill.is_entry), default=None)


def _status(after: Trade, seen: Seen, fold: TradeFold, now: datetime) -> dict[str, Any]:
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


def _close_reason(after: Trade, seen: Seen) -> str:
    # A crumb that somebody took is not what ended the position.
    if is_tradable(seen.instrument, after.external, after.entry_average or ZERO):
        return "CLOSED_EXTERNALLY"
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
    return _rounded((fold.realised_pnl + after.funding) / risk) if risk else None


def _rounded(value: Decimal | None) -> Decimal | None:
    # Averages need not be exact beyond what anyone can trade; Decimal128 holds 34 digits.
    return value if value is None else value.quantize(Decimal("1E-12"), ROUND_HALF_EVEN).normalize() + ZERO

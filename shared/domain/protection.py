"""Cover: what stops and targets a trade must have, compared with those that it has (DESIGN 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.identifiers import cover_intent_id, exit_intent_id
from shared.domain.instruments import Instrument
from shared.domain.intents import Intent
from shared.domain.ladder import is_tradable
from shared.domain.money import ONE, ZERO
from shared.domain.order_status import LIVE, RESTING, TERMINAL, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.trades import Target, Trade

STOP_PASSED_CODE = "STOP_ALREADY_PASSED"
_RETRY_SECONDS = (1, 2, 5, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class CoverPlan:
    """What to place and what to cancel; both empty when the trade is covered as wanted.

    `retry_at` is when a refused order may be tried again; `is_waiting` while a cancel is under way.
    """

    place: tuple[Intent, ...] = ()
    cancel: tuple[str, ...] = ()
    retry_at: datetime | None = None
    is_waiting: bool = False

    @property
    def is_done(self) -> bool:
        """Tell whether wanted and actual cover agree."""
        return self.is_calm and self.retry_at is None and not self.is_waiting

    @property
    def is_calm(self) -> bool:
        """Tell whether nothing is to be done."""
        return not self.place and not self.cancel


def coverable_quantity(held: Decimal, instrument: Instrument, price: Decimal | None) -> Decimal:
    """Return what can be covered: floored to the lot, zero where it is worth less than the minimum."""
    quantity = instrument.floor_quantity(max(held, ZERO))
    if price is None or not is_tradable(instrument, quantity, price):
        return ZERO
    return quantity


def resting_quantity(orders: Iterable[Order]) -> Decimal:
    """Return what stops at the venue cover now: only accepted ones count."""
    return sum((o.remaining for o in orders if o.purpose is Purpose.STOP and o.status in RESTING), ZERO)


def plan_cover(trade: Trade, orders: tuple[Order, ...], instrument: Instrument, now: datetime) -> CoverPlan:
    """Compare wanted with actual cover and say what is missing or superfluous."""
    exits = [o for o in orders if o.purpose is not Purpose.ENTRY]
    if trade.coverable <= ZERO or trade.stop_price is None:
        return CoverPlan(cancel=_ids(o for o in exits if o.status in LIVE and _entries_over(orders)))
    leaving = _exit_order(trade, exits, instrument, now)
    retries: list[datetime] = []
    if isinstance(leaving, datetime):
        # A refused exit waits for its next try; until then the position is covered like any other.
        retries, leaving = [leaving], None
    live_exits = sum((o.remaining for o in exits if o.purpose is Purpose.EXIT and o.status in LIVE), ZERO)
    to_cover = trade.coverable - live_exits - (leaving.quantity if leaving else ZERO)
    stops = [o for o in exits if o.purpose is Purpose.STOP and o.status in LIVE]
    right = [o for o in stops if o.stop_price == trade.stop_price]
    # The venues of today hold what an order promises: an old level goes before the new one can come,
    # and the seconds between are counted as naked.
    stale = [o for o in stops if o.stop_price != trade.stop_price] + _stale_targets(trade, exits)
    place: list[Intent] = [leaving] if leaving else []
    missing = instrument.floor_quantity(max(to_cover - sum((o.remaining for o in right), ZERO), ZERO))
    if missing > ZERO and len(right) == len(stops):
        retry_at = _retry_after(exits, Purpose.STOP, now)
        if retry_at is not None:
            retries.append(retry_at)
        else:
            place.append(_stop_order(trade, missing, _next_leg(exits, Purpose.STOP)))
    if not stale:
        place += _missing_targets(trade, orders, instrument)
    return CoverPlan(tuple(place), _ids(stale), min(retries, default=None), is_waiting=bool(stale))


def naked_quantity(trade_coverable: Decimal, orders: Iterable[Order]) -> Decimal:
    """Return the coverable part that no accepted stop and no exit at the venue covers."""
    listed = list(orders)
    leaving = sum((o.remaining for o in listed if o.purpose is Purpose.EXIT and o.status in RESTING), ZERO)
    return max(trade_coverable - resting_quantity(listed) - leaving, ZERO)


def _entries_over(orders: Iterable[Order]) -> bool:
    return all(o.status in TERMINAL for o in orders if o.purpose is Purpose.ENTRY)


def _exit_order(
    trade: Trade, exits: list[Order], instrument: Instrument, now: datetime
) -> Intent | datetime | None:
    cause, fraction = trade.exit_cause, trade.exit_fraction
    if cause is None or fraction is None:
        return None
    mine = [o for o in exits if o.purpose is Purpose.EXIT and o.cause == cause]
    if any(o.status in LIVE or o.status is OrderStatus.FILLED for o in mine):
        return None
    retry_at = _retry_after(mine, Purpose.EXIT, now)
    if retry_at is not None:
        return retry_at
    # The share is of what was held when the exit was asked for: what a cut-off try has sold belongs to it.
    sold = sum((o.filled_quantity for o in mine), ZERO)
    quantity = instrument.floor_quantity(max((trade.coverable + sold) * fraction - sold, ZERO))
    if not is_tradable(instrument, quantity, trade.entry_average or ZERO):
        if sold > ZERO and fraction < ONE:
            return None
        quantity = trade.coverable
    leg = len(mine)
    return Intent(
        intent_id=exit_intent_id(trade.trade_id, cause, leg),
        purpose=Purpose.EXIT,
        leg=leg,
        order_type=OrderType.MARKET,
        quantity=quantity,
        cover_version=trade.cover_version,
        cause=cause,
    )


def _stop_order(trade: Trade, quantity: Decimal, leg: int) -> Intent:
    return Intent(
        intent_id=cover_intent_id(trade.trade_id, Purpose.STOP, leg, trade.cover_version + 1),
        purpose=Purpose.STOP,
        leg=leg,
        order_type=OrderType.STOP,
        quantity=quantity,
        stop_price=trade.stop_price,
        cover_version=trade.cover_version + 1,
    )


def _missing_targets(trade: Trade, orders: tuple[Order, ...], instrument: Instrument) -> list[Intent]:
    if trade.exit_cause is not None or not trade.targets or not _entries_over(orders):
        return []
    known = {
        (o.leg, o.limit_price)
        for o in orders
        if o.purpose is Purpose.TARGET and (o.status in LIVE or o.filled_quantity > ZERO)
    }
    failed = sum(1 for o in orders if o.purpose is Purpose.TARGET and o.status is OrderStatus.REJECTED)
    if failed >= len(_RETRY_SECONDS):
        return []
    current = {(leg, target.price) for leg, target in enumerate(trade.targets)}
    mine = [o for o in orders if o.purpose is Purpose.TARGET and (o.leg, o.limit_price) in current]
    is_begun = any(o.filled_quantity > ZERO for o in mine)
    # Targets that replace others share what is left; those that go on keep the share they were given.
    total = instrument.floor_quantity(trade.held + trade.exited) if is_begun else trade.coverable
    free = trade.coverable - sum((o.remaining for o in mine if o.status in LIVE), ZERO)
    missing: list[Intent] = []
    for leg, (target, share) in enumerate(
        zip(trade.targets, target_quantities(trade.targets, total, instrument), strict=True)
    ):
        quantity = min(share, free)
        if (leg, target.price) not in known and is_tradable(instrument, quantity, target.price):
            free -= quantity
            missing.append(_target_order(trade, target, quantity, leg))
    return missing


def _target_order(trade: Trade, target: Target, quantity: Decimal, leg: int) -> Intent:
    return Intent(
        intent_id=cover_intent_id(trade.trade_id, Purpose.TARGET, leg, trade.cover_version + 1),
        purpose=Purpose.TARGET,
        leg=leg,
        order_type=OrderType.LIMIT,
        quantity=quantity,
        limit_price=target.price,
        cover_version=trade.cover_version + 1,
    )


def target_quantities(
    targets: tuple[Target, ...], total: Decimal, instrument: Instrument
) -> tuple[Decimal, ...]:
    """Split a quantity over targets; small legs are merged into the last one that is large enough."""
    sizes: list[Decimal] = []
    given = carried = ZERO
    for target in targets:
        wanted = instrument.floor_quantity(total * target.fraction + carried)
        if is_tradable(instrument, wanted, target.price):
            sizes.append(wanted)
            given += wanted
            carried = ZERO
        else:
            sizes.append(ZERO)
            carried += total * target.fraction
    for i in reversed(range(len(sizes))):
        if sizes[i] > ZERO:
            sizes[i] += total - given
            break
    return tuple(sizes)


def even_targets(prices: tuple[Decimal, ...]) -> tuple[Target, ...]:
    """Give each target the same share of the position."""
    return tuple(Target(price, Decimal(1) / len(prices)) for price in prices)


def _stale_targets(trade: Trade, exits: list[Order]) -> list[Order]:
    wanted = {(leg, target.price) for leg, target in enumerate(trade.targets)}
    return [
        o
        for o in exits
        if o.purpose is Purpose.TARGET and o.status in LIVE and (o.leg, o.limit_price) not in wanted
    ]


def _retry_after(exits: Iterable[Order], purpose: Purpose, now: datetime) -> datetime | None:
    """Return when a refused order may be tried again; None for at once. Cover is never given up."""
    refused = [
        o for o in exits if o.purpose is purpose and o.status in {OrderStatus.REJECTED, OrderStatus.ABANDONED}
    ]
    last = max((o.sent_at for o in refused if o.sent_at is not None), default=None)
    if last is None:
        return None
    due = last + timedelta(seconds=_RETRY_SECONDS[min(len(refused), len(_RETRY_SECONDS)) - 1])
    return due if due > now else None


def _next_leg(exits: Iterable[Order], purpose: Purpose) -> int:
    return max((o.leg for o in exits if o.purpose is purpose), default=-1) + 1


def _ids(orders: Iterable[Order]) -> tuple[str, ...]:
    return tuple(o.order_id for o in orders if not o.cancel_requested)

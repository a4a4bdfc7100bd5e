"""Cover where every resting exit holds its quantity: pairs of a stop and a target (OCO), and stops alone.

The position is cut into parts. A part is one stop, with the target that was written with it or alone; it
holds its quantity until it ends. So nothing is placed into what another order still holds, a market exit first
takes parts away, and what is free is covered in the same plan that finds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.exits import plan_exit, retry_after
from shared.domain.identifiers import pair_id_of
from shared.domain.instruments import Instrument
from shared.domain.intents import Intent
from shared.domain.ladder import is_tradable
from shared.domain.money import ZERO
from shared.domain.order_status import LIVE, RESTING, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.stops import TARGET_PASSED_CODE, entries_over, next_stop_leg, not_yet_asked, stop_intent
from shared.domain.targets import current_targets, sold_at, target_intent, target_shares
from shared.domain.trades import Trade

MOST_PAIRS = 4
"""Venues bound resting stops per symbol (Binance: 5 at once); one place is kept free."""

_TARGET_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Part:
    """A live stop with its live target, or one of them alone."""

    stop: Order | None
    target: Order | None

    @property
    def quantity(self) -> Decimal:
        """What the venue holds for it."""
        return max((o.remaining for o in self.orders), default=ZERO)

    @property
    def orders(self) -> tuple[Order, ...]:
        return tuple(o for o in (self.stop, self.target) if o is not None)

    @property
    def is_lone(self) -> bool:
        return self.target is None


@dataclass(frozen=True, slots=True)
class _Desk:
    """A trade at a holding venue, with what its parts hold and what its targets still lack."""

    trade: Trade
    exits: Sequence[Order]
    instrument: Instrument
    parts: tuple[_Part, ...]
    lacking: dict[int, Decimal]
    watched: tuple[Decimal, ...]
    terms: CoverTerms

    @property
    def held(self) -> Decimal:
        """What live parts and market exits hold."""
        leaving = (o.remaining for o in self.exits if o.purpose is Purpose.EXIT and o.status in LIVE)
        return sum((part.quantity for part in self.parts), ZERO) + sum(leaving, ZERO)

    @property
    def free(self) -> Decimal:
        return self.instrument.floor_quantity(max(self.trade.coverable - self.held, ZERO))


def plan_holding(
    trade: Trade,
    orders: tuple[Order, ...],
    exits: Sequence[Order],
    instrument: Instrument,
    now: datetime,
    terms: CoverTerms,
) -> CoverPlan:
    """Compare wanted with actual cover; `exits` are those of `orders` that are no entries."""
    parts = _parts(exits)
    # Where no target can rest beside a stop, we watch them; the stop is cut into their shares all the same.
    lacking = {} if terms.style is CoverStyle.SINGLE else _lacking(trade, orders, instrument)
    desk = _Desk(
        trade, exits, instrument, parts, lacking, _watched_shares(trade, orders, instrument, terms), terms
    )
    leaving = plan_exit(trade, exits, instrument, now)
    retries = [leaving] if isinstance(leaving, datetime) else []
    if isinstance(leaving, Intent):
        return _leave(desk, leaving)
    stale, replaced = _stale(desk)
    refused_move = retry_after(_refused_moves(desk), now) if replaced else None
    if refused_move is not None:
        # The venue has refused this very move: the old stop stays until it is tried again.
        retries, replaced = [*retries, refused_move], []
    place, waits = _cover_free(desk, stale, now)
    retries += [waits] if waits else []
    place = [*replaced, *place]
    cancel = not_yet_asked(order for part in stale for order in part.orders)
    return CoverPlan(tuple(place), cancel, min(retries, default=None), is_waiting=bool(stale))


def _parts(exits: Sequence[Order]) -> tuple[_Part, ...]:
    live = [o for o in exits if o.status in LIVE and o.purpose is not Purpose.EXIT]
    # While a replacement is on its way the two are one part: only one of them can rest.
    going = {o.replaces for o in live if o.replaces is not None}
    stops = [o for o in live if o.purpose is Purpose.STOP and o.order_id not in going]
    targets = {o.pair_id or o.order_id: o for o in live if o.purpose is Purpose.TARGET}
    parts = [_Part(stop, targets.pop(stop.pair_id or stop.order_id, None)) for stop in stops]
    return (*parts, *(_Part(None, target) for target in targets.values()))


def _lacking(trade: Trade, orders: tuple[Order, ...], instrument: Instrument) -> dict[int, Decimal]:
    """Return for each target that wants a pair what no order of it sells or has sold."""
    if trade.exit_cause is not None or not entries_over(orders):
        return {}
    current = current_targets(trade, orders)
    lacking: dict[int, Decimal] = {}
    for leg, share in enumerate(target_shares(_with_few_targets(trade), orders, instrument)):
        own = [o for o in current if o.leg == leg]
        done = sum((o.remaining if o.status in LIVE else ZERO for o in own), ZERO)
        done += sum((o.filled_quantity for o in own), ZERO)
        quantity = share - done
        if not _is_given_up(own) and is_tradable(instrument, quantity, trade.targets[leg].price):
            lacking[leg] = quantity
    return lacking


def _watched_shares(
    trade: Trade, orders: tuple[Order, ...], instrument: Instrument, terms: CoverTerms
) -> tuple[Decimal, ...]:
    """Return the share of each target that we watch, so that a touch frees no more than what is to be sold."""
    if terms.style is not CoverStyle.SINGLE or trade.stop_price is None or not entries_over(orders):
        return ()
    few = _with_few_targets(trade)
    left = (
        share - sold_at(few, orders, leg) for leg, share in enumerate(target_shares(few, orders, instrument))
    )
    stop_price = trade.stop_price
    return tuple(share for share in left if is_tradable(instrument, share, stop_price))


def _with_few_targets(trade: Trade) -> Trade:
    """Join the shares of targets beyond the venue's bound to the last one that has a pair of its own."""
    if len(trade.targets) <= MOST_PAIRS:
        return trade
    kept = trade.targets[: MOST_PAIRS - 1]
    rest = sum((target.fraction for target in trade.targets[MOST_PAIRS - 1 :]), ZERO)
    last = replace(trade.targets[MOST_PAIRS - 1], fraction=rest)
    return replace(trade, targets=(*kept, last))


def _is_given_up(own: Sequence[Order]) -> bool:
    refused = [o for o in own if o.status is OrderStatus.REJECTED]
    return len(refused) >= _TARGET_TRIES or any(o.code == TARGET_PASSED_CODE for o in refused)


def _leave(desk: _Desk, leaving: Intent) -> CoverPlan:
    """Take as many parts away as the exit needs; then it goes, and the next plan covers what is left."""
    if leaving.quantity <= desk.free:
        return CoverPlan((leaving,))
    needed = leaving.quantity - desk.free
    chosen = _parts_for(desk, needed)
    gone = not_yet_asked(order for part in chosen for order in part.orders)
    return CoverPlan(cancel=gone, is_waiting=True)


def _parts_for(desk: _Desk, needed: Decimal) -> list[_Part]:
    """Choose what goes: the part that is just large enough, else the furthest targets, so that the nearest stay."""
    large = [part for part in desk.parts if part.quantity >= needed]
    if large and all(part.is_lone for part in desk.parts):
        return [min(large, key=lambda part: part.quantity)]
    furthest = sorted(desk.parts, key=lambda part: part.target.leg if part.target else -1, reverse=True)
    chosen: list[_Part] = []
    for part in furthest:
        if sum((taken.quantity for taken in chosen), ZERO) >= needed:
            break
        chosen.append(part)
    return chosen


def _stale(desk: _Desk) -> tuple[list[_Part], list[Intent]]:
    """Return the parts that must go, and replacements for those stops that need not go first."""
    wanted = {o.order_id for o in current_targets(desk.trade, tuple(desk.exits))}
    stale: list[_Part] = []
    replaced: list[Intent] = []
    leg = next_stop_leg(desk.exits)
    for part in desk.parts:
        is_right = part.stop is not None and part.stop.stop_price == desk.trade.stop_price
        if part.target is not None:
            if not is_right or part.target.order_id not in wanted:
                stale.append(part)
        elif part.stop is not None and not is_right and _is_replaceable(desk, part.stop):
            replaced.append(stop_intent(desk.trade, part.quantity, leg, replaces=part.stop.order_id))
            leg += 1
        elif not is_right or desk.lacking:
            # A lone stop whose quantity a target wants: stop and target can only be written together.
            stale.append(part)
    return stale, replaced


def _refused_moves(desk: _Desk) -> list[Order]:
    moves = (o for o in desk.exits if o.purpose is Purpose.STOP and o.replaces is not None)
    return [o for o in moves if o.stop_price == desk.trade.stop_price]


def _is_replaceable(desk: _Desk, stop: Order) -> bool:
    can = desk.terms.replaces_stops and not desk.lacking
    return can and stop.status in RESTING and not stop.cancel_requested


def _cover_free(desk: _Desk, stale: Sequence[_Part], now: datetime) -> tuple[list[Intent], datetime | None]:
    """Cover what no order holds: pairs for targets that lack one, then a stop alone."""
    free = desk.free
    if free <= ZERO:
        return [], None
    stops = [o for o in desk.exits if o.purpose is Purpose.STOP and not _fell_with_its_target(o)]
    retry_at = retry_after(stops, now)
    if retry_at is not None:
        return [], retry_at
    place: list[Intent] = []
    leg = next_stop_leg(desk.exits)
    for number, quantity in desk.lacking.items():
        # While old parts go, a share is placed when all of it is free: no crumbs.
        if quantity <= free or not stale:
            share = min(quantity, free)
            if is_tradable(desk.instrument, share, desk.trade.targets[number].price):
                place += _pair(desk.trade, number, share, leg)
                free, leg = free - share, leg + 1
    if not not_yet_asked(order for part in stale for order in part.orders):
        for quantity in _lone_quantities(desk, free):
            place.append(stop_intent(desk.trade, quantity, leg))
            leg += 1
    return place, None


def _lone_quantities(desk: _Desk, free: Decimal) -> list[Decimal]:
    """Cut what is free into stops: a share for each watched target that has none yet, and one for the rest."""
    stop_price = desk.trade.stop_price or ZERO
    there = [part.quantity for part in desk.parts]
    sizes: list[Decimal] = []
    for share in desk.watched:
        if share in there:
            there.remove(share)
        elif share <= free:
            sizes.append(share)
            free -= share
    if is_tradable(desk.instrument, free, stop_price):
        return [*sizes, free]
    # A crumb goes with the last share rather than without a stop.
    return [*sizes[:-1], sizes[-1] + free] if sizes else []


def _fell_with_its_target(stop: Order) -> bool:
    """Tell whether a stop was refused for its target's sake: then a stop alone need not wait."""
    is_refused = stop.status is OrderStatus.REJECTED and stop.pair_id is not None
    return is_refused and stop.code not in {"INSUFFICIENT_FUNDS", "UNAUTHORIZED", "MARKET_CLOSED"}


def _pair(trade: Trade, number: int, quantity: Decimal, leg: int) -> list[Intent]:
    pair = pair_id_of(trade.trade_id, number, leg, trade.cover_version + 1)
    return [
        stop_intent(trade, quantity, leg, pair_id=pair),
        target_intent(trade, number, quantity, pair_id=pair),
    ]

"""Cover where exits hold nothing and only reduce: a stop for all, targets beside it, and the new before the old.

The venue never sells more than the position, so two stops may rest for a moment: one that has become too large, or
stands at an old price, goes when the one that takes its place has been accepted. No second of it is naked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.cover import CoverPlan, CoverTerms
from shared.domain.exits import plan_leaving, retry_after
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.order_status import LIVE, RESTING
from shared.domain.orders import Order, Purpose
from shared.domain.stops import next_stop_leg, not_yet_asked, stop_intent
from shared.domain.targets import missing_targets, stale_targets
from shared.domain.trades import Trade
from shared.domain.trailing import is_trailing, plan_trailing


@dataclass(frozen=True, slots=True)
class _Stops:
    """What of the live stops stays, what goes, and for how much a new one is missing."""

    gone: tuple[Order, ...] = ()
    missing: Decimal = ZERO
    is_waiting: bool = False


def plan_sharing(
    trade: Trade,
    orders: tuple[Order, ...],
    exits: Sequence[Order],
    instrument: Instrument,
    now: datetime,
    terms: CoverTerms,
) -> CoverPlan:
    """Compare wanted with actual cover; `exits` are those of `orders` that are no entries."""
    leaving = plan_leaving(trade, exits, instrument, now)
    place, retries = list(leaving.place), list(leaving.retries)
    # While all of it leaves, every stop stays: whatever the exit meets, the position is covered.
    to_cover = instrument.floor_quantity(max(leaving.to_cover, ZERO))
    stops = _compare(trade, exits, to_cover) if to_cover > ZERO else _Stops()
    trailing = plan_trailing(trade, exits, to_cover, terms) if to_cover > ZERO else CoverPlan()
    if stops.missing > ZERO:
        standing = [o for o in exits if o.purpose is Purpose.STOP and not is_trailing(o)]
        retry_at = retry_after(standing, now)
        if retry_at is not None:
            retries.append(retry_at)
        else:
            place.append(stop_intent(trade, stops.missing, next_stop_leg(exits)))
    if trailing.place:
        retry_at = retry_after([o for o in exits if is_trailing(o)], now)
        # Until it is tried again nobody trails: the trade must be looked at then.
        retries += [retry_at] if retry_at is not None else []
        place += trailing.place if retry_at is None else ()
    stale = stale_targets(trade, exits)
    if not stale:
        place += missing_targets(trade, orders, instrument)
    return CoverPlan(
        tuple(place),
        (*not_yet_asked((*stops.gone, *stale)), *trailing.cancel),
        min(retries, default=None),
        is_waiting=stops.is_waiting or trailing.is_waiting or bool(stops.gone or stale),
    )


def _compare(trade: Trade, exits: Sequence[Order], to_cover: Decimal) -> _Stops:
    live = [o for o in exits if o.purpose is Purpose.STOP and o.status in LIVE and not is_trailing(o)]
    right = [o for o in live if o.stop_price == trade.stop_price and not o.cancel_requested]
    covered = sum((o.remaining for o in right), ZERO)
    if covered < to_cover:
        return _Stops(missing=to_cover - covered, is_waiting=len(live) > len(right))
    kept = right
    if covered > to_cover:
        kept = [o for o in reversed(right) if o.remaining == to_cover][:1]
        if not kept:
            return _Stops(missing=to_cover, is_waiting=True)
    gone = [o for o in live if o not in kept]
    if gone and any(o.status not in RESTING for o in kept):
        return _Stops(is_waiting=True)
    return _Stops(gone=tuple(gone))

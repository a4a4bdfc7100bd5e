"""Cover where exits are linked: one stop for all and a target beside it for each share."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.cover import CoverPlan
from shared.domain.exits import plan_leaving, retry_after
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.order_status import LIVE
from shared.domain.orders import Order, Purpose
from shared.domain.stops import next_stop_leg, not_yet_asked, stop_intent
from shared.domain.targets import missing_targets, stale_targets
from shared.domain.trades import Trade


def plan_linked(
    trade: Trade, orders: tuple[Order, ...], exits: Sequence[Order], instrument: Instrument, now: datetime
) -> CoverPlan:
    """Compare wanted with actual cover; `exits` are those of `orders` that are no entries."""
    leaving = plan_leaving(trade, exits, instrument, now)
    place, retries = list(leaving.place), list(leaving.retries)
    stops = [o for o in exits if o.purpose is Purpose.STOP and o.status in LIVE]
    right = [o for o in stops if o.stop_price == trade.stop_price]
    # A venue holds what an order promises: an old level goes before the new one can come, and the
    # seconds between are counted as naked.
    stale = [o for o in stops if o.stop_price != trade.stop_price] + stale_targets(trade, exits)
    lacking = leaving.to_cover - sum((o.remaining for o in right), ZERO)
    missing = instrument.floor_quantity(max(lacking, ZERO))
    if missing > ZERO and len(right) == len(stops):
        retry_at = retry_after([o for o in exits if o.purpose is Purpose.STOP], now)
        if retry_at is not None:
            retries.append(retry_at)
        else:
            place.append(stop_intent(trade, missing, next_stop_leg(exits)))
    if not stale:
        place += missing_targets(trade, orders, instrument)
    return CoverPlan(tuple(place), not_yet_asked(stale), min(retries, default=None), is_waiting=bool(stale))

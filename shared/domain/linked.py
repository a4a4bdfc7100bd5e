"""Cover where exits are linked: one stop for all and a target beside it for each share."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.cover import CoverPlan
from shared.domain.exits import RETRY_SECONDS, plan_exit, retry_after
from shared.domain.instruments import Instrument
from shared.domain.intents import Intent
from shared.domain.ladder import is_tradable
from shared.domain.money import ZERO
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.stops import entries_over, next_stop_leg, not_yet_asked, stop_intent
from shared.domain.targets import current_targets, stale_targets, target_intent, target_shares
from shared.domain.trades import Trade


def plan_linked(
    trade: Trade, orders: tuple[Order, ...], exits: Sequence[Order], instrument: Instrument, now: datetime
) -> CoverPlan:
    """Compare wanted with actual cover; `exits` are those of `orders` that are no entries."""
    leaving = plan_exit(trade, exits, instrument, now)
    retries: list[datetime] = []
    if isinstance(leaving, datetime):
        # A refused exit waits for its next try; until then the position is covered like any other.
        retries, leaving = [leaving], None
    live_exits = sum((o.remaining for o in exits if o.purpose is Purpose.EXIT and o.status in LIVE), ZERO)
    to_cover = trade.coverable - live_exits - (leaving.quantity if leaving else ZERO)
    stops = [o for o in exits if o.purpose is Purpose.STOP and o.status in LIVE]
    right = [o for o in stops if o.stop_price == trade.stop_price]
    # A venue holds what an order promises: an old level goes before the new one can come, and the
    # seconds between are counted as naked.
    stale = [o for o in stops if o.stop_price != trade.stop_price] + stale_targets(trade, exits)
    place: list[Intent] = [leaving] if leaving else []
    missing = instrument.floor_quantity(max(to_cover - sum((o.remaining for o in right), ZERO), ZERO))
    if missing > ZERO and len(right) == len(stops):
        retry_at = retry_after([o for o in exits if o.purpose is Purpose.STOP], now)
        if retry_at is not None:
            retries.append(retry_at)
        else:
            place.append(stop_intent(trade, missing, next_stop_leg(exits)))
    if not stale:
        place += _missing_targets(trade, orders, instrument)
    return CoverPlan(tuple(place), not_yet_asked(stale), min(retries, default=None), is_waiting=bool(stale))


def _missing_targets(trade: Trade, orders: tuple[Order, ...], instrument: Instrument) -> list[Intent]:
    if trade.exit_cause is not None or not trade.targets or not entries_over(orders):
        return []
    known = {
        (o.leg, o.limit_price)
        for o in orders
        if o.purpose is Purpose.TARGET and (o.status in LIVE or o.filled_quantity > ZERO)
    }
    failed = sum(1 for o in orders if o.purpose is Purpose.TARGET and o.status is OrderStatus.REJECTED)
    if failed >= len(RETRY_SECONDS):
        return []
    live = (o.remaining for o in current_targets(trade, orders) if o.status in LIVE)
    free = trade.coverable - sum(live, ZERO)
    missing: list[Intent] = []
    for leg, (target, share) in enumerate(
        zip(trade.targets, target_shares(trade, orders, instrument), strict=True)
    ):
        quantity = min(share, free)
        if (leg, target.price) not in known and is_tradable(instrument, quantity, target.price):
            free -= quantity
            missing.append(target_intent(trade, leg, quantity))
    return missing

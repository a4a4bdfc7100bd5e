"""Cover where nothing can rest: stop and targets are watched by us, and an order leaves when one is touched."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.cover import CoverPlan
from shared.domain.exits import plan_exit
from shared.domain.instruments import Instrument
from shared.domain.order_status import LIVE
from shared.domain.orders import Order, Purpose
from shared.domain.stops import not_yet_asked
from shared.domain.trades import Trade


def plan_managed(trade: Trade, exits: Sequence[Order], instrument: Instrument, now: datetime) -> CoverPlan:
    """Say what leaves now; what rests from other terms (a whole share that became a part of one) goes first."""
    resting = [o for o in exits if o.purpose is not Purpose.EXIT and o.status in LIVE]
    if resting:
        return CoverPlan(cancel=not_yet_asked(resting), is_waiting=True)
    leaving = plan_exit(trade, exits, instrument, now)
    if isinstance(leaving, datetime):
        return CoverPlan(retry_at=leaving)
    return CoverPlan((leaving,)) if leaving is not None else CoverPlan()

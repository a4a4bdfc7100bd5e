"""A stop that trails at the venue itself, beside the stop that stands still; and when it is ours to move instead."""

from collections.abc import Sequence
from decimal import Decimal

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.identifiers import cover_intent_id
from shared.domain.intents import Intent
from shared.domain.money import ZERO
from shared.domain.order_status import LIVE, RESTING, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.stops import next_stop_leg, not_yet_asked
from shared.domain.trades import Trade

LEAST, MOST, STEP = Decimal("0.1"), Decimal(10), Decimal("0.1")
"""Distances in percent that venues trail at (Binance's callback rate); others are ours to follow."""

_TRIES = 3


def trails_at_venue(trade: Trade, orders: Sequence[Order], terms: CoverTerms) -> bool:
    """Tell whether the venue moves the stop: it can, at this distance, and it has not refused for good.

    Only where exits share the position: elsewhere the trailing stop would hold what the standing one needs.
    """
    percent = trade.trail_percent
    if percent is None or not terms.trails or terms.style is not CoverStyle.REDUCE_ONLY:
        return False
    if not LEAST <= percent <= MOST or percent % STEP != ZERO:
        return False
    refused = [o for o in orders if is_trailing(o) and o.status is OrderStatus.REJECTED]
    return len(refused) < _TRIES


def is_trailing(order: Order) -> bool:
    """Tell whether an order is a stop that the venue moves."""
    return order.order_type is OrderType.TRAILING_STOP


def plan_trailing(trade: Trade, exits: Sequence[Order], to_cover: Decimal, terms: CoverTerms) -> CoverPlan:
    """Say which trailing stops are missing or superfluous, the new one before the old one goes.

    One that is smaller than the position stays: to place it anew would lose the best price that it has seen.
    """
    live = [o for o in exits if is_trailing(o) and o.status in LIVE]
    if not trails_at_venue(trade, exits, terms):
        return CoverPlan(cancel=not_yet_asked(live))
    right = [o for o in live if o.trail_percent == trade.trail_percent and not o.cancel_requested]
    covered = sum((o.remaining for o in right), ZERO)
    stale = [o for o in live if o not in right]
    if covered < to_cover:
        return CoverPlan((_trailing_intent(trade, to_cover - covered, exits),), is_waiting=bool(stale))
    if stale and any(o.status not in RESTING for o in right):
        return CoverPlan(is_waiting=True)
    return CoverPlan(cancel=not_yet_asked(stale), is_waiting=bool(stale))


def _trailing_intent(trade: Trade, quantity: Decimal, exits: Sequence[Order]) -> Intent:
    version, leg = trade.cover_version + 1, next_stop_leg(exits) + 1
    return Intent(
        intent_id=cover_intent_id(trade.trade_id, Purpose.STOP, leg, version),
        purpose=Purpose.STOP,
        leg=leg,
        order_type=OrderType.TRAILING_STOP,
        quantity=quantity,
        cover_version=version,
        trail_percent=trade.trail_percent,
    )

"""Entries that wait for their price: once the market has been at the stop or the first target, they come too late."""

from collections.abc import Mapping

from shared.brokers.base import Quote
from shared.domain.entry import has_passed_by
from shared.domain.order_status import AT_VENUE
from shared.domain.orders import Purpose
from shared.models import orders, trades
from worker.context import Context
from worker.pipeline.cancel import cancel_orders

PASSED_BY = "TARGET_BEFORE_ENTRY"


def drop_passed_by(context: Context, venue: str, environment: str, quotes: Mapping[str, Quote]) -> int:
    """Cancel resting entries of trades that never filled and whose stop or first target was touched; count them."""
    passed = [
        trade.trade_id
        for trade in trades.pending_at(venue, environment, quotes)
        if has_passed_by(trade, quotes[trade.symbol].bid, quotes[trade.symbol].ask)
    ]
    if not passed:
        return 0
    resting = [
        order.order_id
        for order in orders.of_trades(passed)
        if order.purpose is Purpose.ENTRY and order.status in AT_VENUE and not order.cancel_requested
    ]
    if resting:
        cancel_orders(context, resting, code=PASSED_BY)
    return len(resting)

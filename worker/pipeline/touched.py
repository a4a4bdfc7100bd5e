"""What prices say of orders that rest: which entries come too late, and which orders the market has reached.

A price is a hint and never a fact: it says when to ask the venue, and what the venue answers is what counts.
"""

from collections.abc import Mapping, Sequence

from shared.brokers.base import Quote
from shared.domain.entry import has_passed_by
from shared.domain.order_status import AT_VENUE
from shared.domain.orders import Purpose
from shared.models import due, orders, trades
from worker.context import Context, utc_now
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


def hasten_looks(venue: str, environment: str, quotes: Sequence[Quote]) -> int:
    """Let orders be asked about at once whose price the market has reached; count them."""
    touched = trades.touched_at(venue, environment, {q.symbol: (q.bid, q.ask) for q in quotes})
    return due.look_now(touched, utc_now()) if touched else 0

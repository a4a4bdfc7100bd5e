"""Cancels: asked for in the database first, then at the venue; they may be repeated."""

import asyncio
from collections.abc import Sequence

from shared.brokers.base import NotFound
from shared.domain.errors import TradeError
from shared.domain.order_status import AT_VENUE, OrderStatus
from shared.domain.orders import Order, OrderReport
from shared.logs import get_logger
from shared.models import accounts, orders
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

CANCEL_SECONDS = 10.0


def cancel_orders(context: Context, order_ids: Sequence[str], *, code: str = "WITHDRAWN") -> str:
    """Withdraw what was not sent and cancel what rests; what is unresolved is cancelled when it resolves."""
    orders.request_cancel(order_ids)
    now = utc_now()
    touched: set[str] = set()
    resting: list[Order] = []
    for order in orders.find_many(order_ids):
        if order.status is OrderStatus.INITIALIZED:
            orders.compare_and_set(order, OrderStatus.CANCELED, now, code=code, unsettled=True)
            touched.add(order.trade_id)
        elif order.status in AT_VENUE:
            resting.append(order)
    reports = context.loop.run(_cancel_all(context, resting), CANCEL_SECONDS + 5) if resting else []
    for order, report in zip(resting, reports, strict=True):
        touched.add(order.trade_id)
        if report is not None:
            apply_report(order, report, now)
        elif order.status is not OrderStatus.PENDING_CANCEL:
            orders.compare_and_set(order, OrderStatus.PENDING_CANCEL, now)
    settle_trades(context, touched)
    return f"{len(resting)} asked to cancel"


async def _cancel_all(context: Context, resting: Sequence[Order]) -> list[OrderReport | None]:
    known = await asyncio.to_thread(accounts.find_many, {order.account_id for order in resting})

    async def cancel(order: Order) -> OrderReport | None:
        try:
            broker = context.broker(known[order.account_id])
            answer = await asyncio.wait_for(broker.cancel_order(order.lookup()), CANCEL_SECONDS)
        except (TradeError, TimeoutError) as error:
            # A failed cancel proves nothing; the reconciler asks, and the cancel is repeated.
            log.warning("order.cancel_failed", order_id=order.order_id, error=str(error)[:200])
            return None
        return None if isinstance(answer, NotFound) else answer

    return list(await asyncio.gather(*(cancel(order) for order in resting)))

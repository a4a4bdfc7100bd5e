"""Cancels: asked for in the database first, then at the venue; they may be repeated."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

from shared.brokers.base import NotFound, PairingBroker
from shared.domain.accounts import Account
from shared.domain.errors import TradeError
from shared.domain.order_status import AT_VENUE, OrderStatus
from shared.domain.orders import Order, OrderReport, PairLookup, Purpose
from shared.logs import get_logger
from shared.models import accounts, orders
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

CANCEL_SECONDS = 10.0

_Told = tuple[Order, OrderReport | None]


def cancel_orders(context: Context, order_ids: Sequence[str], *, code: str = "WITHDRAWN") -> str:
    """Withdraw what was not sent and cancel what rests; what is unresolved is cancelled when it resolves."""
    orders.request_cancel(order_ids, code)
    now = utc_now()
    touched: set[str] = set()
    resting: list[Order] = []
    for order in orders.find_many(order_ids):
        if order.status is OrderStatus.INITIALIZED:
            orders.compare_and_set(order, OrderStatus.CANCELED, now, code=code, unsettled=True)
            touched.add(order.trade_id)
        elif order.status in AT_VENUE:
            resting.append(order)
    told = context.loop.run(_cancel_all(context, resting), CANCEL_SECONDS + 5) if resting else []
    for order, report in told:
        touched.add(order.trade_id)
        if report is not None:
            apply_report(order, report, now)
        elif order.status is not OrderStatus.PENDING_CANCEL:
            orders.compare_and_set(order, OrderStatus.PENDING_CANCEL, now)
    settle_trades(context, touched)
    return f"{len(resting)} asked to cancel"


async def _cancel_all(context: Context, resting: Sequence[Order]) -> list[_Told]:
    known = await asyncio.to_thread(accounts.find_many, {order.account_id for order in resting})
    told = await asyncio.gather(*(_cancel(context, known, orders_) for orders_ in _writes(resting)))
    return [pair for pairs in told for pair in pairs]


def _writes(resting: Sequence[Order]) -> list[tuple[Order, ...]]:
    """Group what one cancel takes away: a stop with the target that was written with it, else one order."""
    targets = {o.pair_id: o for o in resting if o.pair_id and o.purpose is Purpose.TARGET}
    stops = {o.pair_id for o in resting if o.pair_id in targets and o.purpose is Purpose.STOP}
    singles = [o for o in resting if o.pair_id not in stops or o.purpose is Purpose.STOP]
    return [(o, targets[o.pair_id]) if o.pair_id in stops else (o,) for o in singles]


async def _cancel(context: Context, known: Mapping[str, Account], together: tuple[Order, ...]) -> list[_Told]:
    try:
        broker = context.broker(known[together[0].account_id])
        if len(together) == 1:
            answer = await asyncio.wait_for(broker.cancel_order(together[0].lookup()), CANCEL_SECONDS)
            return [(together[0], None if isinstance(answer, NotFound) else answer)]
        stop, target = together
        pair = PairLookup(stop.pair_id or "", stop.lookup(), target.lookup())
        both = await asyncio.wait_for(cast("PairingBroker", broker).cancel_pair(pair), CANCEL_SECONDS)
        return (
            [(o, None) for o in together]
            if isinstance(both, NotFound)
            else [(stop, both[0]), (target, both[1])]
        )
    except (TradeError, TimeoutError) as error:
        # A failed cancel proves nothing; the reconciler asks, and the cancel is repeated.
        log.warning("order.cancel_failed", order_id=together[0].order_id, error=str(error)[:200])
        return [(order, None) for order in together]

"""Ask venues about everything that is due: unknown outcomes, resting orders, missing fills, given-up orders."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.brokers.base import NotFound
from shared.brokers.weights import Call
from shared.domain.errors import TradeError
from shared.domain.order_status import AT_VENUE, UNRESOLVED
from shared.domain.orders import Order, OrderReport, Purpose
from shared.logs import get_logger
from shared.models import accounts, due, orders
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.budget import affordable
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.external import record_others
from worker.pipeline.follow import follow
from worker.pipeline.resolve import READ_SECONDS, resolve
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

LIMIT = 500
COVER = frozenset({Purpose.STOP, Purpose.TARGET})
PATIENCE = timedelta(seconds=10)
WATCHED_FOR = timedelta(hours=24)
LONGEST_WATCH = timedelta(hours=4)


def reconcile_due(context: Context) -> str:
    """Resolve unknown orders that are due, poll resting ones that are due, and look after what is left over."""
    now = utc_now()
    doubtful = due.take_due(UNRESOLVED, now, LIMIT)
    resting = _take_resting(now, is_busy=context.is_busy())
    resolved = resolve(context, doubtful)
    polled = follow(context, resting)
    record_others(polled)
    _fetch(context, due.take_lacking_fills(now, LIMIT))
    _watch_given_up(context)
    # A cancel that failed, or was asked for while the outcome was unknown, is asked for again.
    wanted = [order.order_id for order in due.cancels_wanted(LIMIT)]
    if wanted:
        cancel_orders(context, wanted)
    return f"{resolved} of {len(doubtful)} resolved, {len(polled)} polled for {len(resting)} resting"


def _take_resting(now: datetime, *, is_busy: bool) -> list[Order]:
    """Pick what rests and is due: entries first, because until it is covered a fill of one is a risk.

    While a fan-out is under way, cover that rests at the venue waits somewhat longer: nothing of it is at risk.
    """
    taken: list[Order] = []
    for purpose in (Purpose.ENTRY, Purpose.EXIT, Purpose.STOP, Purpose.TARGET):
        again_after = due.POLL_SECONDS[purpose]
        at = now - PATIENCE if is_busy and purpose in COVER else now
        taken += due.take_due(AT_VENUE, at, LIMIT - len(taken), purposes={purpose}, again_after=again_after)
        if len(taken) >= LIMIT:
            break
    return taken


def look_up(context: Context, order_ids: Sequence[str]) -> int:
    """Ask the venue about given orders now, whatever we think of them; return how many there are."""
    found = orders.find_many(order_ids)
    resolve(context, [order for order in found if order.status in UNRESOLVED])
    follow(context, [order for order in found if order.status in AT_VENUE])
    _fetch(context, [order for order in found if order.lacks_fills and order.status not in AT_VENUE])
    return len(found)


def _watch_given_up(context: Context) -> None:
    """Ask once more about orders that were proved not placed: a venue may accept one late."""
    now = utc_now()
    given_up = due.take_given_up(now, now - WATCHED_FOR, LIMIT)
    if not given_up:
        return
    _fetch(context, given_up)
    for order in given_up:
        age = now - (order.sent_at or order.created_at)
        due.schedule(order.order_id, now + min(age, LONGEST_WATCH), lookups=order.lookups + 1)
    late = [o for o in orders.find_many([o.order_id for o in given_up]) if o.status in AT_VENUE]
    if late:
        log.error("order.late_arrival", order_ids=[order.order_id for order in late])
        cancel_orders(context, [order.order_id for order in late], code="LATE_ARRIVAL")


def _fetch(context: Context, asked: Sequence[Order]) -> None:
    """Fold what the venue says of single orders, ended ones too; a failed question changes nothing."""
    allowed = affordable(
        context, asked, lambda o: context.pot(o.venue, o.environment, o.account_id), Call.ORDER
    )
    if not allowed:
        return
    reports = context.loop.run(_ask_all(context, allowed), READ_SECONDS * 2)
    now = utc_now()
    touched = {
        order.trade_id
        for order, report in zip(allowed, reports, strict=True)
        if report is not None and apply_report(order, report, now)
    }
    settle_trades(context, touched)


async def _ask_all(context: Context, asked: Sequence[Order]) -> list[OrderReport | None]:
    known = await asyncio.to_thread(accounts.find_many, {order.account_id for order in asked})

    async def ask(order: Order) -> OrderReport | None:
        try:
            broker = context.broker(known[order.account_id])
            answer = await asyncio.wait_for(broker.fetch_order(order.lookup()), READ_SECONDS)
        except (TradeError, TimeoutError, KeyError) as error:
            log.warning("order.lookup_failed", order_id=order.order_id, error=str(error)[:200])
            return None
        return None if isinstance(answer, NotFound) else answer

    return list(await asyncio.gather(*(ask(order) for order in asked)))

"""Ask venues: resolve what is unknown, follow what rests. Only an answer moves an order, never a silence."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.brokers.base import Broker, NotFound
from shared.database import database_now
from shared.domain.accounts import Account, Environment
from shared.domain.errors import TradeError
from shared.domain.identifiers import client_order_id
from shared.domain.order_status import AT_VENUE, UNRESOLVED, OrderStatus
from shared.domain.orders import Order, OrderReport, Purpose
from shared.logs import get_logger
from shared.models import accounts, orders
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

LIMIT = 500
READ_SECONDS = 8.0
LOOKUP_SECONDS = (1, 3, 8, 20, 60)
DEFAULT_WINDOW_SECONDS = 120
LOOK_BACK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What two endpoints said of one order; `is_missing` only where both were healthy and had nothing."""

    report: OrderReport | None = None
    is_missing: bool = False


def reconcile_due(context: Context) -> str:
    """Resolve unknown orders that are due and poll resting ones that are due."""
    now = utc_now()
    doubtful = orders.take_due(UNRESOLVED, now, LIMIT)
    resting = orders.take_due(AT_VENUE, now, LIMIT)
    resolved = resolve(context, doubtful)
    followed = _follow(context, resting)
    # A cancel that failed, or was asked for while the outcome was unknown, is asked for again.
    wanted = [order.order_id for order in orders.cancels_wanted(LIMIT)]
    if wanted:
        cancel_orders(context, wanted)
    return f"{resolved} of {len(doubtful)} resolved, {followed} of {len(resting)} resting moved"


def look_up(context: Context, order_ids: Sequence[str]) -> int:
    """Ask the venue about given orders now; return how many moved."""
    found = orders.find_many(order_ids)
    moved = resolve(context, [order for order in found if order.status in UNRESOLVED])
    return moved + _follow(context, [order for order in found if order.status in AT_VENUE])


def resolve(context: Context, doubtful: Sequence[Order]) -> int:
    """Look up orders whose outcome is unknown; return how many were resolved."""
    if not doubtful:
        return 0
    answers = context.loop.run(_ask_all(context, doubtful), READ_SECONDS * 2 + 5)
    now, database_time = utc_now(), database_now()
    touched: set[str] = set()
    resolved = 0
    for order, answer in zip(doubtful, answers, strict=True):
        if answer.report is not None:
            resolved += apply_report(order, answer.report, now)
            touched.add(order.trade_id)
        elif answer.is_missing and _is_proof(context, order, database_time):
            resolved += _give_up(order, now)
            touched.add(order.trade_id)
        else:
            _ask_later(order, now)
    settle_trades(context, touched)
    return resolved


async def _ask_all(context: Context, doubtful: Sequence[Order]) -> list[_Answer]:
    known = await asyncio.to_thread(accounts.find_many, {order.account_id for order in doubtful})
    return list(await asyncio.gather(*(_ask(context, known.get(o.account_id), o) for o in doubtful)))


async def _ask(context: Context, account: Account | None, order: Order) -> _Answer:
    if account is None:
        return _Answer()
    try:
        broker = context.broker(account)
        found = await asyncio.wait_for(broker.fetch_order(order.lookup()), READ_SECONDS)
        if not isinstance(found, NotFound):
            return _Answer(report=found)
        listed = await asyncio.wait_for(_second_endpoint(broker, order), READ_SECONDS)
    except (TradeError, TimeoutError) as error:
        # A failed question answers nothing: no move and no count.
        log.warning("order.lookup_failed", order_id=order.order_id, error=str(error)[:200])
        return _Answer()
    return _Answer(report=listed, is_missing=listed is None)


async def _second_endpoint(broker: Broker, order: Order) -> OrderReport | None:
    since = (order.sent_at or order.created_at) - LOOK_BACK
    reports = await broker.fetch_orders_since(order.symbol, since)
    return next((r for r in reports if r.client_order_id == order.client_order_id), None)


def _is_proof(context: Context, order: Order, database_time: datetime) -> bool:
    """Tell whether enough time has passed since the claim for a not-found to count."""
    sent_at = order.sent_at or order.created_at
    return database_time - sent_at >= timedelta(seconds=_window_seconds(context, order))


def _window_seconds(context: Context, order: Order) -> int:
    found = context.instruments(order.venue, order.environment, [order.symbol]).get(order.symbol)
    if found is None:
        return DEFAULT_WINDOW_SECONDS
    row = context.factory.find_capabilities(order.venue, Environment(order.environment), found.asset_class)
    return row.resolve_after_seconds if row else DEFAULT_WINDOW_SECONDS


def _give_up(order: Order, now: datetime) -> bool:
    """Proved not placed: an entry ends, an exit is tried again as its next attempt."""
    current: Order | None = order
    if order.status is OrderStatus.SUBMITTED:
        if not orders.compare_and_set(order, OrderStatus.UNKNOWN, now, code="NO_ANSWER"):
            return False
        current = orders.find(order.order_id)
    if current is None or current.status is not OrderStatus.UNKNOWN:
        return False
    won = orders.compare_and_set(current, OrderStatus.ABANDONED, now, code="NOT_PLACED", unsettled=True)
    if won and order.purpose is not Purpose.ENTRY and not order.cancel_requested:
        orders.create_many_once([_next_attempt(order, now)])
    return won


def _next_attempt(order: Order, now: datetime) -> Order:
    attempt = order.attempt + 1
    return replace(
        order,
        order_id=client_order_id(order.intent_id, attempt),
        attempt=attempt,
        status=OrderStatus.INITIALIZED,
        version=0,
        tries=0,
        lookups=0,
        code=None,
        claim_id=None,
        sent_at=None,
        created_at=now,
        next_check_at=now,
        unsettled=False,
    )


def _ask_later(order: Order, now: datetime) -> None:
    """Schedule the next look-up at 1, 3, 8, 20, 60 s after the send, then every 5 s around W."""
    sent_at = order.sent_at or order.created_at
    age = (now - sent_at).total_seconds()
    following = next((seconds for seconds in LOOKUP_SECONDS if seconds > age), None)
    due = now + timedelta(seconds=5)
    if following is not None:
        due = min(due, sent_at + timedelta(seconds=following))
    orders.schedule(order.order_id, max(due, now + timedelta(seconds=1)), lookups=order.lookups + 1)
    stale = order.status is OrderStatus.SUBMITTED and age > LOOKUP_SECONDS[2]
    if stale:
        orders.compare_and_set(order, OrderStatus.UNKNOWN, now, code="NO_ANSWER")


def _follow(context: Context, resting: Sequence[Order]) -> int:
    """Poll accounts with resting orders: one list per account, a targeted question for what is not on it."""
    if not resting:
        return 0
    reports = context.loop.run(_poll_all(context, resting), READ_SECONDS * 2 + 5)
    now = utc_now()
    touched: set[str] = set()
    for order in resting:
        report = reports.get(order.order_id)
        # What did not move has its next look already: `take_due` set it for all of them in one write.
        # One whose last move was not carried on is settled here: the sweep seldom meets it, because every poll
        # moves its next look on.
        if (report is not None and apply_report(order, report, now)) or order.unsettled:
            touched.add(order.trade_id)
    settle_trades(context, touched)
    return len(touched)


async def _poll_all(context: Context, resting: Sequence[Order]) -> dict[str, OrderReport]:
    by_account: dict[str, list[Order]] = {}
    for order in resting:
        by_account.setdefault(order.account_id, []).append(order)
    known = await asyncio.to_thread(accounts.find_many, set(by_account))
    polled = await asyncio.gather(
        *(_poll(context, account, by_account[account_id]) for account_id, account in known.items())
    )
    return {order_id: report for reports in polled for order_id, report in reports.items()}


async def _poll(context: Context, account: Account, resting: Sequence[Order]) -> dict[str, OrderReport]:
    found: dict[str, OrderReport] = {}
    try:
        broker = context.broker(account)
        listed = await asyncio.wait_for(broker.fetch_open_orders(), READ_SECONDS)
        by_id = {report.client_order_id: report for report in listed}
        for order in resting:
            report = by_id.get(order.client_order_id)
            if report is None or report.filled_quantity > order.filled_quantity:
                # Gone from the list, or grown: the order itself is asked, with its fills.
                answer = await asyncio.wait_for(broker.fetch_order(order.lookup()), READ_SECONDS)
                report = None if isinstance(answer, NotFound) else answer
            if report is not None:
                found[order.order_id] = report
    except (TradeError, TimeoutError) as error:
        log.warning("account.poll_failed", account_id=account.account_id, error=str(error)[:200])
    return found

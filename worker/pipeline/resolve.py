"""Find out what became of orders whose outcome is unknown: only an answer moves an order, never a silence."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.brokers.base import Broker, NotFound
from shared.brokers.weights import Call
from shared.database import database_now
from shared.domain.accounts import Account, Environment
from shared.domain.errors import TradeError
from shared.domain.identifiers import client_order_id
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderReport, Purpose
from shared.logs import get_logger
from shared.models import accounts, due, orders
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.budget import affordable
from worker.pipeline.last_look import FREEZE_AFTER
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

READ_SECONDS = 8.0
LOOKUP_SECONDS = (1, 3, 8, 20, 60)
DEFAULT_WINDOW_SECONDS = 120
LOOK_BACK = timedelta(seconds=60)
WATCHED_AFTER = timedelta(seconds=60)
"""An order that was given up is asked about again after a minute, then ever more seldom, for a day."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the venue said of one order; `is_missing` only where two endpoints were healthy and had nothing."""

    report: OrderReport | None = None
    is_missing: bool = False


def resolve(context: Context, doubtful: Sequence[Order]) -> int:
    """Look up orders whose outcome is unknown; return how many were resolved."""
    if not doubtful:
        return 0
    database_time = database_now()
    # A silence counts as proof only after W: before that nobody asks a second, dearer endpoint.
    may_prove = {o.order_id for o in doubtful if _is_old_enough(context, o, database_time)}
    asked = _afford(context, [o for o in doubtful if o.order_id not in may_prove], Call.ORDER)
    asked += _afford(context, [o for o in doubtful if o.order_id in may_prove], Call.ORDERS_SINCE)
    answers = context.loop.run(_ask_all(context, asked, may_prove), READ_SECONDS * 2 + 5)
    now = utc_now()
    touched: set[str] = set()
    resolved = 0
    for order, answer in zip(asked, answers, strict=True):
        if answer.report is not None:
            resolved += apply_report(order, answer.report, now)
            touched.add(order.trade_id)
        elif answer.is_missing:
            resolved += _give_up(order, now)
            touched.add(order.trade_id)
        else:
            _ask_later(order, now)
    settle_trades(context, touched)
    return resolved


def _afford(context: Context, doubtful: Sequence[Order], call: Call) -> list[Order]:
    return affordable(context, doubtful, lambda o: context.pot(o.venue, o.environment, o.account_id), call)


async def _ask_all(context: Context, asked: Sequence[Order], may_prove: set[str]) -> list[_Answer]:
    known = await asyncio.to_thread(accounts.find_many, {order.account_id for order in asked})
    return list(
        await asyncio.gather(
            *(_ask(context, known.get(o.account_id), o, o.order_id in may_prove) for o in asked)
        )
    )


async def _ask(context: Context, account: Account | None, order: Order, may_prove: bool) -> _Answer:
    if account is None:
        return _Answer()
    try:
        broker = context.broker(account)
        found = await asyncio.wait_for(broker.fetch_order(order.lookup()), READ_SECONDS)
        if not isinstance(found, NotFound):
            return _Answer(report=found)
        if not may_prove:
            return _Answer()
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


def _is_old_enough(context: Context, order: Order, database_time: datetime) -> bool:
    """Tell whether enough time has passed since the claim, by the database's clock, for a not-found to count."""
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
    won = orders.compare_and_set(
        current,
        OrderStatus.ABANDONED,
        now,
        code="NOT_PLACED",
        unsettled=True,
        next_check_at=now + WATCHED_AFTER,
        lookups=0,
    )
    # A target that was written with its stop comes back in the next plan, together with one.
    is_tried_again = order.purpose is not Purpose.ENTRY and not (
        order.pair_id and order.purpose is Purpose.TARGET
    )
    if won and is_tried_again and not order.cancel_requested:
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
    again_at = now + timedelta(seconds=5)
    if following is not None:
        again_at = min(again_at, sent_at + timedelta(seconds=following))
    due.schedule(order.order_id, max(again_at, now + timedelta(seconds=1)), lookups=order.lookups + 1)
    if order.status is OrderStatus.UNKNOWN and now - sent_at > FREEZE_AFTER:
        # Told with every look: an operator is to see it until it is over.
        log.error(
            "account.frozen", account_id=order.account_id, order_id=order.order_id, minutes=int(age // 60)
        )
    stale = order.status is OrderStatus.SUBMITTED and age > LOOKUP_SECONDS[2]
    if stale:
        orders.compare_and_set(order, OrderStatus.UNKNOWN, now, code="NO_ANSWER")

"""Follow what rests at venues: one list per account and symbol, a question for what is not on it or has grown."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.brokers.base import Broker, NotFound
from shared.brokers.weights import Call
from shared.domain.accounts import Account
from shared.domain.errors import TradeError
from shared.domain.orders import Order, OrderReport, Purpose
from shared.logs import get_logger
from shared.models import accounts
from worker.context import Context, utc_now
from worker.limits import Pot
from worker.pipeline.apply import apply_report
from worker.pipeline.budget import affordable, ask_side_by_side
from worker.pipeline.resolve import READ_SECONDS
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)


@dataclass
class Desk:
    """The resting orders of one account in one symbol."""

    account_id: str
    symbol: str
    pot: Pot
    resting: list[Order] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Polled:
    """What one account's venue says of a symbol: our orders by id, and the orders that are not on our list.

    It is whole where the venue has answered every question.
    """

    desk: Desk
    reports: Mapping[str, OrderReport] = field(default_factory=dict)
    others: tuple[OrderReport, ...] = ()
    is_whole: bool = True


def follow(context: Context, resting: Sequence[Order]) -> list[Polled]:
    """Poll the desks of resting orders as far as the venue's limit allows, and fold what came into our orders."""
    desks = affordable(
        context, _desks(context, resting), lambda d: d.pot, Call.OPEN_ORDERS_OF_SYMBOL, as_poll=True
    )
    if not desks:
        return []
    polled = context.loop.run(_poll_all(context, desks), READ_SECONDS * 3 + 5)
    now = utc_now()
    touched: set[str] = set()
    for answer in polled:
        for order in answer.desk.resting:
            report = answer.reports.get(order.order_id)
            # What did not move has its next look already: `take_due` set it for all of them in one write.
            # One whose last move was not carried on is settled here: the sweep seldom meets it, because every
            # poll moves its next look on.
            if (report is not None and apply_report(order, report, now)) or order.unsettled:
                touched.add(order.trade_id)
    settle_trades(context, touched)
    return polled


def _desks(context: Context, resting: Sequence[Order]) -> list[Desk]:
    desks: dict[tuple[str, str], Desk] = {}
    # Until it is covered, a fill of an entry is a risk that nobody knows of: entries are asked about first.
    for order in sorted(resting, key=lambda o: o.purpose is not Purpose.ENTRY):
        pot = context.pot(order.venue, order.environment, order.account_id)
        key = (order.account_id, order.symbol)
        desks.setdefault(key, Desk(*key, pot)).resting.append(order)
    return list(desks.values())


async def _poll_all(context: Context, desks: Sequence[Desk]) -> list[Polled]:
    known = await asyncio.to_thread(accounts.find_many, {desk.account_id for desk in desks})
    there = [desk for desk in desks if desk.account_id in known]

    async def poll(desk: Desk) -> Polled:
        return await _poll(context, known[desk.account_id], desk)

    polled = await ask_side_by_side(context, there, lambda d: d.pot, poll, patience_seconds=READ_SECONDS)
    return [answer or Polled(desk, is_whole=False) for desk, answer in zip(there, polled, strict=True)]


async def _poll(context: Context, account: Account, desk: Desk) -> Polled:
    found: dict[str, OrderReport] = {}
    others: tuple[OrderReport, ...] = ()
    is_whole = True
    try:
        broker = context.broker(account)
        listed = await asyncio.wait_for(broker.fetch_open_orders(desk.symbol), READ_SECONDS)
        by_id = {report.client_order_id: report for report in listed}
        others = tuple(report for report in listed if report.client_order_id not in _ids(desk))
        for order in desk.resting:
            report = by_id.get(order.client_order_id)
            if report is None or report.filled_quantity > order.filled_quantity:
                # Gone from the list, or grown: the order itself is asked, with its fills.
                report = await _ask(broker, order)
            if report is None:
                is_whole = False
            else:
                found[order.order_id] = report
    except (TradeError, TimeoutError) as error:
        log.warning("account.poll_failed", account_id=account.account_id, error=str(error)[:200])
        is_whole = False
    return Polled(desk, found, others, is_whole)


async def _ask(broker: Broker, order: Order) -> OrderReport | None:
    answer = await asyncio.wait_for(broker.fetch_order(order.lookup()), READ_SECONDS)
    return None if isinstance(answer, NotFound) else answer


def _ids(desk: Desk) -> set[str]:
    return {order.client_order_id for order in desk.resting}

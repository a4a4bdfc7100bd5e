"""Cover as a standing duty: compare wanted with actual, and act until covered or flat."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.intents import first_attempt
from shared.domain.orders import Order
from shared.domain.protection import plan_cover
from shared.logs import get_logger
from shared.models import orders, trades
from shared.models.mapping import millisecond
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.settle import settle_trades
from worker.pipeline.submit import execute

log = get_logger(__name__)

FIRST_CHECK = timedelta(seconds=5)
WATCH_LIMIT = 1000
WATCH_AGAIN = timedelta(seconds=5)
ROUNDS = 3
"""What an old level held is free once it is cancelled: the same task covers it again, and no bell lies between."""


@dataclass
class _Wanted:
    """What the plans of several trades ask for."""

    placed: list[Order] = field(default_factory=list)
    superfluous: list[str] = field(default_factory=list)
    freeing: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)


def protect(context: Context, trade_ids: Sequence[str]) -> str:
    """Place what the cover of trades lacks and cancel what is superfluous; safe to repeat."""
    todo: Collection[str] = trade_ids
    placed = cancelled = 0
    for _ in range(ROUNDS):
        wanted = _compare(context, todo)
        # Two protectors of one want derive the same ids and write the same rows.
        orders.create_many_once(wanted.placed)
        failpoint("after_cover_intents")
        execute(context, [order.order_id for order in wanted.placed])
        if wanted.superfluous:
            cancel_orders(context, wanted.superfluous)
        settle_trades(context, wanted.done)
        placed, cancelled = placed + len(wanted.placed), cancelled + len(wanted.superfluous)
        todo = wanted.freeing
        if not todo:
            break
    return f"{placed} placed, {cancelled} cancelled"


def _compare(context: Context, trade_ids: Collection[str]) -> _Wanted:
    found, made = run_together(trades.finding_many(trade_ids), orders.finding_of_trades(trade_ids))
    now = millisecond(utc_now())
    wanted = _Wanted()
    for trade in found:
        instrument = context.instruments(trade.venue, trade.environment, [trade.symbol]).get(trade.symbol)
        if instrument is None:
            log.error("trade.instrument_gone", trade_id=trade.trade_id, symbol=trade.symbol)
            continue
        known = tuple(order for order in made if order.trade_id == trade.trade_id)
        terms = context.cover_terms(trade.venue, trade.environment, instrument.asset_class)
        plan = plan_cover(trade, known, instrument, now, terms)
        if plan.is_calm and trade.needs_cover and plan.is_done:
            wanted.done.append(trade.trade_id)
        wanted.placed += [first_attempt(trade, intent, now, now + FIRST_CHECK) for intent in plan.place]
        if plan.cancel:
            wanted.superfluous += plan.cancel
            wanted.freeing.add(trade.trade_id)
    return wanted


def watch_cover() -> int:
    """Ring for every trade whose wanted and actual cover differ for some time; return how many there are.

    One by one: what goes wrong with one trade of a wave must not leave the others uncovered twice.
    """
    now = utc_now()
    waiting = trades.take_needing_cover(now, now + WATCH_AGAIN, WATCH_LIMIT)
    for trade_id in waiting:
        enqueue(TaskName.TRADES_PROTECT, [trade_id])
    return len(waiting)

"""Cover as a standing duty: compare wanted with actual, and act until covered or flat."""

from collections.abc import Sequence
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


def protect(context: Context, trade_ids: Sequence[str]) -> str:
    """Place what the cover of trades lacks and cancel what is superfluous; safe to repeat."""
    found, made = run_together(trades.finding_many(trade_ids), orders.finding_of_trades(trade_ids))
    now = millisecond(utc_now())
    placed: list[Order] = []
    versions: dict[str, int] = {}
    superfluous: list[str] = []
    done: list[str] = []
    for trade in found:
        instrument = context.instruments(trade.venue, trade.environment, [trade.symbol]).get(trade.symbol)
        if instrument is None:
            log.error("trade.instrument_gone", trade_id=trade.trade_id, symbol=trade.symbol)
            continue
        known = tuple(order for order in made if order.trade_id == trade.trade_id)
        plan = plan_cover(trade, known, instrument, now)
        if plan.is_calm and trade.needs_cover and plan.is_done:
            done.append(trade.trade_id)
        placed += [first_attempt(trade, intent, now, now + FIRST_CHECK) for intent in plan.place]
        if plan.place:
            versions[trade.trade_id] = max(intent.cover_version for intent in plan.place)
        superfluous += plan.cancel
    # Rows before the version: two protectors of one want derive the same ids and write the same rows.
    orders.create_many_once(placed)
    trades.raise_cover_versions(versions)
    failpoint("after_cover_intents")
    execute(context, [order.order_id for order in placed])
    if superfluous:
        cancel_orders(context, superfluous)
    settle_trades(context, done)
    return f"{len(placed)} placed, {len(superfluous)} cancelled"


def watch_cover() -> int:
    """Ring for every trade whose wanted and actual cover differ for some time; return how many there are.

    One by one: what goes wrong with one trade of a wave must not leave the others uncovered twice.
    """
    now = utc_now()
    waiting = trades.take_needing_cover(now, now + WATCH_AGAIN, WATCH_LIMIT)
    for trade_id in waiting:
        enqueue(TaskName.TRADES_PROTECT, [trade_id])
    return len(waiting)

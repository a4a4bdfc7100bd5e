"""Cover as a standing duty: settle a trade, compare wanted with actual cover, and act until covered or flat.

What a round places is claimed as it is written, sent, and carried into its trade with the fill that it covers: one
reading and one writing of the trade for both.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from shared.database import database_now
from shared.domain.intents import first_attempt
from shared.domain.orders import Order
from shared.domain.trade_state import Seen, Standing, standing_of
from shared.domain.values import differences
from shared.logs import get_logger
from shared.models import claims, orders, trades
from shared.models.mapping import millisecond
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.pipeline.apply import Applied
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.failures import is_late
from worker.pipeline.lines import Line, lines_of, take_tokens
from worker.pipeline.settle import Settled, read_trades, settle_trades, write_settled
from worker.pipeline.submit import CLAIM_SECONDS, TASK_SECONDS, fold_answers, send_claimed

log = get_logger(__name__)

FIRST_CHECK = timedelta(seconds=5)
WATCH_LIMIT = 1000
WATCH_AGAIN = timedelta(seconds=5)
ROUNDS = 3
"""What an old level held is free once it is cancelled: the same task covers it again, and no bell lies between."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """A trade as it was read, and as it stands by its orders and fills."""

    seen: Seen
    standing: Standing

    @property
    def trade_id(self) -> str:
        return self.seen.trade.trade_id


@dataclass
class _Sent:
    """What became of a round's orders: those that are known, and the trades that have to be read again."""

    applied: Applied = field(default_factory=Applied)
    unsure: set[str] = field(default_factory=set)


def protect(context: Context, trade_ids: Sequence[str]) -> str:
    """Bring trades up to their orders and their cover up to what is wanted; safe to repeat."""
    ends_at = monotonic() + TASK_SECONDS
    todo: Collection[str] = trade_ids
    placed = cancelled = 0
    for _ in range(ROUNDS):
        desks = _compare(context, todo)
        wanted = [order for desk in desks for order in _orders_of(desk)]
        superfluous = [order_id for desk in desks for order_id in desk.standing.plan.cancel]
        sent = _send(context, wanted, ends_at)
        unsure = _carry(desks, sent) | sent.unsure
        settle_trades(context, unsure)
        if superfluous:
            cancel_orders(context, superfluous)
        placed, cancelled = placed + len(wanted), cancelled + len(superfluous)
        todo = {desk.trade_id for desk in desks if _goes_on(desk)}
        if not todo:
            break
    return f"{placed} placed, {cancelled} cancelled"


def _compare(context: Context, trade_ids: Collection[str]) -> list[_Desk]:
    now = millisecond(utc_now())
    return [_Desk(seen, standing_of(seen, now)) for seen in read_trades(context, trade_ids)]



def _goes_on(desk: _Desk) -> bool:
    """Tell whether what was done makes room, or takes the place of something that goes now."""
    plan = desk.standing.plan
    return bool(plan.cancel) or (plan.is_waiting and bool(plan.place))


def _orders_of(desk: _Desk) -> list[Order]:
    now = millisecond(utc_now())
    trade, plan = desk.standing.trade, desk.standing.plan
    longest = desk.seen.terms.longest_time_in_force
    return [first_attempt(trade, intent, now, now + FIRST_CHECK, longest) for intent in plan.place]


def _send(context: Context, wanted: Sequence[Order], ends_at: float) -> _Sent:
    sent = _Sent()
    for line in lines_of(context, wanted):
        while line.writes:
            if context.is_hanging(line.pot, for_exits=True) or monotonic() > ends_at:
                _leave(line, sent)
                break
            wave = [order for write in take_tokens(context, line, ends_at) for order in write]
            if line.closed_for:
                _leave(line, sent)
            elif wave:
                _send_wave(context, line, wave, ends_at, sent)
    return sent


def _send_wave(context: Context, line: Line, wave: Sequence[Order], ends_at: float, sent: _Sent) -> None:
    claimed_at = monotonic()
    claimed = claims.create_claimed(wave, uuid4().hex, database_now())
    failpoint("after_cover_intents")
    lost = {order.trade_id for order in wave} - {order.trade_id for order in claimed}
    answered = send_claimed(context, line.pot, claimed, min(claimed_at + CLAIM_SECONDS, ends_at))
    applied = fold_answers(context, line.pot, answered)
    known = {order.order_id for order in applied.orders} if applied else set()
    sent.unsure |= lost | {order.trade_id for order in claimed if order.order_id not in known}
    if applied:
        sent.applied.orders.extend(applied.orders)
        sent.applied.fills.extend(applied.fills)
    late = [order.order_id for order, outcome in answered if is_late(outcome)]
    if late:
        enqueue(TaskName.ORDERS_EXECUTE_EXITS, late)


def _leave(line: Line, sent: _Sent) -> None:
    """Write down what could not go now: the sweep rings for it."""
    left = [order for write in line.writes for order in write]
    orders.create_many_once(left)
    sent.unsure |= {order.trade_id for order in left}
    line.writes = []


def _carry(desks: Sequence[_Desk], sent: _Sent) -> set[str]:
    """Write each trade once, with what this round has made of it; return those that others have changed meanwhile."""
    now = millisecond(utc_now())
    settled = [_settled(desk, sent, now) for desk in desks if desk.trade_id not in sent.unsure]
    return write_settled(settled, now, rings_cover=False)


def _settled(desk: _Desk, sent: _Sent, now: datetime) -> Settled:
    trade_id = desk.trade_id
    known = {order.order_id: order for order in desk.seen.orders}
    known |= {order.order_id: order for order in sent.applied.orders if order.trade_id == trade_id}
    executed = (*desk.seen.fills, *(fill for fill in sent.applied.fills if fill.trade_id == trade_id))
    seen = replace(desk.seen, trade=desk.standing.trade, orders=tuple(known.values()), fills=executed)
    final = standing_of(seen, now).trade
    return Settled(desk.seen.trade, seen, differences(desk.seen.trade, final))


def watch_cover() -> int:
    """Ring for every trade whose wanted and actual cover differ for some time; return how many there are.

    One by one: what goes wrong with one trade of a wave must not leave the others uncovered twice.
    """
    now = utc_now()
    waiting = trades.take_needing_cover(now, now + WATCH_AGAIN, WATCH_LIMIT)
    for trade_id in waiting:
        enqueue(TaskName.TRADES_PROTECT, [trade_id])
    return len(waiting)

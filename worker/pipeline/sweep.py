"""Ring again for everything that was recorded but not advanced: start-up and recovery are this one path."""

from collections.abc import Sequence, Set
from datetime import datetime, timedelta

from shared.domain.bots import BotState
from shared.domain.order_status import LIVE, TERMINAL, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.gathering import count_gathered, ring_gathered, ring_left_over
from shared.models import accounts, bots, due, messages, orders, outbox, trades
from shared.tasks import Queue, TaskName, bell_list, enqueue
from worker.context import Context, utc_now
from worker.pipeline.asked import ring_asked, ring_confirmations, ring_connections
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.ingest import fail_spent
from worker.pipeline.settle import settle_trades

LIMIT = 2000
CHUNK = 100
EXITS = frozenset(Purpose) - {Purpose.ENTRY}
RESERVATION_GRACE = timedelta(seconds=60)
SHOW_AGAIN = timedelta(seconds=30)


def sweep(context: Context) -> str:
    """Look through messages, orders, events and reservations for what waits longer than it should.

    Bells that wait unheard are not rung again and again: each queue is filled up to one pass, no more.
    """
    now = utc_now()
    ring_left_over()
    counts = [
        _ring_messages(now, _room(context, Queue.SIGNALS)),
        _ring_unsent(now, TaskName.ORDERS_EXECUTE, {Purpose.ENTRY}, _room(context, Queue.ORDERS)),
        _ring_unsent(now, TaskName.ORDERS_EXECUTE_EXITS, EXITS, _room(context, Queue.EXITS)),
        _ring_unsettled(now, _room(context, Queue.EXITS)),
        _ring_untold(now, LIMIT - count_gathered(TaskName.TRADES_SHOW)),
        ring_asked(now, _room(context, Queue.EXITS)),
        ring_confirmations(now, _room(context, Queue.SIGNALS)),
        ring_connections(now, _room(context, Queue.SYNC)),
        _ring_events(now, LIMIT - count_gathered(TaskName.NOTIFICATIONS_DELIVER)),
    ]
    return ", ".join([*counts, f"{_release_reservations(now)} reservations"])


def _room(context: Context, queue: Queue) -> int:
    return max(LIMIT - int(context.redis.llen(bell_list(queue))), 0)


def _ring_messages(now: datetime, room: int) -> str:
    if not room:
        return "no room for messages"
    due, spent = messages.take_due(now, room)
    fail_spent(spent)
    for row_id in due:
        enqueue(TaskName.SIGNALS_INGEST, row_id)
    return f"{len(due)} messages, {len(spent)} failed"


def _ring_unsent(now: datetime, name: TaskName, purposes: Set[Purpose], room: int) -> str:
    if not room:
        return f"no room for {name}"
    unsent = due.take_due({OrderStatus.INITIALIZED}, now, room, purposes=purposes)
    ids = [order.order_id for order in unsent]
    for start in range(0, len(ids), CHUNK):
        enqueue(name, ids[start : start + CHUNK])
    return f"{len(ids)} orders"


def _chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _ring_unsettled(now: datetime, room: int) -> str:
    if not room:
        return "no room for trades"
    unsettled = {order.trade_id for order in due.unsettled(now, room)}
    for trade_ids in _chunks(sorted(unsettled)):
        enqueue(TaskName.TRADES_SETTLE, *trade_ids)
    return f"{len(unsettled)} trades"


def _ring_untold(now: datetime, room: int) -> str:
    if room <= 0:
        return "no room for trades to show"
    untold = trades.take_untold(now, now + SHOW_AGAIN, room)
    ring_gathered(TaskName.TRADES_SHOW, untold)
    return f"{len(untold)} trades to show"


def _ring_events(now: datetime, room: int) -> str:
    if room <= 0:
        return "no room for events"
    waiting = outbox.take_undelivered(now, room)
    ring_gathered(TaskName.NOTIFICATIONS_DELIVER, waiting)
    return f"{len(waiting)} events"


def expire_entries(context: Context) -> str:
    """End entries whose time is over: unsent ones expire, resting ones are cancelled."""
    now = utc_now()
    past = due.entries_past(now, LIMIT)
    unsent = [order for order in past if order.status is OrderStatus.INITIALIZED]
    for start in range(0, len(unsent), CHUNK):
        _expire(context, unsent[start : start + CHUNK], now)
    resting = [order.order_id for order in past if order.status is not OrderStatus.INITIALIZED]
    if resting:
        cancel_orders(context, resting, code="ENTRY_EXPIRED")
    idle = cancel_of_idle_bots(context)
    return f"{len(unsent)} expired, {len(resting)} cancelled, {idle} of bots that do not trade any more"


def cancel_of_idle_bots(context: Context) -> int:
    """Cancel what waits to enter for bots that were paused or stopped; return how many orders."""
    cancelled = 0
    for bot in bots.with_entries_to_cancel(LIMIT):
        entries = [
            order.order_id
            for order in orders.of_trades(trades.alive_of_bot(bot.account_id, bot.trading_bot_id))
            if order.purpose is Purpose.ENTRY and order.status in LIVE
        ]
        if bot.state is BotState.ACTIVE or not entries:
            bots.entries_are_cancelled(bot.trading_bot_id)
            continue
        # Those whose outcome is unknown are cancelled when it is known: until then the bot is looked at again.
        cancel_orders(context, entries, code="BOT_NOT_ACTIVE")
        cancelled += len(entries)
    return cancelled


def _expire(context: Context, unsent: Sequence[Order], now: datetime) -> None:
    # Where one was claimed meanwhile, nobody knows which: each trade is read again as it stands.
    changes = {"unsettled": True}
    moves = [orders.Move(o, OrderStatus.EXPIRED, now, changes, code=_why_late(context, o)) for o in unsent]
    orders.move_all(moves)
    settle_trades(context, {order.trade_id for order in unsent})


def _why_late(context: Context, order: Order) -> str:
    """Say what an order waited for until its time was over: its turn at the venue's limit, or ours."""
    if order.waits_for:
        return order.waits_for
    pot = context.pot(order.venue, order.environment, order.account_id)
    return "RATE_LIMIT" if context.tokens.was_short(pot) else "NOT_SENT_IN_TIME"


def _release_reservations(now: datetime) -> int:
    """Give back what belongs to no order, or to one that ended unfilled; filled ones wait for a balance."""
    released = 0
    stale_accounts = []
    for account in accounts.holding_reservations(LIMIT):
        old = [i for i, held in account.reservations.items() if now - held.at > RESERVATION_GRACE]
        if not old:
            continue
        known = {order.intent_id: order for order in orders.find_entries(old)}
        gone = [i for i in old if i not in known or _ended_unfilled(known[i])]
        accounts.release(account.account_id, gone)
        released += len(gone)
        if any(i in known and known[i].status in TERMINAL and i not in gone for i in old):
            stale_accounts.append(account.account_id)
    ring_gathered(TaskName.ACCOUNTS_REFRESH, stale_accounts)
    return released


def _ended_unfilled(order: Order) -> bool:
    return order.status in TERMINAL and not order.filled_quantity

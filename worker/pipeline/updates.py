"""Closes, updates, edits and deletes: each wish planned from the trade as it stands, written, then left to cover."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from shared.domain.bots import WiderStops
from shared.domain.errors import TradeError
from shared.domain.instruments import Instrument
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.signals import Signal, UpdateKind
from shared.domain.stop_moves import StopRoom
from shared.domain.trades import Trade
from shared.domain.updates import WITHDRAWN, Scene, Step, Wish, plan_wish, wish_of, wishes_of_edit
from shared.logs import get_logger
from shared.models import accounts, bots, layers, orders, trades
from shared.models.messages import InboxMessage
from shared.models.signals import SignalRecord
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.pipeline.asking import withdraw_questions
from worker.pipeline.bind import trades_of
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.halted import halted_trades
from worker.pipeline.settle import COVER_CHUNK, COVER_WATCHED_AFTER
from worker.pipeline.tell import tell
from worker.pipeline.update_receipts import Line, update_receipts

log = get_logger(__name__)

ATTEMPTS = 6
CHUNK = 100
_MOVES_A_STOP = frozenset({UpdateKind.MOVE_STOP, UpdateKind.MOVE_STOP_TO_BREAKEVEN})


@dataclass
class _Round:
    """What one reading of trades has come to: those that are done with, and those to be read again."""

    lines: list[Line] = field(default_factory=list)
    again: set[str] = field(default_factory=set)


def apply_commands(context: Context, message: InboxMessage, record: SignalRecord) -> str:
    """Carry out a message's closes and updates in order, and tell each follower; return what became of all."""
    if record.signal is None:
        return "NO_SIGNAL"
    lines: list[Line] = []
    for number, command in enumerate((record.signal, *record.signal.also)):
        found = trades_of(record.bound_to[number])
        cause = f"{message.row_id}:{number}"
        # One that was over before is not what was meant; one that an earlier command has ended is.
        meant = [trade.trade_id for trade in found if not trade.is_over or _is_of(trade, message, lines)]
        lines += carry_out(context, message, wish_of(command), cause, meant)
    tell(update_receipts(record, lines))
    if all(bound.code for bound in record.bound_to):
        return record.bound_to[0].code
    return "UPDATED"


def apply_edit(context: Context, message: InboxMessage, before: Signal, record: SignalRecord) -> None:
    """Act on all that an edit changed, for every trade that the message opened."""
    if record.signal is None:
        return
    wishes = wishes_of_edit(before, record.signal)
    found = trades.of_message(message.source, message.channel_id, message.message_id)
    meant = [trade for trade in found if not trade.is_over or _is_of(trade, message, ())]
    lines: list[Line] = [] if wishes else [Line(trade, Wish(None), "NO_DIFFERENCE") for trade in meant]
    for number, wish in enumerate(wishes):
        cause = f"{message.row_id}:edit{number}"
        lines += carry_out(context, message, wish, cause, [trade.trade_id for trade in meant])
    tell(update_receipts(record, lines))


def withdraw(message: InboxMessage, code: str) -> int:
    """Withdraw the message's questions and its entries that were not sent; what was sent stays, and people are told."""
    withdrawn = 0
    now = utc_now()
    withdraw_questions(message, code, now)
    for order in orders.of_message(message.message_id):
        is_unsent = order.status is OrderStatus.INITIALIZED and order.purpose is Purpose.ENTRY
        if order.channel_id == message.channel_id and is_unsent:
            moved = orders.compare_and_set(order, OrderStatus.CANCELED, now, code=code, unsettled=True)
            withdrawn += moved
            if moved:
                enqueue(TaskName.TRADES_SETTLE, order.trade_id)
    return withdrawn


def carry_out(
    context: Context, message: InboxMessage, wish: Wish, cause: str, trade_ids: Sequence[str]
) -> list[Line]:
    """Carry one wish out for trades, however often they change meanwhile; safe to repeat with the same cause."""
    lines: list[Line] = []
    for start in range(0, len(trade_ids), CHUNK):
        todo = set(trade_ids[start : start + CHUNK])
        read: list[Scene] = []
        for _ in range(ATTEMPTS):
            read = _read(context, message, wish, cause, todo)
            # From here on each trade is judged by what was read of it, and written only if it still stands so.
            round_ = _carry_out_once(context, wish, read)
            lines += round_.lines
            todo = round_.again
            if not todo:
                break
        lines += [Line(scene.trade, wish, "TRADE_BUSY") for scene in read if scene.trade.trade_id in todo]
    return lines


def _is_of(trade: Trade, message: InboxMessage, lines: Sequence[Line]) -> bool:
    """Tell whether a trade that is over has ended by this message, in this pass or in one before."""
    by_row = any(note.cause.startswith(f"{message.row_id}:") for note in trade.updates)
    return by_row or any(line.trade.trade_id == trade.trade_id for line in lines)


def _carry_out_once(context: Context, wish: Wish, read: Sequence[Scene]) -> _Round:
    halted = set() if wish.kind is UpdateKind.CANCEL else halted_trades([scene.trade for scene in read])
    steps = [
        (scene, Step(code="HALT") if scene.trade.trade_id in halted else plan_wish(wish, scene))
        for scene in read
    ]
    cancel = [order_id for _, step in steps for order_id in step.cancel]
    written = _write([(scene.trade, step) for scene, step in steps if step.changes and not step.cancel])
    if cancel:
        cancel_orders(context, cancel, code=WITHDRAWN)
    done = _Round()
    for scene, step in steps:
        trade_id = scene.trade.trade_id
        if step.cancel or (step.changes and trade_id not in written):
            done.again.add(trade_id)
        else:
            done.lines.append(Line(scene.trade, wish, step.code))
    return done


def _write(wanted: Sequence[tuple[Trade, Step]]) -> set[str]:
    """Write what a wish changes in its trades and ring for cover; return those that still stood as they were read."""
    if not wanted:
        return set()
    changes = {trade.trade_id: (trade, step.changes) for trade, step in wanted}
    written = trades.compare_and_set_many(changes, uuid4().hex, utc_now() + COVER_WATCHED_AFTER)
    failpoint("after_update")
    ringing = sorted(written)
    for start in range(0, len(ringing), COVER_CHUNK):
        enqueue(TaskName.TRADES_PROTECT, ringing[start : start + COVER_CHUNK])
    return written


def _read(
    context: Context, message: InboxMessage, wish: Wish, cause: str, trade_ids: set[str]
) -> list[Scene]:
    # In this order: orders may only be newer than the version of the trade that a write depends on.
    found, made = run_together(trades.finding_many(trade_ids), orders.finding_of_trades(trade_ids))
    own: dict[str, list[Order]] = {}
    for order in made:
        own.setdefault(order.trade_id, []).append(order)
    rooms = _rooms(found) if wish.kind in _MOVES_A_STOP else {}
    return [
        Scene(
            trade,
            tuple(own.get(trade.trade_id, ())),
            cause,
            message.posted_at if message.edited_at is None else message.edited_at,
            _instrument(context, trade),
            rooms.get(trade.trading_bot_id),
        )
        for trade in found
    ]


def _rooms(found: Sequence[Trade]) -> dict[str, StopRoom]:
    """Read, by bot, what a stop that moves away may risk; bots that do not allow it are left out."""
    listed = layers.in_force_for(list(bots.find_many({trade.trading_bot_id for trade in found}).values()))
    allowing = [bot for bot in listed if bot.settings.wider_stops is WiderStops.ALLOW]
    if not allowing:
        return {}
    known = {
        account.account_id: account
        for account in accounts.find_many({b.account_id for b in allowing}).values()
    }
    rooms = {}
    for bot in allowing:
        account = known.get(bot.account_id)
        equity = account.balance_total if account else None
        rooms[bot.trading_bot_id] = StopRoom(bot.sizing, equity, bot.settings.max_position_percent)
    return rooms


def _instrument(context: Context, trade: Trade) -> Instrument | None:
    """Read the rules that levels are rounded by; a venue that does not answer leaves them as written."""
    try:
        return context.instruments(trade.venue, trade.environment, [trade.symbol]).get(trade.symbol)
    except (TradeError, TimeoutError) as error:
        log.warning("update.no_rules", trade_id=trade.trade_id, error=str(error)[:200])
        return None

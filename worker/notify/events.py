"""Build events from what changed; ids derive from the subject's version, so a repeat is the same event."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shared.domain.accounts import Account
from shared.domain.bots import BotState, TradingBot
from shared.domain.confirmations import Confirmation
from shared.domain.halts import HaltState
from shared.domain.identifiers import event_id
from shared.domain.money import ZERO, to_plain
from shared.domain.orders import Order
from shared.domain.parked import ended_causes
from shared.domain.receipts import Receipt
from shared.domain.trades import Trade, TradeStatus
from shared.domain.update_codes import UPDATED, sentence_of
from shared.gathering import ring_gathered
from shared.models import outbox
from shared.models.commands import End
from shared.models.connections import Connection
from shared.models.mapping import millisecond
from shared.models.outbox import OutboxEvent
from shared.models.trades import Shown
from shared.realtime import EventKind
from shared.tasks import TaskName

RING_AFTER = timedelta(seconds=5)


def receipt_events(receipts: Iterable[Receipt], now: datetime, *, version: int = 0) -> list[OutboxEvent]:
    """One event per receipt; one that was replaced is told of again, as its next version."""
    return [
        _event(
            EventKind.RECEIPT_WRITTEN,
            receipt.receipt_id,
            version,
            receipt.user_id,
            now,
            receipt_id=receipt.receipt_id,
            message_id=receipt.message_id,
            outcome=str(receipt.outcome),
            code=receipt.code,
            detail=receipt.detail,
        )
        for receipt in receipts
    ]


def order_events(changed: Iterable[Order], now: datetime) -> list[OutboxEvent]:
    """One event per order and version."""
    return [
        _event(
            EventKind.ORDER_CHANGED,
            order.order_id,
            order.version,
            order.user_id,
            now,
            order_id=order.order_id,
            trade_id=order.trade_id,
            purpose=str(order.purpose),
            status=str(order.status),
            code=order.code or "",
        )
        for order in changed
    ]


def trade_events(before: Shown, after: Trade, now: datetime) -> list[OutboxEvent]:
    """What happened to a trade since it was last shown, and to its cover."""
    kinds = [EventKind.TRADE_CHANGED]
    if after.status is not before.status:
        has_opened = before.status is TradeStatus.PENDING and after.entered > ZERO
        kinds = [EventKind.TRADE_OPENED] if has_opened else []
        kinds += [EventKind.TRADE_CLOSED] if after.is_over else []
        kinds = kinds or [EventKind.TRADE_CHANGED]
    facts = {
        "trade_id": after.trade_id,
        "symbol": after.symbol,
        "status": str(after.status),
        "held": to_plain(after.held),
        "stop_price": to_plain(after.stop_price) if after.stop_price is not None else "",
        "realised_pnl": to_plain(after.realised_pnl),
        "close_reason": after.close_reason or "",
    }
    events = [_event(kind, after.trade_id, after.version, after.user_id, now, **facts) for kind in kinds]
    if (before.resting, before.coverable) != (after.resting, after.coverable):
        cover = {
            "trade_id": after.trade_id,
            "coverable": to_plain(after.coverable),
            "resting": to_plain(after.resting),
            "managed": to_plain(after.managed),
        }
        kind = EventKind.POSITION_COVER
        events.append(_event(kind, after.trade_id, after.version, after.user_id, now, **cover))
    return events + _update_events(before, after, now)


def _update_events(before: Shown, after: Trade, now: datetime) -> list[OutboxEvent]:
    """Tell how parked updates ended that had not ended when the trade was last shown."""
    ended = set(ended_causes(after.updates)) - set(before.ended_updates)
    return [
        _event(
            EventKind.JOB_PROGRESS,
            f"{after.trade_id}:{note.cause}",
            0,
            after.user_id,
            now,
            trade_id=after.trade_id,
            update=str(note.kind),
            status=str(note.state),
            code=note.code or UPDATED,
            sentence=sentence_of(note.code or UPDATED),
        )
        for note in after.updates
        if note.cause in ended
    ]


def command_events(ends: Iterable[End]) -> list[OutboxEvent]:
    """Tell users how their commands end."""
    return [
        _event(
            EventKind.JOB_PROGRESS,
            f"{end.command.command_id}:{end.status}",
            0,
            end.command.user_id,
            end.at,
            command_id=end.command.command_id,
            trade_id=end.command.trade_id,
            command=str(end.command.kind),
            status=str(end.status),
            code=end.code,
            sentence=end.sentence,
        )
        for end in ends
    ]


def confirmation_events(questions: Iterable[Confirmation], now: datetime) -> list[OutboxEvent]:
    """Tell users what they are asked and how it ends, once for each state; the id is what a button answers to."""
    return [
        _event(
            EventKind.JOB_PROGRESS,
            f"{question.confirmation_id}:{question.state}",
            0,
            question.user_id,
            now,
            confirmation_id=question.confirmation_id,
            trading_bot_id=question.trading_bot_id,
            message_id=question.message_id,
            symbol=question.symbol,
            side=str(question.side),
            status=str(question.state),
            code=question.code,
            expires_at=question.expires_at.isoformat(),
        )
        for question in questions
    ]


def bot_events(paused: Iterable[TradingBot], code: str, reason: str, now: datetime) -> list[OutboxEvent]:
    """Tell users that their bots were paused, once a day, and why."""
    return [
        _event(
            EventKind.JOB_PROGRESS,
            f"{bot.trading_bot_id}:{code}",
            now.toordinal(),
            bot.user_id,
            now,
            trading_bot_id=bot.trading_bot_id,
            provider_id=bot.provider_id,
            status=str(BotState.PAUSED),
            code=code,
            sentence=reason,
        )
        for bot in paused
    ]


def account_events(read: Iterable[Account], at: datetime) -> list[OutboxEvent]:
    """Tell that an account's balance was read."""
    return [
        _event(
            EventKind.ACCOUNT_CHANGED,
            account.account_id,
            int(at.timestamp() * 1000),
            account.user_id,
            at,
            account_id=account.account_id,
        )
        for account in read
    ]


def connection_events(connection: Connection, sentence: str, at: datetime) -> list[OutboxEvent]:
    """Tell how an account is connected now, in a sentence where there is something to say."""
    return [
        _event(
            EventKind.ACCOUNT_CHANGED,
            f"{connection.account_id}:connection",
            int(at.timestamp() * 1000),
            connection.user_id,
            at,
            account_id=connection.account_id,
            status=str(connection.status),
            sentence=sentence,
        )
    ]


def halt_events(
    user_ids: Iterable[str], scope: str, state: HaltState, reason: str, at: datetime
) -> list[OutboxEvent]:
    """Tell those who answer for a scope that it was halted, each by an event of their own."""
    version = int(at.timestamp() * 1000)
    facts = {"scope": scope, "state": str(state), "reason": reason}
    return [
        _event(EventKind.HALT_CHANGED, f"{scope}:{user_id}", version, user_id, at, **facts)
        for user_id in sorted(user_ids)
    ]


def ring_events(events: Sequence[OutboxEvent]) -> None:
    """Record events, then ring for their delivery."""
    if not events:
        return
    outbox.record_events(events)
    ring_for(events)


def ring_for(events: Sequence[OutboxEvent]) -> None:
    """Ring for the delivery of recorded events."""
    ring_gathered(TaskName.NOTIFICATIONS_DELIVER, [event.event_id for event in events])


def _event(
    kind: EventKind, subject_id: str, version: int, user_id: str, now: datetime, **data: str
) -> OutboxEvent:
    at = millisecond(now)
    return OutboxEvent(
        event_id=event_id(kind, subject_id, version),
        user_id=user_id,
        kind=str(kind),
        data=data,
        at=at,
        next_check_at=at + RING_AFTER,
    )

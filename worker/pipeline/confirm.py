"""Carry out what followers answer: a yes is planned anew for its one bot, everything else ends with its reason.

Every step may be done again: the trade and its orders have the ids that any pass derives, a receipt that has said its
last word ends the question, and what a killed worker left is rung for by the sweep.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, timedelta

from shared.domain.bots import BotState
from shared.domain.codes import sentence_of
from shared.domain.confirmations import (
    AWAITS_CONFIRMATION,
    CONFIRMATION_EXPIRED,
    CONFIRMATION_REFUSED,
    GATE,
    Confirmation,
    ConfirmationState,
    describe_gate,
)
from shared.domain.errors import Denial
from shared.domain.identifiers import receipt_id, trade_id
from shared.domain.option_contracts import may_mean, resolve_symbol
from shared.domain.receipts import Receipt
from shared.domain.signals import Action, Side, Signal
from shared.inbox import DELETE_REVISION
from shared.logs import bound, get_logger
from shared.models import bots, confirmations, messages, orders, providers, signals, trades
from shared.models.messages import InboxMessage, MessageStatus
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.pipeline import updates
from worker.pipeline.plan import plan_chunk
from worker.pipeline.planning import Planning
from worker.pipeline.receipts import denied_receipt, planned_before_receipts
from worker.pipeline.tell import tell_last_word

log = get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=1.5)


class _Waits(Exception):
    """Raised where a yes cannot be planned yet: an edit is being read, or a balance is."""


def confirm(context: Context, confirmation_id: str) -> str:
    """Take one question as far as it goes now; safe to run again at any point."""
    question = confirmations.find(confirmation_id)
    if question is not None and question.is_pending and question.state is ConfirmationState.ASKED:
        if utc_now() < question.expires_at:
            confirmations.look_again(confirmation_id, question.expires_at)
            return "waits for its answer"
        confirmations.expire([confirmation_id], CONFIRMATION_EXPIRED, utc_now())
        question = confirmations.find(confirmation_id)
    if question is None or not question.is_pending:
        return "nothing to do"
    with bound(message_id=question.message_id, signal_id=question.signal_id):
        held = signals.find_receipt(receipt_id(question.signal_id, question.trading_bot_id))
        if held is not None and held.code != AWAITS_CONFIRMATION:
            confirmations.end(question, held.code)
            return f"ended before: {held.code}"
        try:
            receipt = _last_word(context, question, held)
        except _Waits:
            confirmations.look_again(confirmation_id, utc_now() + LOOK_AGAIN)
            return "waits"
        failpoint("after_confirmation_planned")
        tell_last_word(receipt, replace(question, code=receipt.code))
        failpoint("after_confirmation_told")
        confirmations.end(question, receipt.code)
        log.info("confirmation.ended", confirmation_id=confirmation_id, code=receipt.code)
        return receipt.code


def _last_word(context: Context, question: Confirmation, held: Receipt | None) -> Receipt:
    if question.state is ConfirmationState.CONFIRMED:
        return _plan(context, question)
    code = question.code or CONFIRMATION_REFUSED
    record = signals.find(question.signal_id)
    if record is None:
        raise ValueError("a question has its reading")
    passed = tuple(gate for gate in held.gates if gate.name != GATE) if held is not None else ()
    gates = (*passed, describe_gate(question))
    return denied_receipt(record, question, gates, Denial(code, sentence_of(code)))


def _plan(context: Context, question: Confirmation) -> Receipt:
    """Plan the signal anew for the one bot, by the message's newest reading; return what became of it."""
    record, bot = signals.find(question.signal_id), bots.find(question.trading_bot_id)
    terms = providers.find(question.provider_id)
    message = messages.find(record.row_id) if record is not None else None
    if record is None or bot is None or terms is None or message is None:
        raise ValueError("a question has its reading, its message, its provider and its bot")
    # What a killed pass has planned stands, whatever was said since.
    said = (question.source, question.channel_id, question.message_id)
    trade = trades.find(trade_id(bot.trading_bot_id, *said))
    if trade is not None and orders.of_trade(trade.trade_id):
        return planned_before_receipts(record, [bot], {bot.trading_bot_id: trade})[0]
    signal = _newest_signal(question, message)
    if isinstance(signal, str) or bot.state is not BotState.ACTIVE:
        code = signal if isinstance(signal, str) else "BOT_NOT_ACTIVE"
        return denied_receipt(record, bot, (describe_gate(question),), Denial(code, sentence_of(code)))
    planning = Planning(
        message=message,
        terms=terms,
        record=record,
        signal=signal,
        symbol=resolve_symbol(signal, message.posted_at.astimezone(UTC).date()),
        # It was the first of its content when it was asked about; a later repost does not take its place.
        duplicate_of=None,
        is_first_pass=False,
        confirmation=question,
    )
    planned = plan_chunk(context, planning, [bot], place=0)
    if not planned.receipts:
        raise _Waits
    with suppress(_Waits):
        # An edit or a delete that came while this was planned found no order to withdraw.
        if isinstance(withdrawn := _newest_signal(question, message), str):
            updates.withdraw(message, withdrawn)
    return planned.receipts[0]


def _newest_signal(question: Confirmation, message: InboxMessage) -> Signal | str:
    """Return what the message says by now, or the code of what withdrew it.

    Raises
    ------
    _Waits
        If a newer revision is still being read.
    """
    known = messages.revisions(message.source, message.channel_id, message.message_id)
    if any(revision.revision == DELETE_REVISION for revision in known):
        return "DELETED"
    newer = [revision for revision in known if revision.revision > message.revision]
    if any(revision.status is MessageStatus.PENDING for revision in newer):
        raise _Waits
    newest = signals.newest_of(message.source, message.channel_id, message.message_id)
    signal = newest.signal if newest is not None else None
    if signal is None or signal.action is not Action.OPEN:
        return "EDITED_AWAY"
    side = signal.side or Side.BUY
    today = message.posted_at.astimezone(UTC).date()
    is_same = may_mean(signal, question.symbol, today) and side == question.side
    return signal if is_same else "EDITED_AWAY"

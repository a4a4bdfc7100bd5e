"""Ask followers first: one question for each bot that wants a yes, before any risk is reserved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.confirmations import (
    AWAITS_CONFIRMATION,
    Confirmation,
    ConfirmationState,
    asking_sentence,
    describe_gate,
)
from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.identifiers import confirmation_id
from shared.domain.receipts import GateResult, Receipt
from shared.models import confirmations, outbox
from shared.models.durable import write_all
from shared.models.mapping import millisecond
from shared.models.messages import InboxMessage
from shared.tasks import TaskName, enqueue
from worker.context import utc_now
from worker.notify.events import confirmation_events, ring_for
from worker.pipeline.planning import Planning
from worker.pipeline.receipts import denied_receipt


@dataclass(frozen=True, slots=True)
class Asking:
    """A follower whose gates passed and who is to be asked."""

    facts: Facts
    gates: tuple[GateResult, ...]


def ask_first(planning: Planning, asking: Sequence[Asking]) -> list[Receipt]:
    """Write questions and tell of them; return the receipts that await an answer.

    A pass that is repeated meets its question again: it was good from the first time on.
    """
    if not asking:
        return []
    asked = [_question(planning, one.facts) for one in asking]
    known: set[str] = set()

    def create(wait: bool) -> None:
        known.update(confirmations.create_many_once(asked, wait=wait))

    events = confirmation_events(asked, utc_now())
    write_all(create, lambda wait: outbox.record_events(events, wait=wait))
    ring_for(events)
    stored = confirmations.find_many(sorted(known)) if known else {}
    receipts = []
    for one, question in zip(asking, asked, strict=True):
        held = stored.get(question.confirmation_id, question)
        denial = Denial(AWAITS_CONFIRMATION, asking_sentence(held.expires_at))
        gates = (*one.gates, describe_gate(question))
        receipts.append(denied_receipt(planning.record, one.facts.bot, gates, denial))
    return receipts


def withdraw_questions(message: InboxMessage, code: str, now: datetime) -> None:
    """End the questions about a message that is not to be traded any more, with the code that says why."""
    asked = confirmations.asked_of_message(message.source, message.channel_id, message.message_id)
    if asked and confirmations.expire(asked, code, now):
        for question in asked:
            enqueue(TaskName.SIGNALS_CONFIRM, question)


def _question(planning: Planning, facts: Facts) -> Confirmation:
    now = millisecond(facts.now)
    expires_at = now + timedelta(seconds=facts.bot.settings.confirm_seconds)
    return Confirmation(
        confirmation_id=confirmation_id(planning.record.signal_id, facts.bot.trading_bot_id),
        signal_id=planning.record.signal_id,
        trading_bot_id=facts.bot.trading_bot_id,
        user_id=facts.bot.user_id,
        account_id=facts.account.account_id,
        provider_id=planning.terms.provider_id,
        source=planning.message.source,
        channel_id=planning.message.channel_id,
        message_id=planning.message.message_id,
        symbol=facts.symbol or "",
        side=facts.side,
        state=ConfirmationState.ASKED,
        asked_at=now,
        expires_at=expires_at,
        next_check_at=expires_at,
    )

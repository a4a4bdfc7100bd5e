"""From a recorded message to its end: read it, then route what it asks for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shared.domain.identifiers import signal_id
from shared.domain.receipts import Receipt
from shared.domain.signals import Action, NotASignal, Signal
from shared.domain.updates import unchanged_commands
from shared.inbox import DELETE_REVISION
from shared.logs import bound, get_logger
from shared.models import messages, providers, signals
from shared.models.messages import InboxMessage, MessageStatus
from shared.models.providers import HOOK_AUTHOR, ProviderTerms
from shared.models.signals import BoundTo, SignalRecord
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.parsing.version import PARSER_VERSION
from worker.pipeline import route, updates
from worker.pipeline.bind import Unclear, bind_commands
from worker.pipeline.house_breakers import watch_flood
from worker.pipeline.reading import content_of, read_message
from worker.pipeline.revisions import explain, read_before, ring_newer, unexplained_until, waits_for_older
from worker.pipeline.tell import tell

log = get_logger(__name__)

QUARANTINE_BELOW = 0.5
DEFER = timedelta(seconds=1.5)


def ingest(context: Context, row_id: str) -> str:
    """Bring one message revision to its end; safe to run again at any point.

    Returns the status it was left in; `pending` means that the sweep will ring again.
    """
    message = messages.begin(row_id)
    if message is None:
        return "unknown"
    if message.status is not MessageStatus.PENDING:
        return str(message.status)
    with bound(message_id=message.message_id, revision=message.revision):
        listed, known = run_together(
            providers.finding_of_channel(message.channel_id),
            messages.finding_revisions(message.source, message.channel_id, message.message_id),
        )
        terms = _provider(message, listed)
        if isinstance(terms, str):
            return _end(message, MessageStatus.NOISE, terms)
        if message.event == "delete":
            return _withdraw(message, terms)
        newer = [revision for revision in known if revision.revision > message.revision]
        if newer:
            return _supersede(message, terms, newer)
        older = [revision for revision in known if revision.revision < message.revision]
        wait_until = waits_for_older(message, older, utc_now()) if message.revision else None
        if wait_until is not None:
            messages.postpone(row_id, wait_until)
            return "waits for its original"
        return _read(context, message, terms, older)


def _provider(message: InboxMessage, listed: list[ProviderTerms]) -> ProviderTerms | str:
    found = [terms for terms in listed if not terms.guild_id or terms.guild_id == message.guild_id]
    if not found:
        return "UNKNOWN_CHANNEL"
    # Discord does not say who deleted; a hook is its provider's alone, and so is what it takes back.
    if message.event == "delete" and not message.author_id.startswith(HOOK_AUTHOR):
        return found[0]
    for terms in found:
        if terms.may_signal(message.author_id, is_webhook=message.is_webhook):
            return terms
    return "AUTHOR_NOT_LISTED"


def _read(context: Context, message: InboxMessage, terms: ProviderTerms, older: list[InboxMessage]) -> str:
    # Not its own: a pass that died after it had stored its reading is repeated with the same difference.
    said = (message.source, message.channel_id, message.message_id)
    before = signals.newest_before(*said, message.revision) if older else None
    was_read = read_before(older, before)
    if was_read is not None and content_of(was_read) == content_of(message):
        return _end(message, MessageStatus.DONE, "CONTENT_UNCHANGED", terms)
    reading = read_message(message, terms.profile)
    record = SignalRecord(
        signal_id=signal_id(message.row_id),
        row_id=message.row_id,
        provider_id=terms.provider_id,
        source=message.source,
        channel_id=message.channel_id,
        message_id=message.message_id,
        revision=message.revision,
        posted_at=message.posted_at,
        read_at=utc_now(),
        signal=reading if isinstance(reading, Signal) else None,
        not_a_signal=reading if isinstance(reading, NotASignal) else None,
        parser_version=PARSER_VERSION,
    )
    notes = ["ORIGINAL_MISSING"] if message.revision > 0 and not older else []
    if before is not None and before.signal_id != record.signal_id:
        return _act_on_edit(context, message, terms, before, record)
    return _act(context, message, terms, record, notes)


def _act(
    context: Context, message: InboxMessage, terms: ProviderTerms, record: SignalRecord, notes: list[str]
) -> str:
    reading = signals.make_reading(record)
    if isinstance(reading, NotASignal):
        signals.record_reading(record)
        return _end(message, MessageStatus.NOISE, reading.reason, terms, record)
    if reading.confidence < QUARANTINE_BELOW:
        signals.record_reading(record)
        return _end(message, MessageStatus.QUARANTINED, "LOW_CONFIDENCE", terms, record, detail=reading.doubt)
    if reading.action is not Action.OPEN:
        return _act_on_commands(context, message, terms, record)
    planned = route.plan_for_all(context, message, terms, record)
    if planned.is_cut:
        tell(planned.receipts)
        messages.postpone(message.row_id, utc_now() + route.RING_AGAIN)
        enqueue(TaskName.SIGNALS_INGEST, message.row_id)
        return "goes on in another pass"
    if not planned.is_complete:
        tell(planned.receipts)
        messages.postpone(message.row_id, utc_now() + DEFER)
        return "waits for balances"
    ended = _end(message, MessageStatus.DONE, "PLANNED", terms, record, notes, receipts=planned.receipts)
    # After its orders are on their way: a flood is stopped at its limit, and nobody waits for the count.
    watch_flood(context.settings, terms, utc_now())
    return ended


def _act_on_commands(
    context: Context,
    message: InboxMessage,
    terms: ProviderTerms,
    record: SignalRecord,
    unchanged: Sequence[bool] = (),
) -> str:
    bound = bind_commands(message, terms, record)
    if isinstance(bound, Unclear):
        signals.record_reading(record)
        return _end(message, MessageStatus.QUARANTINED, bound.code, terms, record, detail=bound.detail)
    if unchanged:
        pairs = zip(bound, unchanged, strict=True)
        bound = tuple(BoundTo(code="NO_DIFFERENCE") if is_old else found for found, is_old in pairs)
    record = replace(record, bound_to=bound)
    signals.record_reading(record)
    return _end(message, MessageStatus.DONE, updates.apply_commands(context, message, record), terms, record)


def _act_on_edit(
    context: Context, message: InboxMessage, terms: ProviderTerms, before: SignalRecord, record: SignalRecord
) -> str:
    old, new = before.signal, record.signal
    if old is not None and new is not None and Action.OPEN not in {old.action, new.action}:
        return _act_on_edited_commands(context, message, terms, old, record)
    signals.record_reading(record)
    is_open = new is not None and new.action is Action.OPEN
    if is_open and (old is None or old.action is not Action.OPEN):
        # A signal that was edited in was never posted as one: people must confirm it.
        return _end(message, MessageStatus.QUARANTINED, "EDITED_IN", terms, record)
    if old is None or old.action is not Action.OPEN:
        return _end(message, MessageStatus.DONE, "EDIT_WITHOUT_EFFECT", terms, record)
    if new is None or not is_open:
        updates.withdraw(message, "EDITED_AWAY")
        return _end(message, MessageStatus.DONE, "WITHDRAWN_BY_EDIT", terms, record)
    updates.apply_edit(context, message, old, record)
    return _end(message, MessageStatus.DONE, "EDIT_APPLIED", terms, record)


def _act_on_edited_commands(
    context: Context, message: InboxMessage, terms: ProviderTerms, before: Signal, record: SignalRecord
) -> str:
    """Carry out what an edit of a close or an update has added or changed; what was done stays done."""
    new = record.signal
    if new is None or new.confidence < QUARANTINE_BELOW:
        signals.record_reading(record)
        return _end(message, MessageStatus.QUARANTINED, "LOW_CONFIDENCE", terms, record)
    unchanged = unchanged_commands(before, new)
    if all(unchanged):
        signals.record_reading(record)
        return _end(message, MessageStatus.DONE, "EDIT_WITHOUT_EFFECT", terms, record)
    return _act_on_commands(context, message, terms, record, unchanged)


def _supersede(message: InboxMessage, terms: ProviderTerms, newer: list[InboxMessage]) -> str:
    wait_until = unexplained_until(message, newer, utc_now())
    if wait_until is not None:
        messages.postpone(message.row_id, wait_until)
        return "waits for its explanation"
    explain(message, terms, "SUPERSEDED")
    ended = _end(message, MessageStatus.DONE, "SUPERSEDED", terms)
    ring_newer(newer)
    return ended


def _withdraw(message: InboxMessage, terms: ProviderTerms) -> str:
    withdrawn = updates.withdraw(message, "DELETED")
    for older in messages.revisions(message.source, message.channel_id, message.message_id):
        if older.revision != DELETE_REVISION:
            if older.status is MessageStatus.PENDING:
                explain(older, terms, "DELETED")
            messages.finish(older.row_id, MessageStatus.DONE, "DELETED", provider_id=terms.provider_id)
    return _end(message, MessageStatus.DONE, "DELETED", terms, notes=[f"{withdrawn} unsent orders withdrawn"])


def _end(
    message: InboxMessage,
    status: MessageStatus,
    reason: str,
    terms: ProviderTerms | None = None,
    record: SignalRecord | None = None,
    notes: Sequence[str] = (),
    *,
    receipts: Sequence[Receipt] = (),
    detail: str = "",
) -> str:
    def end(wait: bool) -> bool:
        return messages.finish(
            message.row_id,
            status,
            reason,
            provider_id=terms.provider_id if terms else None,
            signal_id=record.signal_id if record else None,
            notes=notes,
            detail=detail,
            wait=wait,
        )

    tell(receipts, end)
    return f"{status}: {reason}"


def fail_spent(row_ids: list[str]) -> None:
    """End messages that were rung for in vain too often; an operator may replay them."""
    for row_id in row_ids:
        messages.finish(row_id, MessageStatus.FAILED, "NO_PROGRESS", detail="begun five times without an end")

"""What a provider said after its signals, from the stored readings and revisions of its messages."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.domain.identifiers import signal_id
from shared.domain.reference import ReferencePosition
from shared.domain.reference_updates import Saying, SayingKind
from shared.domain.signals import Signal
from shared.models import record_sources, signals
from shared.models.messages import InboxMessage
from shared.models.signals import SignalRecord
from worker.pipeline.ingest import QUARANTINE_BELOW


def sayings_about(provider_id: str, alive: Sequence[ReferencePosition], since: datetime) -> list[Saying]:
    """List closes and updates posted since a moment, and all edits and deletes of the positions' own messages."""
    return [*_commands(provider_id, since), *_changes(alive)]


def _commands(provider_id: str, since: datetime) -> list[Saying]:
    first = _first_readings(record_sources.commands_since(provider_id, since))
    rows = record_sources.inbox_rows(record.row_id for record in first)
    return [
        Saying(
            saying_id=f"{record.signal_id}:{number:02d}",
            kind=SayingKind.COMMAND,
            at=record.posted_at,
            source=record.source,
            channel_id=record.channel_id,
            message_id=record.message_id,
            reply_to=rows[record.row_id].reply_to if record.row_id in rows else None,
            signal=signal,
        )
        for record in first
        for number, signal in enumerate(_commands_in(record.signal))
    ]


def _commands_in(signal: Signal | None) -> tuple[Signal, ...]:
    return () if signal is None or signal.confidence < QUARANTINE_BELOW else (signal, *signal.also)


def _first_readings(records: Iterable[SignalRecord]) -> list[SignalRecord]:
    """Keep one reading of each message, the oldest: an edited update is not carried out again."""
    first: dict[tuple[str, str, str], SignalRecord] = {}
    for record in sorted(records, key=lambda one: one.revision):
        first.setdefault((record.source, record.channel_id, record.message_id), record)
    return list(first.values())


def _changes(alive: Sequence[ReferencePosition]) -> list[Saying]:
    """Turn the revisions of the messages that opened positions into edits and deletes."""
    opened = {(p.source, p.channel_id, p.message_id) for p in alive}
    revisions: dict[tuple[str, str, str], list[InboxMessage]] = {}
    for row in record_sources.revisions_of({message_id for _, _, message_id in opened}):
        place = (row.source, row.channel_id, row.message_id)
        if place in opened:
            revisions.setdefault(place, []).append(row)
    changed = {place: rows for place, rows in revisions.items() if len(rows) > 1}
    read = signals.find_many(signal_id(row.row_id) for rows in changed.values() for row in rows)
    return [saying for rows in changed.values() for saying in _of_message(rows, read)]


def _of_message(rows: Sequence[InboxMessage], read: dict[str, SignalRecord]) -> Iterable[Saying]:
    before: SignalRecord | None = None
    for row in rows:
        record = read.get(signal_id(row.row_id))
        is_delete = row.event == "delete"
        if is_delete or (before is not None and record is not None):
            yield Saying(
                saying_id=row.row_id,
                kind=SayingKind.DELETE if is_delete else SayingKind.EDIT,
                at=(row.edited_at or row.recorded_at) if not is_delete else row.recorded_at,
                source=row.source,
                channel_id=row.channel_id,
                message_id=row.message_id,
                signal=record.signal if record is not None else None,
                before=before.signal if before is not None else None,
            )
        before = record or before

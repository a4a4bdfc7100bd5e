"""Which revision of a message counts: the newest one known acts, an older one is history that is explained."""

from datetime import datetime, timedelta

from shared.domain.identifiers import signal_id
from shared.domain.signals import Action
from shared.inbox import DELETE_REVISION
from shared.models import signals
from shared.models.messages import InboxMessage, MessageStatus
from shared.models.providers import ProviderTerms
from shared.models.signals import SignalRecord
from shared.tasks import TASK_SECONDS, TaskName, enqueue
from worker.pipeline import route

ORIGINAL_WAIT = timedelta(seconds=5)
# No pass that began before the newer revision was recorded lives longer.
LONGEST_PASS = timedelta(seconds=TASK_SECONDS)
_RINGS_TO_WAIT = 2


def waits_for_older(message: InboxMessage, older: list[InboxMessage], now: datetime) -> datetime | None:
    """Return when to look again at an edit whose original is missing or on its way; None to go on now.

    An edit acts on the difference to what its original did, so a pass of the original that is under way comes
    first. Two rings of the sweep are waited for, no more: that pass may have died.
    """
    if not older:
        missing_until = message.recorded_at + ORIGINAL_WAIT
        return missing_until if now < missing_until else None
    under_way = any(revision.status is MessageStatus.PENDING for revision in older)
    return now + ORIGINAL_WAIT if under_way and message.rings < _RINGS_TO_WAIT else None


def unexplained_until(message: InboxMessage, newer: list[InboxMessage], now: datetime) -> datetime | None:
    """Return when a superseded message may be explained; None where that is now.

    A pass of it that began before the newer revision came may still be planning; what it writes is the truth.
    """
    if begun_open(message) is None:
        return None
    over_at = min(revision.recorded_at for revision in newer) + LONGEST_PASS
    return over_at if now < over_at else None


def explain(message: InboxMessage, terms: ProviderTerms, code: str) -> None:
    """Write the receipts that a pass which died after it had read an open left unwritten."""
    record = begun_open(message)
    if record is not None:
        route.explain_unplanned(message, terms, record, code)


def begun_open(message: InboxMessage) -> SignalRecord | None:
    """Return the stored reading of a message whose planning has begun."""
    record = signals.find(signal_id(message.row_id))
    is_open = record is not None and record.signal is not None and record.signal.action is Action.OPEN
    return record if is_open else None


def ring_newer(newer: list[InboxMessage]) -> None:
    """Ring for revisions that waited for an older one."""
    for revision in newer:
        if revision.status is MessageStatus.PENDING and revision.revision != DELETE_REVISION:
            enqueue(TaskName.SIGNALS_INGEST, revision.row_id)


def read_before(older: list[InboxMessage], before: SignalRecord | None) -> InboxMessage | None:
    """Return the older revision that was read last: what was only recorded said nothing to anybody."""
    return next((revision for revision in older if before and revision.row_id == before.row_id), None)

"""From one reading to all who follow: the provider's bots in one query, planned in chunks."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from time import monotonic

from shared.domain.option_contracts import resolve_symbol
from shared.domain.receipts import Receipt
from shared.domain.rotation import rotated
from shared.domain.signals import Signal
from shared.logs import get_logger
from shared.models import bots, messages, signals
from shared.models.durable import write_all
from shared.models.messages import InboxMessage
from shared.models.providers import ProviderTerms
from shared.models.signals import SignalRecord
from worker.context import Context, utc_now
from worker.pipeline import plan
from worker.pipeline.content import duplicate_of
from worker.pipeline.planning import Planning
from worker.pipeline.tell import tell

log = get_logger(__name__)

CHUNK = 250
FIRST_CHUNK = 50
"""Those who come first need not wait until many are planned: senders begin while the rest is."""

MOST_UNTOLD = 2500
PASS_SECONDS = 10.0
"""How long one pass plans. What is left is planned by the next one, after other messages that wait; and a worker that
dies takes no more than this with it."""

RING_AGAIN = timedelta(seconds=5)
_SIGN_SECONDS = 1.0


def plan_for_all(
    context: Context, message: InboxMessage, terms: ProviderTerms, record: SignalRecord
) -> plan.ChunkPlan:
    """Store the reading and plan it for every active bot of the provider; return the receipts that are not written yet.

    Incomplete where some wait for a balance, or for another pass. Bots that have a receipt already are left alone, so
    that a repeated pass only finishes the rest.
    """
    planning = _begin(message, terms, record)
    told = set() if planning.is_first_pass else signals.bots_told(record.signal_id)
    followers = bots.active_of_few(terms.provider_id, FIRST_CHUNK)
    listed = [*followers] if followers is not None else bots.active_ids_of(terms.provider_id)
    waiting = [bot_id for bot_id in rotated(listed, record.signal_id) if bot_id not in told]
    if followers is None:
        return _plan_in_chunks(context, planning, waiting, len(told))
    if not waiting:
        return plan.ChunkPlan([], is_complete=True)
    return plan.plan_chunk(context, planning, [followers[bot_id] for bot_id in waiting], place=len(told))


def _begin(message: InboxMessage, terms: ProviderTerms, record: SignalRecord) -> Planning:
    signal = record.signal
    if signal is None:
        raise ValueError("only an open is planned")
    # Planning comes after the reading is stored, so one that was not there has never been planned;
    # a later revision may still meet what its original left.
    same, is_new = write_all(
        lambda wait: duplicate_of(message, terms, signal, wait=wait),
        lambda wait: signals.record_reading(record, wait=wait),
    )
    return Planning(
        message=message,
        terms=terms,
        record=record,
        signal=signal,
        symbol=_symbol(signal, message),
        duplicate_of=same,
        is_first_pass=is_new and message.revision == 0,
    )


def _plan_in_chunks(
    context: Context, planning: Planning, waiting: Sequence[str], first_place: int
) -> plan.ChunkPlan:
    is_complete = True
    receipts: list[Receipt] = []
    began = heard_of = monotonic()
    starts = [0, *range(FIRST_CHUNK, len(waiting), CHUNK)]
    for start, end in zip(starts, [*starts[1:], len(waiting)], strict=True):
        if start and monotonic() - began > PASS_SECONDS:
            return plan.ChunkPlan(receipts, is_complete=False, is_cut=True)
        if monotonic() - heard_of > _SIGN_SECONDS:
            # Nobody else begins what is under way.
            messages.postpone(planning.message.row_id, utc_now() + RING_AGAIN)
            heard_of = monotonic()
        listed = bots.find_active(waiting[start:end])
        chunk = plan.plan_chunk(context, planning, listed, place=first_place + start)
        is_complete &= chunk.is_complete
        # Nobody waits for a receipt as others wait for their order: they are written when all are on their way.
        receipts += chunk.receipts
        if len(receipts) >= MOST_UNTOLD:
            tell(receipts)
            receipts = []
    return plan.ChunkPlan(receipts, is_complete)


def explain_unplanned(message: InboxMessage, terms: ProviderTerms, record: SignalRecord, code: str) -> None:
    """Tell every follower who has no receipt for this reading that it is not planned any more, and why."""
    told = signals.bots_told(record.signal_id)
    untold = [bot_id for bot_id in bots.active_ids_of(terms.provider_id) if bot_id not in told]
    for start in range(0, len(untold), CHUNK):
        listed = bots.find_active(untold[start : start + CHUNK])
        plan.explain_unplanned(message, record, listed, code)


def _symbol(signal: Signal, message: InboxMessage) -> str | None:
    return resolve_symbol(signal, message.posted_at.astimezone(UTC).date())

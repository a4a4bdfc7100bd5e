"""From one reading to all who follow: the provider's bots in one query, planned in chunks."""

from datetime import UTC

from shared.domain.entry import resolve_symbol
from shared.domain.receipts import Receipt
from shared.domain.rotation import rotated
from shared.domain.signals import Signal
from shared.logs import get_logger
from shared.models import bots, signals
from shared.models.messages import InboxMessage
from shared.models.providers import ProviderTerms
from shared.models.signals import SignalRecord
from worker.context import Context
from worker.pipeline import plan
from worker.pipeline.content import duplicate_of
from worker.pipeline.planning import Planning
from worker.pipeline.tell import tell

log = get_logger(__name__)

CHUNK = 250
MOST_UNTOLD = 2500


def plan_for_all(
    context: Context,
    message: InboxMessage,
    terms: ProviderTerms,
    record: SignalRecord,
    *,
    is_first_pass: bool,
) -> plan.ChunkPlan:
    """Plan for every active bot of the provider; return the receipts that are not written yet.

    Incomplete where some wait for a balance. Bots that have a receipt already are left alone, so that a repeated
    pass only finishes the rest.
    """
    signal = record.signal
    if signal is None:
        raise ValueError("only an open is planned")
    written = {} if is_first_pass else signals.receipts_of_signal(record.signal_id)
    listed = rotated(bots.active_of(terms.provider_id), record.signal_id)
    waiting = [bot for bot in listed if bot.trading_bot_id not in written]
    if not waiting:
        return plan.ChunkPlan([], is_complete=True)
    planning = Planning(
        message=message,
        terms=terms,
        record=record,
        signal=signal,
        symbol=_symbol(signal, message),
        duplicate_of=duplicate_of(message, terms, signal),
        is_first_pass=is_first_pass,
    )
    is_complete = True
    receipts: list[Receipt] = []
    for start in range(0, len(waiting), CHUNK):
        chunk = plan.plan_chunk(context, planning, waiting[start : start + CHUNK], place=start)
        is_complete &= chunk.is_complete
        # Nobody waits for a receipt as others wait for their order: they are written when all are on their way.
        receipts += chunk.receipts
        if len(receipts) >= MOST_UNTOLD:
            tell(receipts)
            receipts = []
    return plan.ChunkPlan(receipts, is_complete)


def explain_unplanned(message: InboxMessage, terms: ProviderTerms, record: SignalRecord, code: str) -> None:
    """Tell every follower who has no receipt for this reading that it is not planned any more, and why."""
    told = signals.receipts_of_signal(record.signal_id)
    untold = [bot for bot in bots.active_of(terms.provider_id) if bot.trading_bot_id not in told]
    plan.explain_unplanned(message, record, untold, code)


def _symbol(signal: Signal, message: InboxMessage) -> str | None:
    return resolve_symbol(signal, message.posted_at.astimezone(UTC).date())

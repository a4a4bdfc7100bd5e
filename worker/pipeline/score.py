"""Computes providers' records anew from stored rows, where something has closed since or an hour has passed."""

from datetime import datetime, timedelta

from shared.domain.record import WINDOW, ProviderRecord, make_record
from shared.logs import get_logger
from shared.models import providers, record_sources, references
from shared.models.mapping import millisecond
from shared.models.providers import ProviderTerms

log = get_logger(__name__)

STALE_AFTER = timedelta(hours=1)
"""The last 30 and 90 days move on, and messages arrive, also where nothing closes."""

_WRITTEN_LATE = timedelta(minutes=5)
# A trade carries the time of its last fill, which we may hear of later.


def score_all(now: datetime) -> str:
    """Compute the records of active providers that are due; returns how many."""
    unscored = references.unscored_providers()
    due = [terms for terms in providers.all_active() if terms.provider_id in unscored or is_due(terms, now)]
    for terms in due:
        score_one(terms.provider_id, now)
    return f"{len(due)} records computed"


def is_due(terms: ProviderTerms, now: datetime) -> bool:
    """Tell whether a record is older than an hour, or than the end of a follower's trade."""
    known = terms.record
    if known is None or known.computed_at is None or known.computed_at <= now - STALE_AFTER:
        return True
    return record_sources.has_closed_since(terms.provider_id, known.computed_at - _WRITTEN_LATE)


def score_one(provider_id: str, now: datetime) -> ProviderRecord:
    """Compute and store one record; a repeated pass writes the same."""
    now = millisecond(now)
    # Read first: what moves on meanwhile has another version, and stays marked.
    unscored = references.unscored_of(provider_id)
    record = make_record(
        references.count_signals(provider_id),
        references.outcomes_of(provider_id),
        record_sources.sum_followers(provider_id, now - WINDOW),
        record_sources.count_messages(provider_id, now - WINDOW),
        now,
    )
    providers.store_record(provider_id, record)
    references.mark_scored(unscored)
    log.info("provider.scored", provider_id=provider_id, closed=record.whole.closed)
    return record

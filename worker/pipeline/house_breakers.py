"""Breakers of providers, communities and the house: who floods or loses too much is put into REDUCING, once a day.

A flood is looked for after each new signal, so that it is stopped at its limit; losses and communities once a minute; the
house, which stops where too many outcomes are unknown, with every sweep.
"""

from collections.abc import Mapping
from datetime import datetime

from shared.domain.halts import HaltState
from shared.domain.house_breaker import doubt_of
from shared.domain.identifiers import event_id
from shared.domain.provider_breaker import (
    LOSS_WITHIN,
    SIGNALS_WITHIN,
    Speech,
    SpeechLimits,
    breach_of,
)
from shared.halting import trip
from shared.logs import get_logger
from shared.models import halts, orders, providers, references, signals
from shared.models.providers import ProviderTerms
from shared.models.records import append_audit
from shared.settings import Settings
from worker.pipeline.breaker import ACTOR

log = get_logger(__name__)


def watch_flood(settings: Settings, terms: ProviderTerms, now: datetime) -> bool:
    """Trip a provider's breaker where it has posted too many signals lately; true where it has tripped now."""
    limits = limits_of(settings)
    if not limits.signals:
        return False
    counted = signals.count_opens([terms.provider_id], now - SIGNALS_WITHIN)
    speech = Speech(signals=counted.get(terms.provider_id, 0))
    return _trip_if_due(f"provider:{terms.provider_id}", speech, limits, f"Provider {terms.name}", now)


def watch_speech(settings: Settings, now: datetime) -> int:
    """Trip the breakers of providers and communities that are beyond their limits; return how many tripped."""
    limits, listed = limits_of(settings), providers.all_active()
    ids = [terms.provider_id for terms in listed]
    counted = signals.count_opens(ids, now - SIGNALS_WITHIN)
    results = references.results_since(ids, now - LOSS_WITHIN)
    speeches = {name: Speech(counted.get(name, 0), results.get(name, Speech().result_r)) for name in ids}
    tripped = sum(
        _trip_if_due(
            f"provider:{terms.provider_id}",
            speeches[terms.provider_id],
            limits,
            f"Provider {terms.name}",
            now,
        )
        for terms in listed
    )
    for community_id, together in _by_community(listed, speeches).items():
        scope = f"community:{community_id}"
        tripped += _trip_if_due(scope, together, limits.of_community, "This community", now)
    return tripped


def limits_of(settings: Settings) -> SpeechLimits:
    """Return the limits that the operator has set."""
    return SpeechLimits(settings.provider_max_signals, settings.provider_max_loss_r)


def _by_community(listed: list[ProviderTerms], speeches: Mapping[str, Speech]) -> dict[str, Speech]:
    together: dict[str, Speech] = {}
    for terms in listed:
        if terms.community_id:
            spoken = together.get(terms.community_id, Speech())
            together[terms.community_id] = spoken + speeches[terms.provider_id]
    return together


def watch_doubt(settings: Settings, now: datetime) -> bool:
    """Trip the house's own breaker where too many outcomes are unknown at once; true where it has tripped now."""
    limit = settings.max_unknown_orders
    reason = doubt_of(orders.count_unknown(), limit) if limit else None
    return reason is not None and _trip("global", reason, now)


def _trip_if_due(scope: str, speech: Speech, limits: SpeechLimits, whose: str, now: datetime) -> bool:
    reason = breach_of(speech, limits, whose)
    return reason is not None and _trip(scope, reason, now)


def _trip(scope: str, reason: str, now: datetime) -> bool:
    day = now.date().isoformat()
    if halts.has_tripped(scope, day):
        return False
    trip(scope, reason, now)
    # After the halt: who dies between the two finds it halted, and notes it then.
    if not halts.record_trip(scope, day, reason, now):
        return False
    identity = event_id("audit.breaker", f"{scope}@{day}", 0)
    append_audit(identity, ACTOR, "halt", scope, {"state": str(HaltState.REDUCING), "reason": reason}, now)
    log.warning("breaker.tripped", scope=scope, day=day)
    return True

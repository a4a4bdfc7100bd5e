"""Breakers of providers, communities and the house: who floods or loses too much is put into REDUCING, once a day.

A flood is looked for after each new signal, so that it is stopped at its limit; losses and communities once a minute; the
house, which stops where too many outcomes are unknown, with every sweep. What has tripped a breaker is not counted again:
a scope that was resumed begins at nothing, also where midnight lay between. Who answers for the scope is told.
"""

from collections.abc import Collection as Many
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.halts import HaltState
from shared.domain.house_breaker import doubt_of
from shared.domain.identifiers import event_id
from shared.domain.money import ZERO
from shared.domain.provider_breaker import (
    LOSS_WITHIN,
    SIGNALS_WITHIN,
    Speech,
    SpeechLimits,
    breach_of,
)
from shared.halting import trip
from shared.logs import get_logger
from shared.models import halts, orders, providers, references, signals, users
from shared.models.audit import AuditLine, append_audit
from shared.models.providers import ProviderTerms
from shared.settings import Settings
from worker.notify.events import halt_events, ring_events
from worker.pipeline.breaker import ACTOR

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Speaker:
    """A scope that is looked at: whose providers it has, what to call it, and whose community it is."""

    scope: str
    provider_ids: tuple[str, ...]
    whose: str
    community_id: str | None
    limits: SpeechLimits


def watch_flood(settings: Settings, terms: ProviderTerms, now: datetime) -> bool:
    """Trip a provider's breaker where it has posted too many signals lately; true where it has tripped now."""
    limits = limits_of(settings)
    if not limits.signals:
        return False
    counted = signals.count_opens([terms.provider_id], now - SIGNALS_WITHIN)
    said = {name: Speech(signals=count) for name, count in counted.items()}
    return _watch(_provider(terms, limits), said, now)


def watch_speech(settings: Settings, now: datetime) -> int:
    """Trip the breakers of providers and communities that are beyond their limits; return how many tripped."""
    limits, listed = limits_of(settings), providers.all_active()
    speeches = _speeches([terms.provider_id for terms in listed], now)
    speakers = [_provider(terms, limits) for terms in listed] + _communities(listed, limits)
    return sum(_watch(speaker, speeches, now) for speaker in speakers)


def limits_of(settings: Settings) -> SpeechLimits:
    """Return the limits that the operator has set."""
    return SpeechLimits(settings.provider_max_signals, settings.provider_max_loss_r)


def watch_doubt(settings: Settings, now: datetime) -> bool:
    """Trip the house's own breaker where too many outcomes are unknown at once; true where it has tripped now."""
    limit = settings.max_unknown_orders
    reason = doubt_of(orders.count_unknown(), limit) if limit else None
    return reason is not None and _trip("global", reason, None, now)


def _provider(terms: ProviderTerms, limits: SpeechLimits) -> _Speaker:
    scope, whose = f"provider:{terms.provider_id}", f"Provider {terms.name}"
    return _Speaker(scope, (terms.provider_id,), whose, terms.community_id, limits)


def _communities(listed: list[ProviderTerms], limits: SpeechLimits) -> list[_Speaker]:
    members: dict[str, list[str]] = {}
    for terms in listed:
        if terms.community_id:
            members.setdefault(terms.community_id, []).append(terms.provider_id)
    return [
        _Speaker(f"community:{name}", tuple(ids), "This community", name, limits.of_community)
        for name, ids in members.items()
    ]


def _speeches(ids: Many[str], now: datetime, since: datetime | None = None) -> dict[str, Speech]:
    """Count what providers have said and brought lately, by provider; nothing from before `since`."""
    begun = since or now - LOSS_WITHIN
    counted = signals.count_opens(ids, max(now - SIGNALS_WITHIN, begun))
    results = references.results_since(ids, max(now - LOSS_WITHIN, begun))
    return {name: Speech(counted.get(name, 0), results.get(name, ZERO)) for name in ids}


def _watch(speaker: _Speaker, speeches: Mapping[str, Speech], now: datetime) -> bool:
    reason = _breach(speaker, speeches)
    if reason is None:
        return False
    tripped_at = halts.tripped_since(now - LOSS_WITHIN).get(speaker.scope)
    if tripped_at is not None:
        reason = _breach(speaker, _speeches(speaker.provider_ids, now, tripped_at))
    return reason is not None and _trip(speaker.scope, reason, speaker.community_id, now)


def _breach(speaker: _Speaker, speeches: Mapping[str, Speech]) -> str | None:
    spoken = sum((speeches.get(name, Speech()) for name in speaker.provider_ids), Speech())
    return breach_of(spoken, speaker.limits, speaker.whose)


def _trip(scope: str, reason: str, community_id: str | None, now: datetime) -> bool:
    day = now.date().isoformat()
    if halts.has_tripped(scope, day):
        return False
    trip(scope, reason, now)
    # After the halt: who dies between the two finds it halted, and notes it then.
    if not halts.record_trip(scope, day, reason, now):
        return False
    identity = event_id("audit.breaker", f"{scope}@{day}", 0)
    detail = {"state": str(HaltState.REDUCING), "reason": reason}
    append_audit(AuditLine(identity, ACTOR, "halt", scope, detail, now))
    ring_events(halt_events(users.keepers_of(community_id), scope, HaltState.REDUCING, reason, now))
    log.warning("breaker.tripped", scope=scope, day=day)
    return True

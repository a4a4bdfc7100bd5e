"""Keeps each provider's habits up to date with what was posted (see `worker/parsing/habits.py`)."""

from datetime import datetime

from shared.domain.profiles import ProviderProfile, keep_what_is_set
from shared.domain.signals import Action
from shared.logs import get_logger
from shared.models import market, messages, providers, signals
from shared.models.messages import InboxMessage
from shared.models.providers import ProviderTerms
from worker.pipeline.reading import content_of

log = get_logger(__name__)

POSTS = 200
"""How many of the newest messages of a provider count."""


def learn_all(now: datetime) -> str:
    """Learn what the providers with new messages are used to; returns how many profiles changed."""
    learnt = [terms for terms in providers.all_active() if learn_one(terms, now)]
    return f"{len(learnt)} profiles changed"


def learn_one(terms: ProviderTerms, now: datetime) -> bool:
    """Learn the habits of one provider; true where something new was stored."""
    newest = messages.newest_of_provider(terms.provider_id, POSTS)
    before = terms.profile
    if not newest or (before is not None and before.learnt_at and newest[0].recorded_at <= before.learnt_at):
        return False
    profile = keep_what_is_set(_profile_of(newest, now), before)
    providers.store_profile(terms.provider_id, profile)
    log.info("provider.learnt", provider_id=terms.provider_id, posts=profile.posts, scales=profile.scales)
    return True


def _profile_of(newest: list[InboxMessage], now: datetime) -> ProviderProfile:
    # The parser takes half a second to import, and of eight kinds of worker few parse (see worker.app).
    from worker.parsing.habits import Post, learn_profile  # noqa: PLC0415

    records = signals.find_many(message.signal_id for message in newest if message.signal_id)
    read = {signal_id: record.signal for signal_id, record in records.items()}
    posts = [Post(content_of(message), read.get(message.signal_id or "")) for message in newest]
    symbols = {
        post.signal.symbol
        for post in posts
        if post.signal is not None and post.signal.action is Action.OPEN and post.signal.symbol
    }
    return learn_profile(posts, market.newest_prices(sorted(symbols)), now)

"""Who may follow a provider now: its visibility held against memberships, roles and approvals."""

from collections.abc import Collection as Many
from collections.abc import Iterable

from shared.domain.following import Standing, Visibility, may_follow, missing_right
from shared.models import follows, users
from shared.models.providers import ProviderTerms
from shared.models.together import run


def who_may_follow(terms: ProviderTerms, user_ids: Many[str]) -> frozenset[str]:
    """Return those of the users who may follow a provider; for a public one nothing is read."""
    if terms.is_public:
        return frozenset(user_ids)
    known = _standings(terms, user_ids)
    roles = frozenset(terms.role_ids)
    return frozenset(user for user in user_ids if may_follow(terms.visibility, roles, known[user]))


def why_not(terms: ProviderTerms, user_id: str) -> str | None:
    """Return the sentence that says why a user may not follow a provider; None where it may."""
    standing = Standing() if terms.is_public else _standings(terms, [user_id])[user_id]
    return missing_right(terms.visibility, frozenset(terms.role_ids), standing)


def without_right(pairs: Iterable[tuple[ProviderTerms, str]]) -> set[tuple[str, str]]:
    """Return the pairs of provider and user, by their ids, of which the user may not follow."""
    wanted: dict[str, tuple[ProviderTerms, set[str]]] = {}
    for terms, user_id in pairs:
        if not terms.is_public:
            wanted.setdefault(terms.provider_id, (terms, set()))[1].add(user_id)
    return {
        (provider_id, user_id)
        for provider_id, (terms, user_ids) in wanted.items()
        for user_id in user_ids - who_may_follow(terms, user_ids)
    }


def _standings(terms: ProviderTerms, user_ids: Many[str]) -> dict[str, Standing]:
    if terms.visibility is Visibility.APPROVAL:
        said = run(follows.finding_of(terms.provider_id, user_ids))
        return {user_id: Standing(approval=said.get(user_id)) for user_id in user_ids}
    # A provider without a community has no members.
    known = run(users.finding_roles(terms.community_id, user_ids)) if terms.community_id else {}
    return {user_id: Standing(roles=known.get(user_id)) for user_id in user_ids}

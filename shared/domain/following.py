"""The right to follow: who may have a provider's signals traded, by its visibility (DESIGN 5).

Checked when somebody begins to follow, at the gates, right before an entry's first byte, and daily. A lost right stops
entries; cover and exits ask nobody.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

NO_RIGHT_TO_FOLLOW = "NO_RIGHT_TO_FOLLOW"


class Visibility(StrEnum):
    """Who may follow: anybody, the community's members, those with one of its roles, those it has approved."""

    PUBLIC = "public"
    MEMBERS = "members"
    ROLE = "role"
    APPROVAL = "approval"


class FollowState(StrEnum):
    """What a provider has said to somebody who wants to follow it."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a user is to one provider.

    `roles` are those in its community, None for who is no member; `approval` is None where nobody has asked.
    """

    roles: frozenset[str] | None = None
    approval: FollowState | None = None

    @property
    def is_member(self) -> bool:
        """Whether the user belongs to the provider's community."""
        return self.roles is not None


def may_follow(visibility: Visibility, role_ids: Set[str], standing: Standing) -> bool:
    """Tell whether a user has the right to follow a provider that lets in bearers of `role_ids`."""
    match visibility:
        case Visibility.PUBLIC:
            return True
        case Visibility.MEMBERS:
            return standing.is_member
        case Visibility.ROLE:
            return standing.roles is not None and bool(standing.roles & role_ids)
        case Visibility.APPROVAL:
            return standing.approval is FollowState.APPROVED


def missing_right(visibility: Visibility, role_ids: Set[str], standing: Standing) -> str | None:
    """Return the sentence that says why a user may not follow; None where it may."""
    if may_follow(visibility, role_ids, standing):
        return None
    if visibility is Visibility.MEMBERS:
        return "Only members of the provider's community may follow it."
    if visibility is Visibility.ROLE:
        return "Only members with one of the roles that the provider names may follow it."
    if standing.approval is FollowState.REFUSED:
        return "The provider has refused this follower."
    return "The provider approves its followers one by one and has not approved this one yet."

"""The right to follow: what each visibility asks for, and what it says to those without."""

import pytest

from shared.domain.following import FollowState, Standing, Visibility, may_follow, missing_right

STRANGER = Standing()
MEMBER = Standing(roles=frozenset())
BEARER = Standing(roles=frozenset({"vip", "other"}))
APPROVED = Standing(approval=FollowState.APPROVED)
VIP = frozenset({"vip", "founder"})
ALL = (STRANGER, MEMBER, BEARER, APPROVED)


@pytest.mark.parametrize(
    ("visibility", "allowed"),
    [
        (Visibility.PUBLIC, ALL),
        (Visibility.MEMBERS, (MEMBER, BEARER)),
        (Visibility.ROLE, (BEARER,)),
        (Visibility.APPROVAL, (APPROVED,)),
    ],
)
def test_each_visibility_lets_in_its_own(visibility: Visibility, allowed: tuple[Standing, ...]) -> None:
    assert tuple(one for one in ALL if may_follow(visibility, VIP, one)) == allowed


def test_a_provider_that_names_no_role_lets_no_bearer_in() -> None:
    assert not may_follow(Visibility.ROLE, frozenset(), BEARER)


@pytest.mark.parametrize("state", [None, FollowState.ASKED, FollowState.REFUSED])
def test_who_is_not_approved_may_not_follow_whatever_else_it_is(state: FollowState | None) -> None:
    assert not may_follow(Visibility.APPROVAL, VIP, Standing(roles=VIP, approval=state))


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("standing", ALL)
def test_a_sentence_says_why_exactly_where_the_right_is_missing(
    visibility: Visibility, standing: Standing
) -> None:
    said = missing_right(visibility, VIP, standing)
    assert (said is None) is may_follow(visibility, VIP, standing)
    assert said is None or said.endswith(".")


def test_who_was_refused_is_told_so() -> None:
    waiting = missing_right(Visibility.APPROVAL, VIP, Standing(approval=FollowState.ASKED))
    refused = missing_right(Visibility.APPROVAL, VIP, Standing(approval=FollowState.REFUSED))
    assert "not approved this one yet" in (waiting or "")
    assert "refused" in (refused or "")


def test_a_member_without_roles_is_a_member() -> None:
    assert MEMBER.is_member
    assert not STRANGER.is_member

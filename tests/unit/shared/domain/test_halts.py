"""Halts: scopes are read strictly, and the strictest one in force counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.halts import Halt, HaltState, ScopeKind, parse_scope, scopes_of, strictest
from tests.unit.shared.domain.builders import NOW

SCOPES = ("global", "provider:p", "user:u", "account:a", "community:c")
RANK = {HaltState.ACTIVE: 0, HaltState.REDUCING: 1, HaltState.HALTED: 2}
HALTS = st.lists(
    st.builds(
        Halt, st.sampled_from([*SCOPES, "user:other"]), st.sampled_from(HaltState), st.just(""), st.just(NOW)
    )
)


def halt(scope: str, state: HaltState) -> Halt:
    return Halt(scope, state, "", NOW)


@pytest.mark.parametrize("kind", ScopeKind)
def test_every_kind_of_scope_is_read(kind: ScopeKind):
    text = "global" if kind is ScopeKind.GLOBAL else f"{kind}:4711"
    assert parse_scope(text) == (kind, "" if kind is ScopeKind.GLOBAL else "4711")


def test_an_id_may_hold_a_colon():
    assert parse_scope("account:a:b") == (ScopeKind.ACCOUNT, "a:b")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "scope must be global"),
        ("everything", "scope must be global"),
        ("User:1", "scope must be global"),
        ("global:1", "global takes no id"),
        ("user", "an id is missing"),
        ("user:", "an id is missing"),
    ],
)
def test_a_wrong_scope_is_named(text: str, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        parse_scope(text)


def test_an_order_lies_in_five_scopes_or_in_four_without_a_community():
    wanted = {"provider_id": "p", "user_id": "u", "account_id": "a"}
    assert set(scopes_of(community_id="c", **wanted)) == set(SCOPES)
    assert set(scopes_of(community_id=None, **wanted)) == set(SCOPES) - {"community:c"}


@given(HALTS)
def test_the_strictest_in_scope_counts_and_active_is_none(halts: list[Halt]):
    found = strictest(halts, SCOPES)
    mine = [RANK[item.state] for item in halts if item.scope in SCOPES]
    assert (RANK[found.state] if found else 0) == max(mine, default=0)
    assert found is None or found in halts


def test_a_halt_of_somebody_else_does_not_count():
    assert strictest([halt("user:other", HaltState.HALTED)], SCOPES) is None
    assert strictest([halt("user:u", HaltState.HALTED)], SCOPES) is not None

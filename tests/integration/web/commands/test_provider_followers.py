"""`providers set | approve | refuse | followers`: who may follow, what creating and starting a bot asks for."""

from datetime import UTC, datetime

import pytest

from shared.domain.following import Visibility
from shared.models import providers
from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of
from shared.models.users import Membership
from tests.integration.web.commands.conftest import Answer, Run
from tests.integration.web.commands.test_creates import connect, make_provider, make_user

pytestmark = pytest.mark.usefixtures("empty_servers")


def restrict(run: Run, visibility: str, *roles: str) -> Answer:
    named = [word for role in roles for word in ("--role-id", role)]
    return run("providers", "set", "--provider", "Alpha", "--visibility", visibility, *named, "--json")


def follow(run: Run) -> Answer:
    account_id = connect(run).row["id"]
    base = ("bots", "create", "--user", "Ada", "--provider", "Alpha", "--account", account_id)
    return run(*base, "--sizing", "risk:1", "--json")


def decide(run: Run, verb: str) -> Answer:
    return run("providers", verb, "--provider", "Alpha", "--user", "Ada", "--json")


def join(user_id: str, provider_id: str, *roles: str) -> None:
    terms = providers.find(provider_id)
    assert terms is not None
    membership = {"user_id": user_id, "community_id": terms.community_id, "role_ids": list(roles)}
    row = {**membership, "checked_at": datetime.now(UTC)}
    rows_of(Membership).replace_one({"_id": user_id}, row, upsert=True)


def test_the_visibility_is_stored_with_its_roles(run: Run) -> None:
    provider_id = make_provider(run)
    assert restrict(run, "role", "51", "52", "51").row["role_ids"] == ["51", "52"]
    terms = providers.find(provider_id)
    assert terms is not None
    assert (terms.visibility, terms.role_ids) == (Visibility.ROLE, ("51", "52"))
    restrict(run, "public")
    again = providers.find(provider_id)
    assert again is not None
    assert (again.is_public, again.role_ids) == (True, ())
    assert rows_of(AuditEntry).count_documents({"action": "provider.visibility"}) == 2


def test_roles_belong_to_the_visibility_by_role(run: Run) -> None:
    make_provider(run)
    assert restrict(run, "role").refused("--role-id", status=2)
    assert restrict(run, "members", "51").refused("--role-id", status=2)
    assert restrict(run, "role", "<@51>").refused("is no id", status=2)
    assert restrict(run, "friends").refused("friends", status=2)


def test_only_members_follow_a_provider_for_members(run: Run) -> None:
    user_id, provider_id = make_user(run), make_provider(run)
    restrict(run, "members")
    assert follow(run).refused("Only members of the provider's community may follow it.")
    join(user_id, provider_id)
    assert follow(run).row["state"] == "active"


def test_only_bearers_of_a_role_follow_a_provider_by_role(run: Run) -> None:
    user_id, provider_id = make_user(run), make_provider(run)
    restrict(run, "role", "51")
    join(user_id, provider_id, "50")
    assert follow(run).refused("one of the roles")
    join(user_id, provider_id, "51")
    assert follow(run).row["state"] == "active"


def test_who_wants_to_follow_a_provider_that_approves_has_asked_by_that(run: Run) -> None:
    make_user(run)
    make_provider(run)
    restrict(run, "approval")
    assert follow(run).refused("has not approved this one yet")
    waiting = run("providers", "followers", "--provider", "Alpha", "--json").row
    assert (waiting["name"], waiting["approval"], waiting["may_follow"]) == ("Ada", "asked", False)
    assert decide(run, "refuse").row["state"] == "refused"
    assert follow(run).refused("refused this follower")
    decide(run, "approve")
    assert follow(run).row["state"] == "active"
    following = run("providers", "followers", "--provider", "Alpha", "--json").row
    assert (following["approval"], following["active_bots"], following["may_follow"]) == ("approved", 1, True)


def test_a_bot_whose_right_is_lost_does_not_start_again_before_it_is_back(run: Run) -> None:
    make_user(run)
    make_provider(run)
    restrict(run, "approval")
    decide(run, "approve")
    bot_id = follow(run).row["trading_bot_id"]
    run("bots", "pause", "--bot", bot_id)
    decide(run, "refuse")
    assert run("bots", "start", "--bot", bot_id).refused("refused this follower")
    lost = run("providers", "followers", "--provider", "Alpha", "--json").row
    assert (lost["active_bots"], lost["why_not"]) == (0, "The provider has refused this follower.")
    decide(run, "approve")
    assert run("bots", "start", "--bot", bot_id, "--json").row["state"] == "active"


def test_a_provider_whom_nobody_follows_says_so(run: Run) -> None:
    make_provider(run)
    shown = run("providers", "followers", "--provider", "Alpha")
    assert shown.out == "Nobody follows this provider yet.\n"

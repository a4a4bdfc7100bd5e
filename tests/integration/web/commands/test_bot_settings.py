"""Settings by level on the command line: what is in force and who said so; users' zones and currencies."""

import pytest

from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of
from shared.models.users import User
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.test_creates import connect, make_provider, make_user

pytestmark = pytest.mark.usefixtures("empty_servers")


@pytest.fixture
def bot_id(run: Run) -> str:
    """A bot of Ada's that has set one limit of its own."""
    make_user(run)
    make_provider(run)
    account_id = connect(run).row["account_id"]
    own = ("--set", "max_per_symbol=2")
    where = ("--user", "Ada", "--provider", "Alpha", "--account", account_id, "--sizing", "fixed:100")
    made: str = run("bots", "create", *where, *own, "--json").row["trading_bot_id"]
    return made


def shown(run: Run, bot_id: str) -> dict[str, tuple[str, str]]:
    rows = run("settings", "show", "--bot", bot_id, "--json").rows
    return {row["name"]: (row["value"], row["level"]) for row in rows}


def test_each_value_in_force_says_which_level_it_comes_from(run: Run, bot_id: str):
    run("settings", "set", "--provider", "Alpha", "max_drift_r=1", "max_per_symbol=9", "sides=buy", "--json")
    run("settings", "set", "--user", "Ada", "max_drift_r=2", "flatten_on_loss=yes", "--json")
    values = shown(run, bot_id)
    assert values["sides"] == ("buy", "provider")
    assert values["max_drift_r"] == ("2", "user")
    assert values["flatten_on_loss"] == ("yes", "user")
    assert values["max_per_symbol"] == ("2", "bot")
    assert values["max_open_positions"] == ("3", "platform")
    assert run("settings", "show", "--user", "Ada", "--json").rows[0]["level"] == "user"


def test_what_is_cleared_is_said_by_the_next_level_again(run: Run, bot_id: str):
    run("settings", "set", "--user", "Ada", "max_per_symbol=7", "--json")
    run("settings", "clear", "--bot", bot_id, "max_per_symbol", "--json")
    assert shown(run, bot_id)["max_per_symbol"] == ("7", "user")
    run("settings", "clear", "--user", "Ada", "max_per_symbol", "--json")
    assert shown(run, bot_id)["max_per_symbol"] == ("1", "platform")


def test_changes_are_in_the_audit_log(run: Run, bot_id: str):
    run("settings", "set", "--bot", bot_id, "max_drift_r=3", "--json")
    noted = rows_of(AuditEntry).find_one({"action": "settings.set"})
    assert noted is not None
    assert (noted["subject"], noted["after"]) == (f"bot:{bot_id}", {"max_drift_r": "3"})


def test_wrong_names_and_values_are_refused_in_one_sentence(run: Run, bot_id: str):
    assert run("settings", "set", "--bot", bot_id, "max_drift=3").refused("no setting is called", 2)
    assert run("settings", "set", "--bot", bot_id, "max_drift_r=far").refused("not a number", 2)
    assert run("settings", "clear", "--bot", bot_id, "max_drift").refused("no setting is called", 2)
    assert run("settings", "show").refused("name one of", 2)
    assert run("settings", "show", "--bot", bot_id, "--user", "Ada").refused("name one of", 2)
    assert run("settings", "show", "--bot", "nobody").refused("no bot nobody")


def test_a_user_has_a_zone_a_currency_and_a_plan(run: Run):
    user_id = make_user(run)
    changes = ("--time-zone", "Europe/Berlin", "--display-currency", "eur", "--tier", "pro")
    run("users", "set", "--user", "Ada", *changes, "--json")
    stored = rows_of(User).find_one({"_id": user_id})
    assert stored is not None
    assert (stored["time_zone"], stored["display_currency"], stored["tier"]) == (
        "Europe/Berlin",
        "EUR",
        "pro",
    )


def test_a_zone_or_currency_that_is_none_is_refused(run: Run):
    make_user(run)
    assert run("users", "set", "--user", "Ada", "--time-zone", "Mars/Base").refused("no time zone", 2)
    assert run("users", "set", "--user", "Ada", "--display-currency", "e").refused("no currency", 2)
    assert run("users", "set", "--user", "Ada").refused("name what to change", 2)

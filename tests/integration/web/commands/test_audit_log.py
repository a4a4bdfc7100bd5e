"""`flask audit`: every change a line, and the first line that was touched is named."""

from datetime import UTC, datetime

import pytest

from shared.models.audit import AuditEntry
from shared.models.counters import Counter
from shared.models.mapping import rows_of
from tests.integration.web.commands.conftest import Run


@pytest.fixture
def changed(run: Run, empty_servers: None) -> None:
    """Three changes by the command line."""
    run("users", "create", "--discord-id", "1", "--name", "anna")
    run("users", "set", "--user", "anna", "--tier", "pro")
    run("users", "set", "--user", "anna", "--time-zone", "Europe/Berlin")


@pytest.mark.usefixtures("changed")
def test_each_change_is_one_line_with_what_was_before_and_after(run: Run) -> None:
    rows = run("audit", "show", "--action", "user.set", "--json").rows
    assert [(row["before"], row["after"]) for row in rows] == [
        ({"time_zone": "UTC"}, {"time_zone": "Europe/Berlin"}),
        ({"tier": "free"}, {"tier": "pro"}),
    ]
    verdict = run("audit", "verify", "--json").row
    assert (verdict["intact"], verdict["lines"], verdict["last_seq"]) == (True, 3, 3)
    assert "3 lines hold together" in run("audit", "verify").out


@pytest.mark.usefixtures("changed")
def test_the_first_line_that_was_touched_is_named(run: Run) -> None:
    rows_of(AuditEntry).update_one({"seq": 2}, {"$set": {"actor": "somebody else"}})
    answer = run("audit", "verify", "--json")
    assert answer.status == 1
    assert answer.rows[0]["broken"]["seq"] == 2
    assert "line 2: it was changed" in answer.err
    rows_of(AuditEntry).delete_one({"seq": 2})
    assert "line 3: lines before it are missing" in run("audit", "verify").err


@pytest.mark.usefixtures("changed")
def test_a_chain_that_was_made_anew_is_told_by_a_hash_that_was_noted(run: Run) -> None:
    noted = run("audit", "verify", "--json").row
    expected = f"{noted['last_seq']}:{noted['last_hash']}"
    assert run("audit", "verify", "--expect", expected).status == 0
    rows_of(AuditEntry).delete_many({})
    rows_of(Counter).delete_many({})
    for name in ("x", "y", "z"):
        run("users", "create", "--discord-id", name, "--name", name)
    assert run("audit", "verify").status == 0
    assert "was made anew" in run("audit", "verify", "--expect", expected).err
    assert run("audit", "verify", "--expect", "3:abc").refused("SEQ:HASH", status=2)


def test_a_line_that_was_put_in_beside_the_chain_is_told_and_those_older_than_it_are_not(
    run: Run, empty_servers: None
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows_of(AuditEntry).insert_one({"_id": "old", "actor": "cli", "action": "halt", "at": at})
    run("users", "create", "--discord-id", "1", "--name", "anna")
    verdict = run("audit", "verify", "--json").row
    assert (verdict["intact"], verdict["unchained"]) == (True, 1)
    rows_of(AuditEntry).insert_one({"_id": "forged", "actor": "cli", "action": "halt", "at": at})
    answer = run("audit", "verify", "--json")
    assert (answer.status, answer.rows[0]["intact"]) == (1, False)
    assert "2 lines have no place in the chain, 1 are older than it" in answer.err

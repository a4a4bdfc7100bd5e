"""The house that demo, fault tests, benchmarks and browser tests live in: it starts, obeys, and leaves nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from shared.local import PROJECT
from tests.house.commands import CommandFailed
from tests.house.house import House
from tests.waiting import wait_until

# One process of the Procfile is enough here: what all of them do together, their own tests show.
ONLY = ["web"]

OWNER = """
import json, time
from tests.house.house import House
from tests.house.venues import TEST_VENUE
with House(venues=[TEST_VENUE], processes=["web"]) as house:
    house.wait_until_ready()
    print(json.dumps([*house.pids().values(), house.servers.redis.pid, house.servers.mongod.pid,
                      house.discord_process.pid, house.venue_processes["testvenue"].pid]), flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House(processes=ONLY) as started:
        started.wait_until_ready()
        yield started


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_command_answers_with_rows_in_either_way(house: House) -> None:
    fast = house.cli("users", "create", "--discord-id", "1", "--name", "Anna")
    slow = house.flask("users", "create", "--discord-id", "2", "--name", "Bert")
    assert [row["name"] for row in (*fast, *slow.rows)] == ["Anna", "Bert"]
    assert house.open_database()["users"].count_documents({}) == 2


def test_a_command_that_was_not_done_says_why(house: House) -> None:
    with pytest.raises(CommandFailed, match="no user is called 'nobody'"):
        house.cli("accounts", "connect", "--user", "nobody", "--venue", "paper", "--environment", "paper")


def test_what_is_killed_comes_back_under_its_name(house: House) -> None:
    before = house.pids()["web"]
    assert house.kill("web") == [before]
    wait_until(lambda: house.pids().get("web", before) != before, "a new web process")
    house.wait_until_ready()


def test_a_name_that_nothing_has_is_a_mistake(house: House) -> None:
    with pytest.raises(ValueError, match="nothing that runs is called 'wbe'"):
        house.kill("wbe")


def test_no_setting_of_the_developer_reaches_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://production/money")
    monkeypatch.setenv("VENUE_URL_BINANCE_LIVE", "https://example.org")
    with House(processes=[]) as own:
        assert "production" not in own.env["MONGODB_URI"]
        assert "VENUE_URL_BINANCE_LIVE" not in own.env


def test_an_owner_that_is_killed_leaves_nothing_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=PROJECT, env=os.environ, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().strip("[]\n").split(",")]
        assert all(is_alive(pid) for pid in pids)
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "the end of everything", seconds=30)

"""`python -m bot` as a process: how it refuses, how it stops, and what a kill costs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.emulators.discord import DiscordControl, DiscordEmulator
from tests.integration.bot.conftest import Place, rows, wait_for, wait_for_rows

_ROOT = Path(__file__).parents[3]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(emulator: DiscordEmulator, installation: None, redis_url: str, mongodb_uri: str) -> Iterator[Start]:
    """Start the process; whatever is still alive at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(**changes: str) -> "subprocess.Popen[str]":
        environment = {
            **os.environ,
            "DISCORD_BOT_TOKEN": emulator.token,
            "DISCORD_API_URL": emulator.url,
            **changes,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            cwd=_ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_what_is_missing_is_named_line_by_line(start: Start, place: Place) -> None:
    process = start(DISCORD_BOT_TOKEN="", MONGODB_URI="")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 78
    assert [line.split(" (")[0] for line in said.splitlines()] == [
        "bot: MONGODB_URI is not set",
        "bot: DISCORD_BOT_TOKEN is not set",
    ]


def test_a_wrong_token_is_one_clear_line(start: Start, place: Place) -> None:
    process = start(DISCORD_BOT_TOKEN="MTIz.not.right")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 78
    assert said.startswith("bot: DISCORD_BOT_TOKEN is refused by Discord")
    assert said.count("\n") == 1


def test_a_refused_intent_names_the_switch_and_leaves_its_reason_behind(
    start: Start, control: DiscordControl, place: Place, redis_url: str
) -> None:
    control.set_privileged_intents(["members"])
    process = start()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 78
    assert "switch on Message Content Intent in the developer portal" in said
    assert said.count("\n") == 1
    with Redis.from_url(redis_url, decode_responses=True) as client:
        assert client.hget("dx:bot", "message_content_intent") == "false"


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["kill -9", "TERM"])
async def test_a_bot_that_is_ended_in_the_middle_of_a_burst_costs_no_message(
    start: Start, control: DiscordControl, place: Place, end: signal.Signals
) -> None:
    posted = []
    process = start()
    await wait_for(lambda: control.sessions()["identifies"] == 1, "a session")
    for number in range(200):
        posted.append(control.post_message(place.channel, f"n {number}", user_id=place.trader)["id"])
        if number == 60:
            await wait_for(rows, "the first of them")
        if number == 100:
            process.send_signal(end)
        if number == 150:
            assert process.wait(15) == (0 if end is signal.SIGTERM else -signal.SIGKILL)
            start()
    found = await wait_for_rows(200)
    assert [row["message_id"] for row in found] == posted

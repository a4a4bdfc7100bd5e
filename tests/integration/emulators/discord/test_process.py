"""The emulator as a process of its own, as the demo and the fault tests run it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.discord import ControlError, DiscordControl
from tests.integration.emulators.discord.conftest import Connect, Place
from tests.integration.emulators.discord.recording_client import RecordingClient

_ROOT = Path(__file__).parents[4]


@contextmanager
def running(*arguments: str) -> Iterator[dict[str, Any]]:
    """Run the process and yield the line it prints; end it as a supervisor would."""
    process = _start(*arguments)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_it_says_where_it_listens_and_keeps_its_world_and_log_across_restarts(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    steps = [
        {"action": "create_guild", "name": "Seeded", "guild_id": "1100000000000000001"},
        {
            "action": "create_channel",
            "guild_id": "1100000000000000001",
            "name": "calls",
            "channel_id": "1100000000000000002",
        },
        {
            "action": "create_user",
            "name": "trader",
            "guild_id": "1100000000000000001",
            "user_id": "1100000000000000003",
        },
    ]
    seed.write_text(json.dumps(steps))
    arguments = ("--state-dir", str(tmp_path / "state"), "--seed-file", str(seed))
    with running(*arguments) as first:
        assert set(first) >= {"url", "gateway", "port", "token"}
        posted = DiscordControl(first["url"]).post_message(
            "1100000000000000002", "line one\u2028line two", user_id="1100000000000000003"
        )
    with (tmp_path / "state" / "world.jsonl").open("a") as journal:
        journal.write('["messages", "1", {"torn')  # as a kill in the middle of a write leaves it
    with running(*arguments) as second:
        control = DiscordControl(second["url"])
        assert second["token"] == first["token"]
        assert control.messages("1100000000000000002") == [posted]
        assert [guild["name"] for guild in control.describe()["guilds"]] == ["Seeded"]
        control.post_message("1100000000000000002", "again", user_id="1100000000000000003")
    with running(*arguments) as third:
        assert len(DiscordControl(third["url"]).messages("1100000000000000002")) == 2


def test_a_taken_port_and_a_bad_seed_are_one_clear_line(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"guilds": []}')
    with running() as first:
        for arguments in (("--port", str(first["port"])), ("--seed-file", str(seed))):
            process = _start(*arguments)
            _, said = process.communicate(timeout=20)
            assert process.returncode == 1
            assert len(said.strip().splitlines()) == 1


async def test_the_log_names_every_request_and_gateway_frame_and_no_token(
    connect: Connect, emulator: Any, control: DiscordControl, place: Place
) -> None:
    await connect(RecordingClient())
    paths = [entry["path"] for entry in control.log(kind="rest")]
    assert paths == ["/users/@me", "/oauth2/applications/@me", "/gateway/bot"]
    (identify,) = control.log(kind="gateway", op=2)
    assert identify["d"]["intents"] > 0
    assert control.log(kind="gateway", event="connected")[0]["compressed"]
    assert emulator.token not in json.dumps(control.log())


def test_waits_end_with_a_timeout_and_wrong_calls_with_a_reason(
    control: DiscordControl, place: Place
) -> None:
    with pytest.raises(TimeoutError, match="no bot session within"):
        control.wait_for_session(timeout_seconds=0.05)
    with pytest.raises(TimeoutError, match="not 1 log entries"):
        control.wait_for_log(timeout_seconds=0.05, kind="rest")
    with pytest.raises(ControlError, match="who posts"):
        control.post_message(place.channel, "anonymous")
    with pytest.raises(ControlError, match="no action 'explode'"):
        control.call("explode")


async def test_a_wait_for_the_session_ends_when_the_client_is_there(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    await connect(RecordingClient())
    seen = control.wait_for_session(timeout_seconds=5)
    assert seen["sessions"][0]["connected"]
    assert seen["identifies"] == 1


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.emulators.discord", *arguments],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

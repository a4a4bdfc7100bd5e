"""Servers that do not answer: whoever is started says so in one clear line, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.local import PROJECT, LocalServers
from tests.house.environment import clean_environment, generate_settings

PROGRAMS = Path(sys.executable).parent
ANSWER_SECONDS = 40
MESSAGE = {
    "channel_id": "1",
    "message_id": "2",
    "content": "LONG BTC/USDT",
    "posted_at": datetime.now(UTC).isoformat(),
}


@pytest.fixture(scope="module")
def own_servers() -> Iterator[LocalServers]:
    """Servers that may be frozen."""
    with LocalServers() as servers:
        yield servers


@pytest.fixture
def env(own_servers: LocalServers) -> dict[str, str]:
    """The environment of a command on these servers."""
    return {
        **clean_environment(),
        **generate_settings(),
        **own_servers.environment(),
        "FLASK_SKIP_DOTENV": "1",
    }


def run(env: dict[str, str], *command: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command to its end; TimeoutExpired when it hangs."""
    return subprocess.run(
        command,
        env=env,
        cwd=PROJECT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=ANSWER_SECONDS,
        check=False,
    )


def first_words(env: dict[str, str], *command: str, lines: int = 1) -> str:
    """Start a process that goes on, and return its first lines."""
    with subprocess.Popen(
        command,
        env=env,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            return "".join(process.stdout.readline() for _ in range(lines))
        finally:
            os.killpg(process.pid, signal.SIGKILL)


class Frozen:
    """A server that takes connections and answers nothing, for the length of a block."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __enter__(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGCONT)


def test_the_inbox_ends_with_one_line_when_mongod_is_frozen(
    own_servers: LocalServers, env: dict[str, str]
) -> None:
    with Frozen(own_servers.mongod.pid):
        done = run(env, sys.executable, "-m", "shared.inbox", stdin=json.dumps(MESSAGE))
    assert (done.returncode, done.stdout) == (os.EX_TEMPFAIL, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("inbox: MongoDB does not answer")


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "refused"])
def test_the_inbox_records_and_answers_when_redis_is_away(
    own_servers: LocalServers, env: dict[str, str], *, frozen: bool
) -> None:
    lines = "\n".join(json.dumps({**MESSAGE, "message_id": f"{frozen}{number}"}) for number in range(3))
    if frozen:
        with Frozen(own_servers.redis.pid):
            done = run(env, sys.executable, "-m", "shared.inbox", stdin=lines)
    else:
        done = run(
            {**env, "REDIS_URL": "redis://127.0.0.1:1/0"}, sys.executable, "-m", "shared.inbox", stdin=lines
        )
    assert [json.loads(line)["created"] for line in done.stdout.splitlines()] == [True] * 3
    assert done.returncode == 0


@pytest.mark.parametrize("server", ["redis", "mongod"])
def test_the_doctor_names_a_frozen_server_in_one_line(
    own_servers: LocalServers, env: dict[str, str], server: str
) -> None:
    with Frozen(getattr(own_servers, server).pid):
        done = run(env, str(PROGRAMS / "flask"), "--app", "web", "doctor", "--json")
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    failed = {row["check"]: row["detail"] for row in findings if row["status"] == "FAIL"}
    name = {"redis": "Redis", "mongod": "MongoDB"}[server]
    assert done.returncode == 1
    assert failed[name].startswith("does not answer")
    assert "\n" not in failed[name]
    assert not done.stderr


def test_a_worker_says_what_it_waits_for(own_servers: LocalServers, env: dict[str, str]) -> None:
    worker = (str(PROGRAMS / "celery"), "-q", "-A", "worker.app", "worker", "-Q", "orders", "-c", "1")
    assert first_words({**env, "MONGODB_URI": "mongodb://127.0.0.1:1/test"}, *worker).startswith(
        "worker: waits for MongoDB"
    )
    said = first_words({**env, "REDIS_URL": "redis://127.0.0.1:1/0"}, *worker, lines=3).splitlines()
    assert all("Cannot connect to redis" in line for line in said)
    assert "in 3.00 seconds" in said[-1], "the pauses between two attempts stay short"


def test_the_beat_ends_with_one_line_when_redis_is_away(env: dict[str, str]) -> None:
    beat = (str(PROGRAMS / "celery"), "-q", "-A", "worker.app", "beat", "--pidfile=", "--loglevel", "WARNING")
    done = run({**env, "REDIS_URL": "redis://127.0.0.1:1/0"}, *beat)
    [line] = (done.stdout + done.stderr).splitlines()
    assert json.loads(line)["event"] == "beat.stopped"
    assert done.returncode == os.EX_TEMPFAIL

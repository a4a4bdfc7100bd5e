"""Ringing a bell on real servers: heard when Redis answers, given up soon when it does not, never raised."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from shared.local import LocalServers

ROOT = Path(__file__).parents[3]
UNHEARD_WITHIN_SECONDS = 8.0

# Rings in a process of its own, as the bot does, and tells for each bell whether it was heard and how long it took.
RINGER = """
import json, sys, time
from shared.tasks import TaskName, enqueue

for line in sys.stdin:
    told = []
    for number in range(json.loads(line)):
        began = time.monotonic()
        told.append([enqueue(TaskName.SIGNALS_INGEST, f"row{number}"), time.monotonic() - began])
    print(json.dumps(told), flush=True)
"""


class Ringer:
    """A producer's process."""

    def __init__(self, redis_url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", RINGER],
            cwd=ROOT,
            env={**os.environ, "REDIS_URL": redis_url, "MONGODB_URI": "mongodb://127.0.0.1:1/none"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ring(self, times: int) -> list[tuple[bool, float]]:
        """Ring and return, for each bell, whether it was heard and the seconds it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        while not (line := self._process.stdout.readline()).startswith("[["):
            assert line, self._process.communicate()[1]
        return [(heard, seconds) for heard, seconds in json.loads(line)]

    def end(self) -> str:
        """Let it end and return what it said on standard error."""
        return self._process.communicate(timeout=30)[1]


@pytest.fixture
def own_servers() -> Iterator[LocalServers]:
    """A Redis that this test may freeze and kill."""
    with LocalServers(mongodb_uri="mongodb://127.0.0.1:1/none") as started:
        yield started


def waiting_in(redis_url: str) -> list[Any]:
    with Redis.from_url(redis_url) as client:
        return client.lrange("dx:signals", 0, -1)


def test_a_bell_is_one_message_on_its_tasks_queue_that_holds_ids_alone(redis_url: str):
    ringer = Ringer(redis_url)
    assert [heard for heard, _ in ringer.ring(2)] == [True, True]
    ringer.end()
    bodies = [json.loads(message) for message in waiting_in(redis_url)]
    assert {body["headers"]["task"] for body in bodies} == {"signals.ingest"}
    assert {body["content-type"] for body in bodies} == {"application/json"}
    assert {body["headers"]["argsrepr"] for body in bodies} == {"['row0']", "['row1']"}


def test_where_nothing_listens_a_bell_is_unheard_and_the_next_ones_are_not_tried():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ringer = Ringer(f"redis://127.0.0.1:{closed.getsockname()[1]}/0")
        answers = ringer.ring(50)
    assert not any(heard for heard, _ in answers)
    assert answers[0][1] < UNHEARD_WITHIN_SECONDS
    assert sum(seconds for _, seconds in answers[1:]) < 0.5
    assert "Traceback" not in ringer.end()


def test_a_frozen_redis_holds_nobody_up_for_long_and_is_heard_again_afterwards(own_servers: LocalServers):
    ringer = Ringer(own_servers.redis_url)
    assert ringer.ring(1)[0][0]
    os.kill(own_servers.redis.pid, signal.SIGSTOP)
    try:
        answers = ringer.ring(20)
    finally:
        os.kill(own_servers.redis.pid, signal.SIGCONT)
    assert not any(heard for heard, _ in answers)
    assert answers[0][1] < UNHEARD_WITHIN_SECONDS
    assert sum(seconds for _, seconds in answers[1:]) < 0.5
    assert_heard_again(ringer)
    assert "Traceback" not in ringer.end()


def test_a_redis_that_was_killed_is_heard_again_once_it_is_back(own_servers: LocalServers):
    ringer = Ringer(own_servers.redis_url)
    assert ringer.ring(1)[0][0]
    own_servers.redis.kill()
    assert not ringer.ring(1)[0][0]
    own_servers.redis.start()
    assert_heard_again(ringer)
    assert "Traceback" not in ringer.end()


def assert_heard_again(ringer: Ringer) -> None:
    deadline = time.monotonic() + 10
    while not ringer.ring(1)[0][0]:
        assert time.monotonic() < deadline, "no bell was heard within 10 s of Redis' return"
        time.sleep(0.1)

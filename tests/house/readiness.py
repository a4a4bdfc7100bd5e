"""What it takes for a house to be ready: every process asked itself, none assumed because it was started."""

import shlex
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from kombu import Queue as KombuQueue
from kombu.exceptions import OperationalError
from pymongo.database import Database
from pymongo.errors import PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from shared.tasks import Queue
from tests.emulators.discord.client import DiscordControl

BOT_KEY = "dx:bot"
_LOOK_SECONDS = 0.1
_INSPECT_SECONDS = 1.0
_HTTP_SECONDS = 2.0

Check = Callable[[], bool]


class NotReady(AssertionError):
    """Raised when the house, or a part of it, was not ready in time; names the parts."""


def wait_for_all(checks: Mapping[str, Check], seconds: float, failure: Callable[[], str]) -> dict[str, float]:
    """Look at every part in turn until each was ready once; return after how many seconds each was.

    Raises
    ------
    NotReady
        After `seconds`, or as soon as `failure()` says why there is no hope.
    """
    started = time.monotonic()
    found: dict[str, float] = {}
    while len(found) < len(checks):
        for name, check in checks.items():
            if name not in found and check():
                found[name] = round(time.monotonic() - started, 2)
        missing = ", ".join(name for name in checks if name not in found)
        if reason := failure():
            raise NotReady(f"not ready ({missing}): {reason}")
        if missing and time.monotonic() - started > seconds:
            raise NotReady(f"not ready within {seconds:g} s: {missing}")
        if missing:
            time.sleep(_LOOK_SECONDS)
    return found


def queues_of(processes: Mapping[str, str]) -> set[str]:
    """Return the queues that the Procfile's workers read."""
    queues: set[str] = set()
    for command in processes.values():
        words = shlex.split(command)
        if "-Q" in words:
            queues.update(words[words.index("-Q") + 1].split(","))
    return queues


def open_queue(redis_url: str) -> Celery:
    """Return a Celery that can send tasks and question workers.

    Not made from celeryconfig: that one belongs to the first environment that a process reads.
    """
    app = Celery("house", broker=redis_url, set_as_current=False)
    app.conf.broker_transport_options = {
        "global_keyprefix": "dx:",
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
    }
    app.conf.broker_connection_retry = False
    app.conf.task_queues = [KombuQueue(str(queue), routing_key=str(queue)) for queue in Queue]
    app.conf.task_ignore_result = True
    return app


def are_read(app: Celery, queues: set[str]) -> bool:
    """Say whether a worker that answers within a second reads each queue."""
    inspect = app.control.inspect(timeout=_INSPECT_SECONDS, limit=len(queues))
    try:
        answers = inspect.active_queues() or {}
    except (OperationalError, RedisError, OSError):
        return False
    return queues <= {queue["name"] for read in answers.values() for queue in read}


def beat_ticks(database: "Database[dict[str, Any]]", since: datetime) -> bool:
    """Say whether a job that the beat starts has run since a moment."""
    try:
        found = database["job_runs"].find_one({"started_at": {"$gte": since.astimezone(UTC)}})
    except PyMongoError:
        return False
    return found is not None


def bot_listens(discord: DiscordControl, redis_url: str) -> bool:
    """Say whether the bot holds a gateway session and has told so."""
    if not any(session["connected"] for session in discord.sessions()["sessions"]):
        return False
    try:
        with Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.exists(BOT_KEY))
    except RedisError:
        return False


def answers_http(url: str, basic_auth: str = "") -> bool:
    """Say whether an address answers 200."""
    request = urllib.request.Request(url)
    if basic_auth:
        request.add_header("Authorization", f"Basic {b64encode(basic_auth.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=_HTTP_SECONDS) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False

"""Processes: a worker for every queue, a beat that beats, a bot that hears."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from shared.settings import Settings
from shared.tasks import Queue, TaskName
from web.commands.doctor.findings import Finding, fail, ok, warn
from web.commands.doctor.servers import open_redis
from web.commands.frame import first_line
from web.commands.jobs import newest_run

BOT_KEY = "dx:bot"
_INSPECT_SECONDS = 2.0
_SWEEP_SECONDS = 15
_BOT_SECONDS = 30
_START = "start it: make run"


def check_workers(settings: Settings) -> Iterator[Finding]:
    """Check that every queue has a worker that answers within two seconds."""
    app = Celery("doctor", broker=settings.redis_url, set_as_current=False)
    app.config_from_object("celeryconfig")
    try:
        answers = app.control.inspect(timeout=_INSPECT_SECONDS).active_queues() or {}
    except (OperationalError, RedisError, OSError) as error:
        yield fail("workers", f"cannot be asked: {first_line(error)}", "look at Redis")
        return
    finally:
        app.close()
    readers: dict[str, list[str]] = {}
    for worker, queues in answers.items():
        for read in queues:
            readers.setdefault(read["name"], []).append(worker)
    for queue in Queue:
        names = sorted(readers.get(str(queue), ()))
        if names:
            yield ok(f"worker {queue}", ", ".join(names))
        else:
            yield fail(f"worker {queue}", "no worker reads this queue", _START)


def check_beat(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Check that the beat holds its lock and that the sweep ran lately."""
    from celeryconfig import redbeat_key_prefix  # noqa: PLC0415 - it needs a complete environment

    try:
        with open_redis(settings) as client:
            is_held = bool(client.exists(f"{redbeat_key_prefix}:lock"))
    except (RedisError, OSError) as error:
        yield fail("beat", f"cannot be looked at: {first_line(error)}", "look at Redis")
    else:
        yield ok("beat", "holds its lock") if is_held else fail("beat", "nobody holds its lock", _START)
    try:
        last = newest_run(str(TaskName.MAINTENANCE_SWEEP))
    except PyMongoError as error:
        yield fail("sweep", f"cannot be looked at: {first_line(error)}", "look at MongoDB")
        return
    if last is None:
        yield fail("sweep", "has never run", "start beat and the sync worker: make run")
        return
    age = (now - last["started_at"]).total_seconds()
    if age < _SWEEP_SECONDS:
        yield ok("sweep", f"ran {age:.0f} s ago")
    else:
        yield fail("sweep", f"last ran {age:.0f} s ago", "look at beat and the sync worker")


def check_bot(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Check the bot's heartbeat and that Discord gives it the contents of messages."""
    try:
        with open_redis(settings) as client:
            stored: Any = client.hgetall(BOT_KEY)
    except (RedisError, OSError) as error:
        yield fail("bot", f"cannot be looked at: {first_line(error)}", "look at Redis")
        return
    if not stored:
        if settings.discord_bot_token.get_secret_value():
            yield fail("bot", "no sign of it", _START)
        else:
            yield warn("bot", "does not run: DISCORD_BOT_TOKEN is not set", "run make setup")
        return
    yield from _read_heartbeat({name: _value(text) for name, text in stored.items()}, now)


def _read_heartbeat(beat: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    age = _age(beat.get("at"), now)
    servers, channels = _count(beat.get("guilds")), _count(beat.get("watched_channels"))
    seen = f"latency {beat.get('latency_ms', '?')} ms, {servers} servers, {channels} watched channels"
    if age is None:
        yield fail("bot", "its heartbeat has no time", "restart it")
    elif age > _BOT_SECONDS:
        yield fail("bot", f"last heard of {age:.0f} s ago", _START)
    elif not beat.get("session_id"):
        yield fail("bot", "lives but is not connected to Discord", "look at its log: token, network")
    else:
        yield ok("bot", f"session {beat['session_id']} heard {age:.0f} s ago, {seen}")
    if beat.get("message_content_intent") is True:
        yield ok("message content", "Discord sends the contents of messages")
    else:
        yield fail(
            "message content",
            "the intent is off: every message arrives empty",
            "Discord developer portal, Bot, switch on Message Content Intent",
        )


def _age(text: Any, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (now - moment).total_seconds()


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _count(value: Any) -> Any:
    return len(value) if isinstance(value, list) else "?" if value is None else value

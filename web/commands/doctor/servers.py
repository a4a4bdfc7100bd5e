"""MongoDB, Redis and their clocks: do they answer, and do they keep what they acknowledge."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from shared.database import connect
from shared.settings import Settings
from web.commands.doctor.findings import Finding, fail, ok, warn
from web.commands.frame import first_line

ANSWER_SECONDS = 3.0
_MAX_SKEW_SECONDS = 1.0
_OLDEST_MONGODB = (6, 0)
_MAINTAINED_MONGODB = (7, 0)
_OLDEST_REDIS = (6, 2)
_LIFETIME = "transactionLifetimeLimitSeconds"
_LONGEST_LIFETIME = 10


@dataclass(frozen=True, slots=True)
class Timed:
    """A server's answer, how long it took, and how far its clock is from ours, both in seconds."""

    answer: dict[str, Any]
    seconds: float
    skew: float


def check_mongodb(settings: Settings) -> Iterator[Finding]:
    """Check that MongoDB answers, is a replica set that takes writes, is recent, and has our time."""
    try:
        client = connect(settings.mongodb_uri, answer_within_seconds=ANSWER_SECONDS)
        hello = _timed(lambda: client.admin.command("hello"), lambda answer: answer["localTime"])
        version = str(client.server_info()["version"])
    except (PyMongoError, ValueError) as error:
        yield fail("MongoDB", f"does not answer: {first_line(error)}", "start it, or correct MONGODB_URI")
        return
    yield _mongodb_version(version, hello.seconds)
    yield _replica_set(hello.answer, client)
    yield _transactions(client)
    yield _clock("clock of MongoDB", hello.skew)


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Check that Redis answers, is recent, writes its log, evicts nothing, and has our time."""
    client = open_redis(settings)
    try:
        information = _timed(client.info, lambda _answer: _redis_time(client))
    except (redis.RedisError, OSError, ValueError) as error:
        yield fail("Redis", f"does not answer: {first_line(error)}", "start it, or correct REDIS_URL")
        return
    finally:
        client.close()
    seen = information.answer
    version = str(seen["redis_version"])
    if _numbers(version) < _OLDEST_REDIS:
        yield fail("Redis", f"version {version}", "use 6.2 or later")
    else:
        yield ok("Redis", f"{version}, answered in {information.seconds * 1000:.0f} ms")
    if seen.get("aof_enabled"):
        yield ok("Redis appendonly", "on")
    else:
        yield fail("Redis appendonly", "off: a restart forgets what was rung", "set appendonly yes")
    policy = str(seen.get("maxmemory_policy", "unknown"))
    if policy == "noeviction":
        yield ok("Redis eviction", policy)
    else:
        yield fail(
            "Redis eviction",
            f"{policy}: it may throw locks and queues away",
            "set maxmemory-policy noeviction",
        )
    yield _clock("clock of Redis", information.skew)


def open_redis(settings: Settings) -> "redis.Redis":
    """Make a client that gives up within seconds; it connects at its first question."""
    return redis.Redis.from_url(
        settings.redis_url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=None,
        decode_responses=True,
    )


def _mongodb_version(version: str, seconds: float) -> Finding:
    detail = f"{version}, answered in {seconds * 1000:.0f} ms"
    if _numbers(version) < _OLDEST_MONGODB:
        return fail("MongoDB", f"version {version}", "use 6.0 or later, 7.0 or later in production")
    if _numbers(version) < _MAINTAINED_MONGODB:
        return warn("MongoDB", detail, "this line has ended: for laptop and demo only")
    return ok("MongoDB", detail)


def _replica_set(hello: dict[str, Any], client: MongoClient[dict[str, Any]]) -> Finding:
    check = "MongoDB replica set"
    if "setName" not in hello:
        return fail(
            check, "none: acknowledged writes can be lost", "start mongod with --replSet (one member will do)"
        )
    if not hello.get("isWritablePrimary"):
        return fail(check, f"{hello['setName']} has no primary", "look at rs.status()")
    concern = client.write_concern.document
    if concern.get("w") != "majority" or not concern.get("j"):
        return fail(check, f"writes wait for {concern}", "take w and journal out of MONGODB_URI")
    return ok(check, f"{hello['setName']}, writes wait for the journal of a majority")


def _transactions(client: MongoClient[dict[str, Any]]) -> Finding:
    check = "MongoDB transactions"
    try:
        seconds = int(client.admin.command({"getParameter": 1, _LIFETIME: 1})[_LIFETIME])
    except PyMongoError:
        return ok(
            check, f"this user may not ask how long they live; {_LONGEST_LIFETIME} s or less is advised"
        )
    if seconds > _LONGEST_LIFETIME:
        return warn(
            check,
            f"live {seconds} s: a worker killed in one holds its paper account for as long",
            f"set {_LIFETIME} to 5",
        )
    return ok(check, f"end after {seconds} s if their process was killed")


def _clock(check: str, skew: float) -> Finding:
    detail = f"{skew:+.3f} s from ours"
    if abs(skew) < _MAX_SKEW_SECONDS:
        return ok(check, detail)
    return fail(check, detail, "set the clocks: chrony or systemd-timesyncd on both machines")


def _timed(ask: Callable[[], Any], moment_of: Callable[[dict[str, Any]], datetime]) -> Timed:
    # Ask twice: the first answer includes connecting, which says nothing of clocks.
    ask()
    before, started = datetime.now(UTC), time.monotonic()
    answer: dict[str, Any] = dict(ask())
    moment = moment_of(answer)
    seconds = time.monotonic() - started
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Timed(answer, seconds, (moment - before).total_seconds() - seconds / 2)


def _redis_time(client: "redis.Redis") -> datetime:
    seconds, microseconds = client.time()
    return datetime.fromtimestamp(seconds + microseconds / 1_000_000, UTC)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())

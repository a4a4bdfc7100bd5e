"""What strikes Redis and mongod: each notes its blows and returns the moment, in wall time, of the last restart."""

import os
import resource
import signal
import time

from redis import Redis

from shared.servers import Server
from tests.faults.stage import Stage

DOWN_SECONDS = 2.0
"""How long a server stays away: longer than one retry, as long as an operator's restart."""

_BETWEEN_SECONDS = 2.0
_CUTS_A_SECOND = 4
_SMALL_MEMORY = "3mb"
_LEFT_BYTES = 256 * 1024


def restart_redis(stage: Stage, row: str, times: int = 1) -> float:
    """End Redis and start it again on its append-only file."""
    return _restart(stage, row, stage.house.servers.redis, times)


def restart_mongod(stage: Stage, row: str, times: int = 1) -> float:
    """End mongod and start it again on its journal."""
    return _restart(stage, row, stage.house.servers.mongod, times)


def _restart(stage: Stage, row: str, server: Server, times: int) -> float:
    at = time.time()
    for number in range(times):
        if number:
            time.sleep(_BETWEEN_SECONDS)
        server.kill()
        stage.note(row, f"SIGKILL {server.name}")
        time.sleep(DOWN_SECONDS)
        at = time.time()
        server.start()
    return at


def flush_redis(stage: Stage, row: str, times: int = 1) -> float:
    """Empty Redis: every bell, every lock, every price."""
    with Redis.from_url(stage.house.env["REDIS_URL"]) as client:
        for number in range(times):
            if number:
                time.sleep(_BETWEEN_SECONDS / 2)
            client.flushall()
            stage.note(row, "FLUSHALL")
    return time.time()


def freeze_redis(stage: Stage, row: str, seconds: float) -> float:
    """Stop Redis: connections stay, nothing is answered."""
    pid = stage.house.servers.redis.pid
    os.kill(pid, signal.SIGSTOP)
    stage.note(row, "SIGSTOP redis")
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
    return time.time()


def cut_connections(stage: Stage, row: str, times: int) -> float:
    """Cut every client's connection, again and again, in the middle of tasks."""
    with Redis.from_url(stage.house.env["REDIS_URL"]) as client:
        for _ in range(times):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            stage.note(row, "CLIENT KILL")
            time.sleep(1 / _CUTS_A_SECOND)
    return time.time()


def fill_redis(stage: Stage, row: str, seconds: float) -> float:
    """Leave Redis no memory, so that it refuses every write; then give it back."""
    with Redis.from_url(stage.house.env["REDIS_URL"]) as client:
        client.config_set("maxmemory", _SMALL_MEMORY)
        stage.note(row, "maxmemory reached")
        try:
            time.sleep(seconds)
        finally:
            client.config_set("maxmemory", "0")
    return time.time()


def fill_disk(stage: Stage, row: str, times: int = 1) -> float:
    """Let mongod write no file beyond what it has, as on a full disk, until it ends; then start it anew."""
    server = stage.house.servers.mongod
    at = time.time()
    for number in range(times):
        if number:
            time.sleep(_BETWEEN_SECONDS)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (_LEFT_BYTES, _LEFT_BYTES))
        stage.note(row, "file size limit")
        deadline = time.monotonic() + 20
        while server.running and time.monotonic() < deadline:
            time.sleep(0.1)
        server.kill()
        time.sleep(DOWN_SECONDS)
        at = time.time()
        server.start()
    return at

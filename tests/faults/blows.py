"""What strikes the running system: each returns the moment, in wall time, of the last restart it caused."""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from celery import Celery
from pymongo.database import Database
from redis import Redis

from shared.servers import Server
from shared.tasks import Queue, TaskName
from tests.faults.crews import Crew
from tests.house.house import House
from tests.waiting import wait_until

Blow = Callable[[House], float]

DOWN_SECONDS = 2.0
"""How long a server stays away: longer than one retry, as long as an operator's restart."""


def kill_workers(house: House) -> float:
    """End every worker process at once, parents and children, as `kill -9` does."""
    return _kill(house, "worker-*")


def kill_beat(house: House) -> float:
    """End the beat."""
    return _kill(house, "beat")


def kill_bot(house: House) -> float:
    """End the bot."""
    return _kill(house, "bot")


def restart_redis(house: House) -> float:
    """End Redis and start it again on its append-only file."""
    return _restart(house.servers.redis)


def restart_mongod(house: House) -> float:
    """End mongod and start it again on its journal."""
    return _restart(house.servers.mongod)


def flush_redis(house: House) -> float:
    """Empty Redis: every bell, every lock, every price."""
    with Redis.from_url(house.env["REDIS_URL"]) as client:
        client.flushall()
    return time.time()


def _kill(house: House, pattern: str) -> float:
    began = time.time()
    house.kill(pattern, signal.SIGKILL)
    names = [name for name in _started(house) if _matches(name, pattern)]
    return wait_until(lambda: _last_start(house, names, began), f"{pattern} is started again", seconds=30)


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else name == pattern


def _started(house: House) -> dict[str, float]:
    state = json.loads((house.folder / "processes.json").read_text())
    return {
        name: datetime.fromisoformat(row["started_at"]).timestamp()
        for name, row in state.items()
        if row["started_at"] and row["pid"]
    }


def _last_start(house: House, names: list[str], began: float) -> float | None:
    started = _started(house)
    if any(started.get(name, 0) < began for name in names):
        return None
    return max(started[name] for name in names)


def _restart(server: Server) -> float:
    server.kill()
    time.sleep(DOWN_SECONDS)
    at = time.time()
    server.start()
    return at


FREEZE_SECONDS = 6.0
CRASH_POINTS = ("before_claim", "after_claim", "after_send", "after_cover_intents")
_DEATHS_SECONDS = 90.0
_RINGING_SECONDS = 4.0


def freeze_orders(house: House) -> float:
    """Stop the senders of entries for longer than a claim is good for, then let them go on."""
    house.kill("worker-orders*", signal.SIGSTOP)
    time.sleep(FREEZE_SECONDS)
    house.kill("worker-orders*", signal.SIGCONT)
    return time.time()


def crash_points(folder: Path, deaths: Mapping[str, int]) -> Blow:
    """Let so many processes die at each point; the moment of the last death is the last restart."""
    places = [folder / name / str(number) for name, count in deaths.items() for number in range(count)]

    def strike(_house: House) -> float:
        for place in places:
            place.parent.mkdir(exist_ok=True)
            place.touch()
        deadline = time.monotonic() + _DEATHS_SECONDS
        while left := [place for place in places if place.exists()]:
            if time.monotonic() > deadline:
                counts = Counter(place.parent.name for place in left)
                raise AssertionError(f"deaths that nobody died in {_DEATHS_SECONDS:g} s: {dict(counts)}")
            time.sleep(0.05)
        return time.time()

    return strike


def ring_five_times(crew: Crew) -> Blow:
    """Ring for every message and every order of a crew five times at once, for some seconds."""

    def strike(house: House) -> float:
        database = house.open_database()
        rung: set[str] = set()
        deadline = time.monotonic() + _RINGING_SECONDS
        with _sender(house) as sender:
            while time.monotonic() < deadline:
                for task, queue, ids in _to_ring(database, crew):
                    for row_id in set(ids) - rung:
                        rung.add(row_id)
                        for _ in range(5):
                            args = [row_id] if task == TaskName.SIGNALS_INGEST else [[row_id]]
                            sender.send_task(str(task), args=args, queue=str(queue))
                time.sleep(0.02)
        return time.time()

    return strike


def poison_queues(house: House) -> float:
    """Push garbage of several kinds in front of good tasks."""
    with Redis.from_url(house.env["REDIS_URL"]) as client:
        for queue in (Queue.SIGNALS, Queue.ORDERS, Queue.EXITS):
            client.lpush(f"dx:{queue}", b"\x00\xffraw garbage", b'{"body": "bm90IGpzb24="}')
    with _sender(house) as sender:
        for queue in (Queue.SIGNALS, Queue.ORDERS, Queue.EXITS):
            sender.send_task("nobody.knows", args=["x"], queue=str(queue))
    return time.time()


def _to_ring(database: "Database[dict[str, Any]]", crew: Crew) -> list[tuple[TaskName, Queue, list[str]]]:
    messages = database["messages"].find({"channel_id": {"$in": crew.channel_ids}}, {"_id": 1})
    entries = database["orders"].find(
        {"account_id": {"$in": crew.account_ids}, "purpose": "entry"}, {"_id": 1}
    )
    covers = database["orders"].find(
        {"account_id": {"$in": crew.account_ids}, "purpose": {"$ne": "entry"}}, {"_id": 1}
    )
    return [
        (TaskName.SIGNALS_INGEST, Queue.SIGNALS, [row["_id"] for row in messages]),
        (TaskName.ORDERS_EXECUTE, Queue.ORDERS, [row["_id"] for row in entries]),
        (TaskName.ORDERS_EXECUTE_EXITS, Queue.EXITS, [row["_id"] for row in covers]),
    ]


@contextmanager
def _sender(house: House) -> Iterator[Celery]:
    app = Celery("faults", broker=house.env["REDIS_URL"], set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "dx:"}
    try:
        yield app
    finally:
        app.close()

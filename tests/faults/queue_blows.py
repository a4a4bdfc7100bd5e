"""What strikes the queues: bells rung too often, and poison."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from pymongo.database import Database
from redis import Redis

from shared.tasks import Queue, TaskName
from tests.faults.crews import Crew
from tests.faults.stage import Stage
from tests.house.house import House

_TIMES = 5


def ring_five_times(stage: Stage, row: str, seconds: float) -> float:
    """Ring for every message, order and trade of a crew five times at once, as soon as it is there."""
    crew, database = stage.crews[row], stage.house.open_database()
    rung: set[str] = set()
    deadline = time.monotonic() + seconds
    with _sender(stage.house) as sender:
        while time.monotonic() < deadline:
            for task, queue, ids in _to_ring(database, crew):
                for row_id in set(ids) - rung:
                    rung.add(row_id)
                    stage.note(row, f"{task} x{_TIMES}")
                    for _ in range(_TIMES):
                        args = [row_id] if task == TaskName.SIGNALS_INGEST else [[row_id]]
                        sender.send_task(str(task), args=args, queue=str(queue))
            time.sleep(0.02)
    return time.time()


def poison_queues(stage: Stage, row: str, times: int = 1) -> float:
    """Push garbage of several kinds in front of good tasks."""
    queues = (Queue.SIGNALS, Queue.ORDERS, Queue.EXITS)
    with Redis.from_url(stage.house.env["REDIS_URL"]) as client, _sender(stage.house) as sender:
        for _ in range(times):
            for queue in queues:
                client.lpush(f"dx:{queue}", b"\x00\xffraw garbage", b'{"body": "bm90IGpzb24="}')
                sender.send_task("nobody.knows", args=["x"], queue=str(queue))
                for kind in ("raw bytes", "no envelope", "unknown task"):
                    stage.note(row, f"{kind} in {queue}")
    return time.time()


def _to_ring(database: "Database[dict[str, Any]]", crew: Crew) -> list[tuple[TaskName, Queue, list[str]]]:
    ours = {"account_id": {"$in": crew.account_ids}}
    messages = database["messages"].find({"channel_id": {"$in": crew.channel_ids}}, {"_id": 1})
    entries = database["orders"].find({**ours, "purpose": "entry"}, {"_id": 1})
    covers = database["orders"].find({**ours, "purpose": {"$ne": "entry"}}, {"_id": 1})
    trades = database["trades"].find(ours, {"_id": 1})
    return [
        (TaskName.SIGNALS_INGEST, Queue.SIGNALS, [row["_id"] for row in messages]),
        (TaskName.ORDERS_EXECUTE, Queue.ORDERS, [row["_id"] for row in entries]),
        (TaskName.ORDERS_EXECUTE_EXITS, Queue.EXITS, [row["_id"] for row in covers]),
        (TaskName.TRADES_PROTECT, Queue.EXITS, [row["_id"] for row in trades]),
    ]


@contextmanager
def _sender(house: House) -> Iterator[Celery]:
    app = Celery("faults", broker=house.env["REDIS_URL"], set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "dx:"}
    try:
        yield app
    finally:
        app.close()

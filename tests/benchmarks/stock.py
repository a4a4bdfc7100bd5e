"""Stock Celery, as it comes: how many tasks that do nothing two of its processes drain a second.

`-A tests.benchmarks.stock` is an application with one empty task on the house's Redis, in a database of its own, with
default prefetch and without events. The yardstick of a fan-out, measured in the same run.
"""

import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import psutil
from celery import Celery
from redis import Redis

from shared.local import PROJECT
from tests.house.house import House
from tests.waiting import wait_until

TASKS = 4000
WARM_UP = 400
_QUEUE = "celery"
_SECONDS = 60.0

app = Celery("stock", broker=os.environ.get("STOCK_BROKER", "memory://"), set_as_current=False)
app.conf.update(task_ignore_result=True, worker_send_task_events=False)


@app.task(name="stock.nothing")
def nothing(number: int) -> None:
    """Do nothing."""


def measure_stock(house: House, tasks: int = TASKS) -> float:
    """Return the rate, in tasks a second, at which a warm worker drains a full queue."""
    broker = urlsplit(house.env["REDIS_URL"])._replace(path="/1").geturl()
    worker = _start(broker, house.env)
    try:
        with Redis.from_url(broker) as redis, Celery("stock-sender", broker=broker) as sender:
            _publish(sender, WARM_UP)
            wait_until(lambda: redis.llen(_QUEUE) == 0, "the warm-up's end", seconds=_SECONDS)
            time.sleep(0.5)
            _signal(worker, signal.SIGSTOP)
            _publish(sender, tasks)
            waiting = int(str(redis.llen(_QUEUE)))
            began = time.monotonic()
            _signal(worker, signal.SIGCONT)
            while redis.llen(_QUEUE):
                time.sleep(0.005)
            return waiting / (time.monotonic() - began)
    finally:
        _signal(worker, signal.SIGKILL)
        worker.wait()


def _start(broker: str, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "celery", "-q", "-A", "tests.benchmarks.stock", "worker"]
    command += ["--pool", "prefork", "--concurrency", "2", "--loglevel", "ERROR"]
    return subprocess.Popen(command, env={**env, "STOCK_BROKER": broker}, cwd=PROJECT)


def _publish(sender: Celery, count: int) -> None:
    for number in range(count):
        sender.send_task("stock.nothing", args=[number])


def _signal(worker: "subprocess.Popen[bytes]", number: int) -> None:
    parent = psutil.Process(worker.pid)
    for process in [*parent.children(recursive=True), parent]:
        process.send_signal(number)

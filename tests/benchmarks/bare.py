"""Two Celery hops that do nothing, through the product's Redis, settings and kind of pool.

`-A tests.benchmarks.bare` is a Celery application with the product's celeryconfig; its two tasks have
queues of their own. It is no part of the product: only the benchmark's workers and `yardstick` load it.
"""

import time

from celery import Celery
from kombu import Queue
from redis import Redis

from shared.logs import configure_logging
from shared.settings import load_settings
from shared.tasks import TaskName
from tests.benchmarks.yardstick import ARRIVALS, FIRST, SECOND

_TWINS = {FIRST: TaskName.SIGNALS_INGEST, SECOND: TaskName.ORDERS_EXECUTE}

app = Celery("bare", set_as_current=False)
app.config_from_object("celeryconfig")
app.conf.task_queues = [Queue(name, routing_key=name) for name in _TWINS]
app.conf.task_routes = {name: {"queue": name} for name in _TWINS}
# Each acknowledges as the task does whose place it takes.
app.conf.task_annotations = {name: app.conf.task_annotations[str(twin)] for name, twin in _TWINS.items()}
configure_logging("bare", load_settings().log_level)
_redis = Redis.from_url(load_settings().redis_url)


@app.task(name=FIRST)
def first(number: int, began: float) -> None:
    """Hand on."""
    app.send_task(SECOND, args=[number, began])


@app.task(name=SECOND)
def second(number: int, began: float) -> None:
    """Tell how long it took to arrive here: the monotonic clock is one for all processes of a machine."""
    took = time.monotonic() - began
    _redis.rpush(ARRIVALS, f"{number} {took:.6f}")

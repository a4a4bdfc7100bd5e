"""The Celery application: `celery -A worker.app worker -Q <queue>`."""

import gc
import sys
import time
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import mongoengine
from celery.exceptions import SecurityWarning
from celery.signals import (
    celeryd_init,
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
)
from pymongo.errors import PyMongoError

from shared.database import connect, ensure_indexes
from shared.logs import configure_logging, get_logger
from shared.models.all import DOCUMENTS
from shared.settings import load_settings
from shared.tasks import Queue
from worker import tasks
from worker.context import get_context, open_context
from worker.failpoints import arm_failpoints, guard_taken_messages
from worker.task import app
from worker.warm import WarmUp

__all__ = ["app", "tasks"]

log = get_logger(__name__)

# Celery warns root because of pickle; here a pickled body is refused before it is read.
warnings.filterwarnings("ignore", category=SecurityWarning)

_DATABASE_RETRY_SECONDS = 1.0

_HEAVY = {Queue.SIGNALS: "worker.parsing.parser", Queue.NOTIFY: "flask_socketio"}
"""Modules of a second's import time that one queue alone needs: ready before the fork there, absent elsewhere."""

_YOUNG_OBJECTS = 50_000
_TRADING = frozenset(Queue) - {Queue.NOTIFY, Queue.ANALYTICS}
"""Queues whose processes ask venues."""

_queues: set[Queue] = set()
"""The queues of this process, known before it forks."""


@setup_logging.connect
def _configure_logs(**_: Any) -> None:
    configure_logging("worker", load_settings().log_level)


@worker_init.connect
def _prepare_database(**_: Any) -> None:
    # In the parent, before it forks; the connection is not taken along. Celery goes on when a handler fails, so
    # nothing here may: without its unique indexes the database would not refuse a second entry.
    settings = load_settings()
    arm_failpoints(settings)
    guard_taken_messages()
    connect(settings.mongodb_uri)
    try:
        while not _has_indexes():
            time.sleep(_DATABASE_RETRY_SECONDS)
    finally:
        mongoengine.disconnect()


def _has_indexes() -> bool:
    try:
        ensure_indexes(DOCUMENTS)
    except PyMongoError as error:
        # Logging is not set up yet: this is the one line that says what the worker waits for.
        sys.stderr.write(f"worker: waits for MongoDB: {str(error).split(' (')[0]}\n")
        sys.stderr.flush()
        return False
    return True


@celeryd_init.connect
def _import_heavy_modules(options: Mapping[str, Any], **_: Any) -> None:
    for queue in options.get("queues") or Queue:
        _queues.add(Queue(queue))
        if queue in _HEAVY:
            import_module(_HEAVY[Queue(queue)])


@worker_process_init.connect
def _prepare_child(**_: Any) -> None:
    settings = load_settings()
    arm_failpoints(settings)
    context = open_context(settings)
    _spare_the_collector()
    if _TRADING & _queues:
        WarmUp(context).start()


def _spare_the_collector() -> None:
    # What is loaded now stays for good; a wave makes thousands of objects that no cycle holds (measured: 5 % of a
    # sender's time went into looking through them).
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)


@worker_process_shutdown.connect
def _await_late_answers(**_: Any) -> None:
    get_context().late.close()

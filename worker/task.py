"""One decorator for all tasks: binds ids, writes one closing line, decides what a failure means.

Nothing that a task raises may stop a worker, and nothing is retried by the queue: what was not done is
still in the database, due, and the sweep rings again.
"""

from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import Any

from celery import Celery
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from shared.domain.errors import AmbiguousError, PermanentError, RetryableError
from shared.logs import bound, get_logger
from shared.models import records
from shared.tasks import TaskName
from worker.broker import WorkerAMQP
from worker.context import utc_now
from worker.events import LaterEvents

log = get_logger(__name__)

app = Celery("worker", amqp=WorkerAMQP)
app.config_from_object("celeryconfig")
app.steps["consumer"].add(LaterEvents)

Body = Callable[..., object]


def task(name: TaskName) -> Callable[[Body], Body]:
    """Register a function under a task name."""

    def register(body: Body) -> Body:
        @app.task(name=str(name), shared=False)
        @wraps(body)
        def run(*ids: Any) -> None:
            with bound(task=str(name)):
                _run_to_a_line(name, body, ids)

        registered: Body = run
        return registered

    return register


def job(name: TaskName, period_seconds: float) -> Callable[[Body], Body]:
    """Register a function that the beat starts; a slot of its period runs once, on one worker."""

    def register(body: Body) -> Body:
        @wraps(body)
        def once_a_slot() -> object:
            run_id = records.begin_job(str(name), utc_now(), period_seconds)
            if run_id is None:
                return "another run has this slot"
            try:
                result = body()
            except Exception as error:
                records.finish_job(run_id, utc_now(), "failed", f"{type(error).__name__}: {error}"[:300])
                raise
            records.finish_job(run_id, utc_now(), "done", "" if result is None else str(result))
            return result

        return task(name)(once_a_slot)

    return register


def _run_to_a_line(name: TaskName, body: Body, ids: tuple[Any, ...]) -> None:
    started = monotonic()
    outcome, error = "done", ""
    try:
        result = body(*ids)
    except RetryableError as failure:
        outcome, error, result = "again", str(failure), None
    except PermanentError as failure:
        outcome, error, result = "refused", str(failure), None
    except AmbiguousError as failure:
        outcome, error, result = "unknown", str(failure), None
    except (PyMongoError, RedisError) as failure:
        outcome, error, result = "store_away", f"{type(failure).__name__}: {failure}"[:300], None
    except Exception as failure:
        outcome, error, result = "failed", f"{type(failure).__name__}: {failure}"[:300], None
        log.exception("task.failed", ids=len(ids))
    level = log.info if outcome == "done" else log.warning
    level(
        "task.ended",
        name=str(name),
        outcome=outcome,
        error=error,
        result=result if isinstance(result, str | int) else None,
        milliseconds=round((monotonic() - started) * 1000, 1),
    )

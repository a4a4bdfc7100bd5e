"""The queue seam: tasks by name, each on one queue, and a producer that can only send.

A message carries ids and nothing else. It is a bell: what it rings for is already in the database,
so a bell that is lost is rung again by the sweep and one that is heard twice changes nothing.
"""

from enum import StrEnum
from functools import cache
from time import monotonic

from celery import Celery
from kombu.exceptions import OperationalError

from shared.logs import get_logger

log = get_logger(__name__)


class Queue(StrEnum):
    """The queues, each of which can be scaled alone."""

    SIGNALS = "signals"
    ORDERS = "orders"
    EXITS = "exits"
    RECONCILE = "reconcile"
    PRICES = "prices"
    SYNC = "sync"
    NOTIFY = "notify"
    ANALYTICS = "analytics"


class TaskName(StrEnum):
    """Every task, `plural.verb`; the function of that verb is in `worker/tasks/<plural>.py`."""

    SIGNALS_INGEST = "signals.ingest"
    SIGNALS_CONFIRM = "signals.confirm"
    ORDERS_EXECUTE = "orders.execute"
    ORDERS_EXECUTE_EXITS = "orders.execute_exits"
    ORDERS_CANCEL = "orders.cancel"
    ORDERS_LOOK_UP = "orders.look_up"
    ORDERS_RECONCILE = "orders.reconcile"
    TRADES_PROTECT = "trades.protect"
    TRADES_SETTLE = "trades.settle"
    TRADES_SHOW = "trades.show"
    TRADES_WATCH_COVER = "trades.watch_cover"
    TRADES_SETTLE_DENIED = "trades.settle_denied"
    TRADES_CARRY_OUT = "trades.carry_out"
    TRADES_FLATTEN = "trades.flatten"
    ACCOUNTS_REFRESH = "accounts.refresh"
    ACCOUNTS_CHECK_KEYS = "accounts.check_keys"
    ACCOUNTS_CHECK = "accounts.check"
    ACCOUNTS_REFRESH_TOKENS = "accounts.refresh_tokens"
    ACCOUNTS_SNAPSHOT = "accounts.snapshot"
    ACCOUNTS_COLLECT_FUNDING = "accounts.collect_funding"
    CREDENTIALS_ROTATE = "credentials.rotate"
    CREDENTIALS_REFRESH = "credentials.refresh"
    PRICES_REFRESH = "prices.refresh"
    NOTIFICATIONS_DELIVER = "notifications.deliver"
    PROVIDERS_LEARN = "providers.learn"
    PROVIDERS_FOLLOW = "providers.follow"
    PROVIDERS_SCORE = "providers.score"
    PROVIDERS_CHECK_RIGHTS = "providers.check_rights"
    MAINTENANCE_SWEEP = "maintenance.sweep"
    MAINTENANCE_EXPIRE_ENTRIES = "maintenance.expire_entries"
    MAINTENANCE_RETAIN = "maintenance.retain"


QUEUE_OF: dict[TaskName, Queue] = {
    TaskName.SIGNALS_INGEST: Queue.SIGNALS,
    TaskName.SIGNALS_CONFIRM: Queue.SIGNALS,
    TaskName.ORDERS_EXECUTE: Queue.ORDERS,
    TaskName.ORDERS_EXECUTE_EXITS: Queue.EXITS,
    TaskName.ORDERS_CANCEL: Queue.EXITS,
    TaskName.ORDERS_LOOK_UP: Queue.RECONCILE,
    TaskName.ORDERS_RECONCILE: Queue.RECONCILE,
    TaskName.TRADES_PROTECT: Queue.EXITS,
    TaskName.TRADES_SETTLE: Queue.EXITS,
    TaskName.TRADES_SHOW: Queue.NOTIFY,
    TaskName.TRADES_WATCH_COVER: Queue.EXITS,
    # Thousands at once after a halt, and nothing of them is urgent: never before an exit.
    TaskName.TRADES_SETTLE_DENIED: Queue.ANALYTICS,
    TaskName.TRADES_CARRY_OUT: Queue.EXITS,
    TaskName.TRADES_FLATTEN: Queue.EXITS,
    TaskName.ACCOUNTS_REFRESH: Queue.SYNC,
    TaskName.ACCOUNTS_CHECK_KEYS: Queue.SYNC,
    TaskName.ACCOUNTS_CHECK: Queue.SYNC,
    TaskName.ACCOUNTS_REFRESH_TOKENS: Queue.SYNC,
    TaskName.ACCOUNTS_SNAPSHOT: Queue.ANALYTICS,
    TaskName.ACCOUNTS_COLLECT_FUNDING: Queue.SYNC,
    TaskName.CREDENTIALS_ROTATE: Queue.SYNC,
    TaskName.CREDENTIALS_REFRESH: Queue.SYNC,
    TaskName.PRICES_REFRESH: Queue.PRICES,
    TaskName.NOTIFICATIONS_DELIVER: Queue.NOTIFY,
    TaskName.PROVIDERS_LEARN: Queue.ANALYTICS,
    TaskName.PROVIDERS_FOLLOW: Queue.ANALYTICS,
    TaskName.PROVIDERS_SCORE: Queue.ANALYTICS,
    TaskName.PROVIDERS_CHECK_RIGHTS: Queue.SYNC,
    TaskName.MAINTENANCE_SWEEP: Queue.SYNC,
    TaskName.MAINTENANCE_EXPIRE_ENTRIES: Queue.SYNC,
    TaskName.MAINTENANCE_RETAIN: Queue.ANALYTICS,
}

TASK_SECONDS = 45
"""No task runs longer: shorter than the visibility timeout, longer than a venue's time-out and its resolve step."""

KEY_PREFIX = "dx:"
"""What every key of Celery's in Redis begins with."""


def bell_list(queue: Queue) -> str:
    """Return the Redis list in which a queue's bells wait."""
    return f"{KEY_PREFIX}{queue}"


# These write to venues or decide whether to: a redelivery must never meet a running twin (RELIABILITY 1).
EARLY_ACK: frozenset[Queue] = frozenset({Queue.ORDERS, Queue.EXITS})

# After a failed publish the next ones fail at once for this long: a request must not hang on a dead broker.
_SILENCE_SECONDS = 1.0
_silent_until = 0.0


@cache
def _producer() -> Celery:
    app = Celery("producer", set_as_current=False)
    app.config_from_object("celeryconfig")
    # Whoever rings waits for nothing but the bell: a frozen Redis is given up in seconds (measured: 4 s, with a
    # worker's patience 20 s), and the sweep rings again.
    impatient = {"socket_timeout": 1, "socket_connect_timeout": 1}
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **impatient}
    return app


def enqueue(name: TaskName, *ids: object) -> bool:
    """Ring a worker's bell for rows that are already recorded; tell whether the bell was heard.

    False is no failure: the sweep rings again. Nothing is raised when Redis is away.
    """
    global _silent_until  # noqa: PLW0603 - one moment per process, a plain number
    if monotonic() < _silent_until:
        return False
    try:
        _producer().send_task(str(name), args=list(ids), queue=str(QUEUE_OF[name]))
    except (OperationalError, OSError) as error:
        _silent_until = monotonic() + _SILENCE_SECONDS
        log.warning("bell.unheard", task=str(name), error=type(error).__name__)
        return False
    return True

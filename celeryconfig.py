"""Celery's settings and the beat's table; the measurement behind each setting is in docs/operations.md."""

from datetime import timedelta
from typing import Any

from kombu import Queue as KombuQueue

from shared.settings import ConfigurationError, load_settings, stop_on_bad_configuration
from shared.tasks import EARLY_ACK, KEY_PREFIX, QUEUE_OF, TASK_SECONDS, Queue, TaskName

try:
    _settings = load_settings()
except ConfigurationError as _error:
    stop_on_bad_configuration("celery", _error)

broker_url = _settings.redis_url
VISIBILITY_TIMEOUT_SECONDS = 120

# One format, ids only: a pickled body is refused before it is read.
task_serializer = "json"
result_serializer = "json"
accept_content = ["json"]
result_accept_content = ["json"]
enable_utc = True
timezone = "UTC"

broker_transport_options = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    # Unacknowledged messages of a killed worker come back within seconds of their timeout, not minutes.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # Without these a frozen Redis hangs a web request for as long as it is frozen.
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "global_keyprefix": KEY_PREFIX,
}
visibility_timeout = VISIBILITY_TIMEOUT_SECONDS
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_pool_acquire_timeout = 3
task_publish_retry_policy = {
    "max_retries": 2,
    "interval_start": 0.1,
    "interval_step": 0.2,
    "interval_max": 0.5,
}

# A mistyped queue is an error, not a queue that nobody reads.
task_create_missing_queues = False
task_queues = [KombuQueue(str(queue), routing_key=str(queue)) for queue in Queue]
task_default_queue = str(Queue.SYNC)
task_default_routing_key = str(Queue.SYNC)
task_routes = {str(name): {"queue": str(queue)} for name, queue in QUEUE_OF.items()}

task_ignore_result = True
task_store_errors_even_if_ignored = False
worker_prefetch_multiplier = 1
worker_eta_task_limit = 500
worker_max_tasks_per_child = 5000
# No soft limit: it would raise in the middle of a send.
task_time_limit = TASK_SECONDS
worker_cancel_long_running_tasks_on_connection_loss = False
worker_soft_shutdown_timeout = 20
worker_enable_soft_shutdown_on_idle = True
worker_send_task_events = True
task_send_sent_event = False
worker_hijack_root_logger = False
worker_redirect_stdouts = False

# What writes to venues acknowledges early and leans on the sweep; the rest acknowledges late.
task_annotations: dict[str, dict[str, Any]] = {
    str(name): {"acks_late": False, "max_retries": 0}
    if queue in EARLY_ACK
    else {"acks_late": True, "task_retry_on_worker_lost": True, "max_retries": 3, "default_retry_delay": 5}
    for name, queue in QUEUE_OF.items()
}

beat_scheduler = "worker.beat:Scheduler"
redbeat_redis_url = _settings.redis_url
redbeat_key_prefix = "dx:redbeat:"
redbeat_redis_options = {"socket_timeout": 5, "socket_connect_timeout": 2}
# A killed beat is replaced after this lock; RedBeat's own default would be 25 minutes.
redbeat_lock_timeout = 10
beat_max_loop_interval = 1


def _every(seconds: float, task: TaskName) -> dict[str, Any]:
    return {
        "task": str(task),
        "schedule": timedelta(seconds=seconds),
        # A tick that waited a whole period is worth nothing: the next one is already there.
        "options": {"queue": str(QUEUE_OF[task]), "expires": max(seconds, 2)},
    }


# job                what it does                                       if it stops
# sweep              rings again for rows recorded but not advanced     lost bells are not healed
# prices             quotes of all symbols in use; matches paper orders stale prices, paper stops do not trigger
# reconcile          asks venues about orders and fills that are due    fills are seen late
# watch-cover        compares wanted with actual cover                  a failed stop is not placed again
# expire-entries     cancels entries past their time                    old entries keep resting
# snapshot           equity of every account                            gaps in the equity curve
# collect-funding    funding payments of positions on margin            results lack them
# follow             follows every signal on paper                      records stand still, entries cost more
# score              computes providers' records anew                   half-Kelly and pages show old figures
# check-keys         reads what accounts' keys may do                   a key that may withdraw stays in use
# refresh-tokens     renews logins at providers before they end         accounts must be connected again
# check-rights       pauses bots whose right to follow is lost          they stay active, and are denied
# retain             deletes what its retention has passed              the database grows
beat_schedule = {
    "sweep": _every(5, TaskName.MAINTENANCE_SWEEP),
    "prices": _every(1, TaskName.PRICES_REFRESH),
    "reconcile": _every(2, TaskName.ORDERS_RECONCILE),
    "watch-cover": _every(2, TaskName.TRADES_WATCH_COVER),
    "expire-entries": _every(5, TaskName.MAINTENANCE_EXPIRE_ENTRIES),
    "snapshot": _every(60, TaskName.ACCOUNTS_SNAPSHOT),
    "collect-funding": _every(600, TaskName.ACCOUNTS_COLLECT_FUNDING),
    "learn": _every(120, TaskName.PROVIDERS_LEARN),
    "follow": _every(20, TaskName.PROVIDERS_FOLLOW),
    "score": _every(60, TaskName.PROVIDERS_SCORE),
    "check-keys": _every(86400, TaskName.ACCOUNTS_CHECK_KEYS),
    "refresh-tokens": _every(300, TaskName.ACCOUNTS_REFRESH_TOKENS),
    "check-rights": _every(86400, TaskName.PROVIDERS_CHECK_RIGHTS),
    "retain": _every(86400, TaskName.MAINTENANCE_RETAIN),
}

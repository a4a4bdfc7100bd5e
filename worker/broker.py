"""The workers' way back to Redis: an attempt every three seconds, however long it was away.

kombu waits longer after each attempt, up to 30 s: after an outage of a minute or more the workers stood still
for as long again, with Redis back and messages waiting.
"""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection

_LONGEST_PAUSE_SECONDS = 3


class SteadyConnection(Connection):
    """Tries again at a steady pace."""

    # The stubs spell every argument out; all of them are passed on.
    def ensure_connection(self, *args: Any, **kwargs: Any) -> Connection:  # type: ignore[override]
        """Connect, waiting at most three seconds between two attempts."""
        return super().ensure_connection(*args, **{"interval_max": _LONGEST_PAUSE_SECONDS, **kwargs})


class WorkerAMQP(AMQP):
    """What a Celery application connects with."""

    Connection = SteadyConnection

"""The beat's scheduler: RedBeat, which ends with one line when Redis is away or was emptied.

RedBeat cannot go on without its lock, and whatever runs the Procfile starts it again. A hundred lines of
traceback at each attempt would bury the one line that says why.
"""

import contextlib
import os
from typing import Any, NoReturn

from redbeat import RedBeatScheduler
from redis.exceptions import RedisError

from shared.logs import get_logger

log = get_logger(__name__)


class Scheduler(RedBeatScheduler):  # type: ignore[misc]  # RedBeat has no types
    """Ends this process in order when Redis does not answer or the lock is not ours any more."""

    def setup_schedule(self) -> None:
        """Write the table into Redis; SystemExit when it does not answer."""
        try:
            super().setup_schedule()
        except (RedisError, OSError) as error:
            _leave(error)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; SystemExit when Redis does not answer or another beat may hold the lock."""
        try:
            seconds: float = super().tick(*args, **kwargs)
        except (RedisError, OSError) as error:
            _leave(error)
        return seconds

    def close(self) -> None:
        """Give the lock back where that is still possible."""
        with contextlib.suppress(RedisError, OSError):
            super().close()


def _leave(error: Exception) -> NoReturn:
    log.error("beat.stopped", reason=f"Redis: {str(error)[:200]}")
    raise SystemExit(os.EX_TEMPFAIL)

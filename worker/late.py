"""Answers that come late: waited for beside the tasks, so that a hanging venue holds no worker's slot."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition, Lock

from shared.logs import get_logger
from worker.limits import Pot

log = get_logger(__name__)

_MOST_AT_ONCE = 8


class LateAnswers:
    """What still waits for venues in this process, counted by where it was sent.

    A process that dies loses nothing: what it waited for is SUBMITTED in the database, and the reconciler asks.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="late")
        self._counts: Counter[Pot] = Counter()
        self._lock = Lock()
        self._idle = Condition(self._lock)

    def count(self, pot: Pot) -> int:
        """Count the waves to a venue whose answers are waited for."""
        with self._lock:
            return self._counts[pot]

    def hand_over(self, pot: Pot, wait_and_record: Callable[[], None]) -> None:
        """Wait for the rest of a wave and record it, beside the task."""
        with self._lock:
            self._counts[pot] += 1
        self._threads.submit(wait_and_record).add_done_callback(lambda ended: self._end(pot, ended))

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is waited for any more; False after so many seconds."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._counts.total(), seconds)

    def close(self) -> None:
        """Wait for what is under way: each wave ends by its own time-outs."""
        self._threads.shutdown(wait=True)

    def _end(self, pot: Pot, ended: "Future[None]") -> None:
        with self._lock:
            self._counts[pot] -= 1
            self._idle.notify_all()
        error = ended.exception()
        if error is not None:
            # Its orders are still SUBMITTED: the reconciler finds out what became of them.
            log.warning("wave.unrecorded", venue=pot.venue, error=f"{type(error).__name__}: {error}"[:200])

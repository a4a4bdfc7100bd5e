"""Blocking writes off the event loop: a few threads, each with its own line, so that a channel keeps its order.

While the database is away a thread keeps its item and tries again; the line grows up to its bound and no
further. What finds no room, or is left when the process dies, is found again by the backlog.
"""

from collections.abc import Callable
from contextvars import copy_context
from queue import Queue
from threading import Event, Thread
from time import monotonic
from zlib import crc32

from pymongo.errors import PyMongoError

from bot.outage import Outage
from shared.logs import get_logger

log = get_logger(__name__)

Work = Callable[[], object]

_THREADS = 4
_CAPACITY = 10_000
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0


class Lanes:
    """Runs work in threads; work with the same key runs one after the other, in the order offered.

    Parameters
    ----------
    outage
        Told of every call that the database answered or did not answer.
    capacity
        How much may wait in all lanes together.
    """

    def __init__(self, outage: Outage, *, threads: int = _THREADS, capacity: int = _CAPACITY) -> None:
        self.capacity = capacity
        self._outage = outage
        self._lines: list[Queue[Work | None]] = [Queue() for _ in range(threads)]
        self._give_up = Event()
        # The context carries what is bound to every log line; a thread would start without it.
        self._threads = [
            Thread(target=copy_context().run, args=(self._run, line), name=f"lane-{number}", daemon=True)
            for number, line in enumerate(self._lines)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    @property
    def depth(self) -> int:
        """How much waits or is being done."""
        return sum(line.unfinished_tasks for line in self._lines)

    def offer(self, key: str, work: Work) -> bool:
        """Put work in its key's lane and return at once; false when the lanes are full."""
        if self.depth >= self.capacity:
            return False
        self._lines[crc32(key.encode()) % len(self._lines)].put(work)
        return True

    def drain(self, seconds: float) -> int:
        """Finish what waits, end the threads and return how much was left after `seconds`."""
        deadline = monotonic() + seconds
        for line in self._lines:
            line.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        # A thread that is still here waits for a database that is away: the process must end without it.
        self._give_up.set()
        return max(0, self.depth - sum(thread.is_alive() for thread in self._threads))

    def _run(self, line: "Queue[Work | None]") -> None:
        while not self._give_up.is_set():
            work = line.get()
            if work is not None:
                self._finish(work)
            line.task_done()
            if work is None:
                return

    def _finish(self, work: Work) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._give_up.is_set():
            try:
                work()
            except PyMongoError as error:
                self._outage.failed(error)
                self._give_up.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            except Exception:
                # One item that cannot be stored must not stop those behind it.
                log.exception("work.impossible")
                return
            else:
                self._outage.worked()
                return

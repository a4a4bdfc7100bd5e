"""Whether the database is away: said once when it goes, said once when it is back, with what to do then."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from shared.logs import get_logger

log = get_logger(__name__)


class Outage:
    """One database seen from several threads.

    Parameters
    ----------
    on_end
        Called once for each outage when it is over, in the thread that found out.
    """

    def __init__(self, on_end: Callable[[], object]) -> None:
        self._on_end = on_end
        self._lock = Lock()
        self._since: float | None = None

    def failed(self, error: Exception) -> None:
        """Note a call that the database did not answer."""
        with self._lock:
            if self._since is not None:
                return
            self._since = monotonic()
        log.warning("database.away", error=one_line(error))

    def worked(self) -> None:
        """Note a call that it answered."""
        if self._since is None:
            return
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            log.warning("database.back", away_seconds=round(monotonic() - since, 1))
            self._on_end()


def one_line(error: BaseException) -> str:
    """Say an error in one line; some have no words of their own, some carry a page of them."""
    words = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0][:200]}" if words else type(error).__name__

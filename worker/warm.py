"""Ready before the first order: clients of the venues in use are loaded beside the tasks, not in front of one.

A venue's client takes a second to import and another to list what is traded (measured with ccxt: 0.6 s and 70 MB).
Processes that trade look now and then which venues have accounts, and open those; one that nobody uses costs nothing.
"""

from threading import Event, Thread

from pymongo.errors import PyMongoError

from shared.domain.errors import TradeError
from shared.logs import get_logger
from shared.models import accounts
from worker.context import Context
from worker.limits import Pot

log = get_logger(__name__)

LOOK_SECONDS = 30.0


class WarmUp:
    """Opens venues in a thread of its own until stopped."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._warm: set[tuple[str, str]] = set()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="warm", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being opened is opened to its end."""
        self._stop.set()

    def open_venues(self) -> int:
        """Open the venues that have accounts and are not open yet; return how many were opened."""
        opened = 0
        for venue, environment in self._context.factory.own_environments():
            if (venue, environment) in self._warm or not accounts.is_venue_used(venue, environment):
                continue
            self._context.limits(Pot(venue, environment))
            self._context.instruments(venue, environment, [""])
            self._warm.add((venue, environment))
            opened += 1
        return opened

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.open_venues()
            except (TradeError, PyMongoError, TimeoutError) as error:
                log.info("venue.not_warm", error=f"{type(error).__name__}: {error}"[:200])
            self._stop.wait(LOOK_SECONDS)

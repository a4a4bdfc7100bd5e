"""Up to when each channel is known to be recorded without a gap: from there the backlog asks Discord again.

Live messages move a channel's mark on, except while a gap is open: a message that came after a gap says
nothing about those that were missed in it. Only a backlog pass that began after the gap closes it.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock


class Marks:
    """The marks of all channels, shared by the event loop and the recording threads.

    Parameters
    ----------
    newest
        Reads when the newest recorded message of a channel was posted; None if there is none. May block.
    """

    def __init__(self, newest: Callable[[str], datetime | None]) -> None:
        self._newest = newest
        self._until: dict[str, datetime] = {}
        self._filled_in: dict[str, int] = {}
        self._gap = 0
        self._loading = Lock()
        self._opening = Lock()

    @property
    def gap(self) -> int:
        """The number of the newest gap; a pass that begins now can close gaps up to this one."""
        return self._gap

    def open_gap(self) -> None:
        """Say that messages of any channel may have been missed: a new session, an outage, a full queue."""
        with self._opening:
            self._gap += 1

    def is_open(self, channel_id: str) -> bool:
        """Tell whether messages of a channel may be missing; so it is for a channel never looked at."""
        return self._filled_in.get(channel_id) != self._gap

    def load(self, channel_id: str, now: datetime) -> datetime:
        """Return a channel's mark; the first time it is read from the database, `now` if nothing is there.

        It must come before the first write of a channel, which would hide what an earlier process missed.
        """
        with self._loading:
            if channel_id not in self._until:
                self._until[channel_id] = self._newest(channel_id) or now
            return self._until[channel_id]

    def advance(self, channel_id: str, posted_at: datetime) -> None:
        """Move the mark on to a message that has been recorded, unless a gap lies before it."""
        if not self.is_open(channel_id):
            self._until[channel_id] = max(posted_at, self._until[channel_id])

    def close(self, channel_id: str, gap: int, until: datetime) -> None:
        """Say that a pass which began at `gap` has recorded all that Discord had before `until`."""
        self._until[channel_id] = max(until, self._until[channel_id])
        self._filled_in[channel_id] = gap

    def reach(self, channel_id: str, until: datetime) -> None:
        """Say that a pass came as far as `until` and left the rest to the next one: the gap stays open."""
        self._until[channel_id] = max(until, self._until[channel_id])

"""Which channels are recorded, and under which of them a thread's messages go."""

import asyncio
from collections.abc import Callable

from pymongo.errors import PyMongoError

from bot.outage import Outage

_RETRY_SECONDS = 1.0


class WatchedChannels:
    """The channels of all active providers, as last read.

    Parameters
    ----------
    read
        Reads them from the database; may block and raise PyMongoError.
    """

    def __init__(self, read: Callable[[], frozenset[str]], outage: Outage) -> None:
        self._read = read
        self._outage = outage
        self._was_read = False
        self.ids: frozenset[str] = frozenset()

    async def refresh(self) -> None:
        """Read them anew; what is known stays when the database is away."""
        try:
            self.ids = await asyncio.to_thread(self._read)
        except PyMongoError as error:
            self._was_read = False
            self._outage.failed(error)
        else:
            self._was_read = True
            self._outage.worked()

    async def keep_fresh(self, every_seconds: float) -> None:
        """Read them again and again, until cancelled; sooner while the database is away."""
        while True:
            await asyncio.sleep(every_seconds if self._was_read else min(_RETRY_SECONDS, every_seconds))
            await self.refresh()

    def home_of(self, channel_id: int, parent_id: int | None) -> str | None:
        """Return the watched channel that messages of a channel or thread are recorded under, if any.

        Providers are found by the recorded channel. A thread that a provider lists is a channel of its own;
        any other thread belongs to its parent, where its messages can answer the parent's.
        """
        if str(channel_id) in self.ids:
            return str(channel_id)
        if parent_id is not None and str(parent_id) in self.ids:
            return str(parent_id)
        return None

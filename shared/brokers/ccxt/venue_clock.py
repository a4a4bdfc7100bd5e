"""By how much our clock is ahead of a venue's: whoever signs with the time must use the venue's."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from shared.domain.errors import RetryableError

HOURLY_SECONDS = 3600.0
# How long an old difference of the clocks is used before the venue is asked again that did not answer.
_PATIENCE_SECONDS = 60.0

AskTime = Callable[[], Awaitable[int]]
"""Asks a venue for its time, in milliseconds since 1970."""


class VenueClock:
    """By how much our clock is ahead of the venue's, in milliseconds; asked for once, and again when in doubt.

    Parameters
    ----------
    options
        Those of the template, which its copies share: ccxt takes `timeDifference` off every timestamp.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._lock = asyncio.Lock()
        self._difference: int | None = None
        self._ask_again_at = 0.0

    async def difference(self, ask_time: AskTime) -> int:
        """Return the difference in force, asking for it first where it is unknown, doubtful or an hour old.

        An old one that nobody doubts is kept where the venue does not answer.
        """
        known = self._current()
        if known is not None:
            return known
        async with self._lock:
            known = self._current()
            if known is not None:
                return known
            try:
                await self._ask(ask_time)
            except RetryableError:
                if self._difference is None:
                    raise
                self._ask_again_at = time.monotonic() + _PATIENCE_SECONDS
            assert self._difference is not None, "asked for or kept"
            return self._difference

    def doubt(self, difference: int) -> None:
        """Ask anew before the next request, unless that was done since this difference was used."""
        if self._difference == difference:
            self._difference = None

    def _current(self) -> int | None:
        return self._difference if time.monotonic() < self._ask_again_at else None

    async def _ask(self, ask_time: AskTime) -> None:
        before = _milliseconds()
        venue_time = await ask_time()
        self._difference = self._options["timeDifference"] = (before + _milliseconds()) // 2 - venue_time
        self._ask_again_at = time.monotonic() + HOURLY_SECONDS


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000

"""The venue's clock as we know it: how far ours is ahead of it, and which of its moments have certainly passed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from shared.domain.errors import RetryableError

# Unlike a window, tokens forgive a minute; but orders are told from older ones by it, and clocks drift.
_ASK_AFTER_SECONDS = 600.0
# How long an old difference is used before the venue is asked again that did not answer.
_PATIENCE_SECONDS = 60.0
# The first answer may have waited for its connection; the quickest one says most.
_QUESTIONS = 2
# Many tokens refused at once ask for the time once.
_FRESH_SECONDS = 5.0
# A token that is refused for its time is wrong by more than this.
_SKEW_MILLISECONDS = 20_000
# By how much two clocks may have drifted apart since they were compared.
_DRIFT = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)


class CoinbaseClock:
    """The clock of one address.

    Parameters
    ----------
    ask
        Reads the venue's time once; raises like any read.
    options
        Those of the client's template, which its copies share: `timeDifference` is taken off the time of tokens.
    now
        Our clock, aware UTC.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[datetime]], options: dict[str, Any], now: Callable[[], datetime]
    ) -> None:
        self._ask = ask
        self._options = options
        self._now = now
        self._lock = asyncio.Lock()
        self._ask_again_at = 0.0
        self._measured_at = -_FRESH_SECONDS
        self._most_ahead: timedelta | None = None
        self._least_ahead: timedelta | None = None
        self._seen: datetime | None = None

    @property
    def difference(self) -> int:
        """How far ours is ahead, in milliseconds, as tokens are written with."""
        found: int = self._options["timeDifference"]
        return found

    async def be_known(self) -> None:
        """Ask for the venue's time where it is unknown or old; raises RetryableError where it stays unknown."""
        if self._is_known():
            return
        async with self._lock:
            if self._is_known():
                return
            try:
                await self._measure()
            except RetryableError:
                if self._most_ahead is None:
                    raise
                self._ask_again_at = time.monotonic() + _PATIENCE_SECONDS

    async def was_wrong(self, used: int) -> bool:
        """Tell whether a difference that a refused token was written with was so wrong that this is why.

        The venue is asked anew, unless it was just now; raises RetryableError where it does not answer.
        """
        async with self._lock:
            is_fresh = time.monotonic() - self._measured_at < _FRESH_SECONDS
            if abs(self.difference - used) <= _SKEW_MILLISECONDS and not is_fresh:
                await self._measure()
            return abs(self.difference - used) > _SKEW_MILLISECONDS

    def passed(self) -> datetime:
        """Return a moment of the venue's clock that has certainly passed by now.

        It is the later of what our clock allows to say and of what the venue has said itself. The venue tells
        milliseconds, and what is in one and the same counts as later.
        """
        assert self._most_ahead is not None, "be_known was awaited"
        by_ours = self._now() - self._most_ahead - _MILLISECOND
        return by_ours if self._seen is None else max(by_ours, self._seen)

    def note(self, seen: datetime) -> None:
        """Note a moment that the venue has named as past; one that cannot have passed is not heeded."""
        if self._seen is not None and self._least_ahead is not None:
            latest = self._now() - self._least_ahead + _DRIFT
            self._seen = max(seen, self._seen) if seen <= latest else self._seen

    def _is_known(self) -> bool:
        return self._most_ahead is not None and time.monotonic() < self._ask_again_at

    async def _measure(self) -> None:
        bounds: list[tuple[timedelta, timedelta]] = []
        for _ in range(_QUESTIONS):
            before = self._now()
            told = await self._ask()
            self._seen = told - _MILLISECOND
            # It was read between the two.
            bounds.append((self._now() - told, before - told))
        most, least = min(bounds, key=lambda bound: bound[0] - bound[1])
        self._most_ahead, self._least_ahead = most, least
        self._options["timeDifference"] = (most + least) // 2 // _MILLISECOND
        self._measured_at = time.monotonic()
        self._ask_again_at = self._measured_at + _ASK_AFTER_SECONDS

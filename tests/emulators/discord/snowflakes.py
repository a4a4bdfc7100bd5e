"""Discord's ids. They carry the time by which the product judges a message's age, so they must be real."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

DISCORD_EPOCH_MS = 1_420_070_400_000
_COUNTER_BITS = 22
_LIVE_COUNTER = 1 << 12  # ids made now use the low 12 bits; the rest is left to ids made for the past


def snowflake_time(snowflake: str | int) -> datetime:
    """Return the moment an id was made, in aware UTC with millisecond precision."""
    milliseconds = (int(snowflake) >> _COUNTER_BITS) + DISCORD_EPOCH_MS
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


class Snowflakes:
    """Makes ids that grow strictly, whatever the clock does.

    Parameters
    ----------
    clock
        Seconds since 1970; an argument so that a test can hold it still or turn it back.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last_ms = 0
        self._counter = 0
        self._past_counter = 0

    def next(self) -> str:
        """Return an id for this moment, greater than every id returned by `next` before."""
        now_ms = int(self._clock() * 1000)
        if now_ms > self._last_ms:
            self._last_ms, self._counter = now_ms, 0
        else:
            self._counter += 1
            if self._counter == _LIVE_COUNTER:
                self._last_ms, self._counter = self._last_ms + 1, 0
        return _compose(self._last_ms, self._counter)

    def at(self, moment: datetime) -> str:
        """Return an id for another moment; ids for one moment grow in the order they are made."""
        counter = _LIVE_COUNTER + self._past_counter % ((1 << _COUNTER_BITS) - _LIVE_COUNTER)
        self._past_counter += 1
        return _compose(round(moment.timestamp() * 1000), counter)


def _compose(milliseconds: int, counter: int) -> str:
    return str(((milliseconds - DISCORD_EPOCH_MS) << _COUNTER_BITS) | counter)

"""The venue's clock, which tests may set wrong, and how its times are written."""

import time
from datetime import UTC, datetime

SECOND = 1_000_000


class Clock:
    """Microseconds since 1970 in the venue's opinion."""

    def __init__(self) -> None:
        self._second = 0
        self._written = ""

    def now(self, skew_seconds: float = 0.0) -> int:
        """The venue's time."""
        return time.time_ns() // 1000 + int(skew_seconds * SECOND)

    def write(self, at: int) -> str:
        """ISO 8601 in UTC with microseconds; sortable as text."""
        second, part = divmod(at, SECOND)
        if second != self._second:
            self._second = second
            self._written = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._written}.{part:06d}+00:00"


def read_time(text: str) -> int:
    """Read a time that a clock has written."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * SECOND + moment.microsecond

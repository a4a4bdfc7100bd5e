"""What a venue says of the request weight that we have used: per base address and address of ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UsedWeight:
    """The weight used in the venue's current window, as it said `at` (our clock, UTC)."""

    weight: int
    at: datetime


class WeightMeter:
    """Remembers the last used weight that answers have named; an observer of `HttpTransport`.

    Parameters
    ----------
    header
        Which header names it.
    """

    def __init__(self, header: str, now: Callable[[], datetime]) -> None:
        self._header = header
        self._now = now
        self._last: dict[tuple[str, str | None], UsedWeight] = {}

    def observe(self, base_url: str, local_address: str | None, headers: Mapping[str, str]) -> None:
        """Note what an answer says; one that says nothing changes nothing."""
        text = headers.get(self._header, "")
        if text.isdecimal():
            self._last[base_url, local_address] = UsedWeight(int(text), self._now())

    def last(self, base_url: str, local_address: str | None = None) -> UsedWeight | None:
        """Return what the venue said last to an address of ours, None before its first answer."""
        return self._last.get((base_url, local_address))

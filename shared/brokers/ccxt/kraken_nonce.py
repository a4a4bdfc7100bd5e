"""Kraken's nonces: each above the one before, per key and over all processes that use it.

Nanoseconds of the clock rise by themselves from process to process. Where requests of two processes cross, the
later nonce may arrive first; the venue answers the other with `EAPI:Invalid nonce`, having looked at nothing else.
"""

from collections.abc import Callable


class Nonces:
    """Nonces of one process, strictly rising also where the clock stands still or goes back.

    Parameters
    ----------
    nanoseconds
        The clock: nanoseconds since 1970.
    """

    def __init__(self, nanoseconds: Callable[[], int]) -> None:
        self._nanoseconds = nanoseconds
        self._last = 0

    def next(self) -> int:
        """Return the next nonce."""
        self._last = max(self._nanoseconds(), self._last + 1)
        return self._last

"""The three families of failure and the values for a refusal.

TradeError
 ├── RetryableError   no byte of a write left, or a read failed: may be tried again
 ├── PermanentError   the venue proved its refusal: never tried again unchanged
 └── AmbiguousError   a write may have arrived: ask, never send again
"""

from dataclasses import dataclass


class TradeError(Exception):
    """Base of all failures that carry a stable `code` for receipts and logs."""

    def __init__(self, code: str, detail: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class RetryableError(TradeError):
    """Raised when nothing can have happened: a failed read, an unsent write, a 429 before acceptance."""


class PermanentError(TradeError):
    """Raised when the venue proved that it refused: insufficient funds, closed market, bad symbol, 401."""


class AmbiguousError(TradeError):
    """Raised when a write may have arrived: timeout, disconnect, 5xx, an unreadable answer."""


class DuplicateOrderId(AmbiguousError):
    """Raised when the venue says that the client order id exists: proof that the order does."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Our own refusal to trade: a stable code and a sentence for the follower."""

    code: str
    detail: str

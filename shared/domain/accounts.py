"""A follower's account at a venue, its balance and what is reserved of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import ZERO


class AccountStatus(StrEnum):
    """Whether the account may be traded on.

    CHECKING until a worker has looked at a new account's key; REFUSED is ours: its key may do what no key here may.
    """

    CHECKING = "checking"
    ACTIVE = "active"
    REFUSED = "refused"
    NEEDS_REAUTH = "needs_reauth"
    REVOKED = "revoked"


class Environment(StrEnum):
    """Where an account trades: ours, the venue's own sandbox, or for real."""

    PAPER = "paper"
    SANDBOX = "sandbox"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one intent may cost: `notional` of buying power and `risk` to the stop, in the quote asset.

    It is held until the intent has ended and, where it was filled, until a balance read after that:
    so the money is never counted twice as free.
    """

    trade_id: str
    symbol: str
    notional: Decimal
    risk: Decimal
    at: datetime


@dataclass(frozen=True)
class Account:
    """One brokerage account; `version` grows with every reservation, release and balance read.

    `opening_balance` is what a paper account starts with, in its quote asset; None elsewhere. `status_reason` is a
    sentence for its owner where it may not be traded on; `key_checked_at` when its key's rights were last read.
    """

    account_id: str
    user_id: str
    name: str
    venue: str
    environment: str
    status: AccountStatus
    quote_asset: str
    version: int
    balance_total: Decimal | None = None
    balance_free: Decimal | None = None
    balance_at: datetime | None = None
    credential_id: str | None = None
    opening_balance: Decimal | None = None
    status_reason: str = ""
    key_checked_at: datetime | None = None
    reservations: dict[str, Reservation] = field(default_factory=dict)

    def available(self) -> Decimal | None:
        """Return what a new entry may use: free balance less reservations, None without a balance."""
        if self.balance_free is None:
            return None
        return self.balance_free - sum((held.notional for held in self.reservations.values()), ZERO)

    def is_balance_fresh(self, now: datetime, max_age: timedelta) -> bool:
        """Tell whether the balance was read within `max_age`."""
        return self.balance_at is not None and now - self.balance_at <= max_age

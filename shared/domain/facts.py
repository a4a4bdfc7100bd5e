"""All that the gates may look at, read before they run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from shared.domain.accounts import Account
from shared.domain.bots import TradingBot
from shared.domain.day_result import DayResult
from shared.domain.halts import Halt
from shared.domain.instruments import Instrument
from shared.domain.plans import Tier
from shared.domain.record import ProviderRecord
from shared.domain.signals import Side, Signal
from shared.domain.trades import AliveTrade, Trade

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Session:
    """An exchange now: open or not, and when that changes; moments are aware UTC, None where the calendar ends."""

    exchange: str
    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsersDay:
    """A user's day over all accounts, in one currency; `result` is None where `lacks` says what is missing.

    `rates` says at which rates it was summed and how old they are; empty where all accounts are in one currency.
    """

    result: DayResult | None
    currency: str
    rates: str = ""
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the gates may look at, read before they run; `now` and prices are part of it.

    `signals_today` does not count this one. `detection_seconds`: how long a fill of a resting entry may stay unseen, by
    the venue's limit and who shares it. `price_at_post`: the market's price when the message was posted, None where
    nobody looked. `session`: the exchange that the bot keeps to. `today` and `users_today`: the day's results.
    `confirmed_until`: where the follower was asked first and said yes, until when the question was good.
    """

    signal: Signal
    symbol: str | None
    posted_at: datetime
    now: datetime
    bot: TradingBot
    account: Account
    tier: Tier
    signals_today: int
    provider_active: bool
    may_follow: bool
    halt: Halt | None
    duplicate_of: str | None
    instrument: Instrument | None
    shorts: bool
    bid: Decimal | None
    ask: Decimal | None
    trades: tuple[AliveTrade | Trade, ...]
    trade_id: str
    record: ProviderRecord | None = None
    detection_seconds: int = 0
    price_at_post: Decimal | None = None
    session: Session | None = None
    today: DayResult | None = None
    users_today: UsersDay | None = None
    confirmed_until: datetime | None = None
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def equity(self) -> Decimal | None:
        """What the account is worth now in its quote asset, None without a balance."""
        return self.account.balance_total if self.today is None else self.today.equity

    @property
    def side(self) -> Side:
        """The side to enter; a message that implies none is a buy."""
        return self.signal.side or Side.BUY

    def once(self, compute: "Callable[[Facts], T]") -> T:
        """Return what a function makes of these facts, computed the first time it is asked for."""
        if compute not in self._known:
            self._known[compute] = compute(self)
        made: T = self._known[compute]
        return made

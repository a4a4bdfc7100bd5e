"""What one currency is worth in another: dollars that are pegged at par, others by the newest quote that is known."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.brokers.base import Quote
from shared.domain.money import ONE
from worker.context import Context, utc_now

DOLLARS = frozenset({"USD", "USDT", "USDC", "FDUSD", "TUSD", "DAI", "PYUSD"})
"""Counted as one dollar each: a limit in percent of millions is not moved by a cent."""

MAX_AGE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `asset` is worth `value` of `currency`, as known at `at`; None at par."""

    asset: str
    currency: str
    value: Decimal
    at: datetime | None
    age_seconds: int = 0

    def __str__(self) -> str:
        if self.at is None:
            return f"{self.asset} at par"
        return f"{self.asset} at {self.value:.4f} {self.currency}, {self.age_seconds} s old"


class Rates:
    """Rates from the quotes that workers keep; each is looked up once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[tuple[str, str], Rate | None] = {}

    def find(self, asset: str, currency: str) -> Rate | None:
        """Return the rate, or None where no venue's quote younger than an hour says it."""
        key = (asset, currency)
        if key not in self._known:
            self._known[key] = self._look_up(asset, currency)
        return self._known[key]

    def _look_up(self, asset: str, currency: str) -> Rate | None:
        if asset == currency or {asset, currency} <= DOLLARS:
            return Rate(asset, currency, ONE, None)
        now = utc_now()
        straight = [f"{base}/{quote}" for base in _names(asset) for quote in _names(currency)]
        turned = [f"{base}/{quote}" for base in _names(currency) for quote in _names(asset)]
        for place in self._context.factory.own_environments():
            found = self._context.quotes.read(*place, [*straight, *turned], now, MAX_AGE_SECONDS)
            for symbol, quote in found.items():
                middle = _middle(quote)
                if middle > 0:
                    value = middle if symbol in straight else ONE / middle
                    return Rate(asset, currency, value, quote.at, int((now - quote.at).total_seconds()))
        return None


def _names(asset: str) -> list[str]:
    return sorted(DOLLARS) if asset in DOLLARS else [asset]


def _middle(quote: Quote) -> Decimal:
    return (quote.bid + quote.ask) / 2

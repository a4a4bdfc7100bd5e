"""What one currency is worth in another: dollars that are pegged at par, others by the newest quote that is known.

The prices job asks for the pairs that people's accounts and display currencies need, whether somebody trades them or not.
Two currencies that no venue lists against each other are linked by one step through the dollar.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.brokers.base import Quote
from shared.domain.accounts import Environment
from shared.domain.errors import TradeError
from shared.domain.money import ONE
from shared.logs import get_logger
from worker.context import Context, utc_now

_DOLLARS = ("USDT", "USDC", "USD", "FDUSD", "TUSD", "DAI", "PYUSD")
# The most traded first: where several pairs say a rate, the first one listed is asked.
DOLLARS = frozenset(_DOLLARS)
"""Counted as one dollar each: a limit in percent of millions is not moved by a cent."""

HUB = "USD"

MAX_AGE_SECONDS = 3600
FRESH_SECONDS = 60
MOST_RATES = 50

log = get_logger(__name__)

Place = tuple[str, str]


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
        """Return the rate, or None where no venue's quotes younger than an hour say it, at once or through the dollar."""
        key = (asset, currency)
        if key not in self._known:
            self._known[key] = self._look_up(asset, currency)
        return self._known[key]

    def _look_up(self, asset: str, currency: str) -> Rate | None:
        if asset == currency or {asset, currency} <= DOLLARS:
            return Rate(asset, currency, ONE, None)
        rate = self._quoted(asset, currency)
        return rate if rate is not None or DOLLARS & {asset, currency} else self._through_hub(asset, currency)

    def _through_hub(self, asset: str, currency: str) -> Rate | None:
        first, second = self.find(asset, HUB), self.find(HUB, currency)
        if first is None or second is None or first.at is None or second.at is None:
            return None
        # As old as its older half.
        at, age = min(first.at, second.at), max(first.age_seconds, second.age_seconds)
        return Rate(asset, currency, first.value * second.value, at, age)

    def _quoted(self, asset: str, currency: str) -> Rate | None:
        now = utc_now()
        straight, turned = _pairs(asset, currency)
        for place in _places(self._context):
            found = self._context.quotes.read(*place, [*straight, *turned], now, MAX_AGE_SECONDS)
            for symbol, quote in found.items():
                middle = _middle(quote)
                if middle > 0:
                    value = middle if symbol in straight else ONE / middle
                    return Rate(asset, currency, value, quote.at, int((now - quote.at).total_seconds()))
        return None


def symbols_for_rates(context: Context, needed: Iterable[tuple[str, str]]) -> dict[Place, set[str]]:
    """Choose, for each (asset, currency) that is needed, the pairs that say its rate: one, or two with a step between.

    Each is asked for at the first venue that lists it. Pairs whose quote is younger than a minute are left out: a rate
    need not be asked for every second.
    """
    now = utc_now()
    chosen: dict[Place, set[str]] = {}
    for asset, currency in itertools.islice(sorted(set(needed)), MOST_RATES):
        for place, symbol in _links(context, asset, currency):
            if not context.quotes.read(*place, [symbol], now, FRESH_SECONDS):
                chosen.setdefault(place, set()).add(symbol)
    return chosen


def _links(context: Context, asset: str, currency: str) -> list[tuple[Place, str]]:
    if asset == currency or {asset, currency} <= DOLLARS:
        return []
    direct = _first_listed(context, asset, currency)
    if direct or DOLLARS & {asset, currency}:
        return direct
    to_hub, from_hub = _first_listed(context, asset, HUB), _first_listed(context, HUB, currency)
    return to_hub + from_hub if to_hub and from_hub else []


def _first_listed(context: Context, asset: str, currency: str) -> list[tuple[Place, str]]:
    """Return the first pair of two currencies that a venue lists, with its place; empty where none does."""
    straight, turned = _pairs(asset, currency)
    for place in _places(context):
        listed = _listed(context, place, [*straight, *turned])
        if listed:
            return [(place, listed[0])]
    return []


def _listed(context: Context, place: Place, symbols: Sequence[str]) -> list[str]:
    try:
        rules = context.instruments(*place, symbols)
    except (TradeError, TimeoutError) as error:
        log.warning("rates.venue_silent", venue=place[0], error=str(error)[:200])
        return []
    return [symbol for symbol in symbols if symbol in rules]


def _places(context: Context) -> list[Place]:
    """List where prices are real, those of real money first."""
    own = [(venue, str(environment)) for venue, environment in context.factory.own_environments()]
    return sorted(own, key=lambda place: place[1] != Environment.LIVE)


def _pairs(asset: str, currency: str) -> tuple[list[str], list[str]]:
    """Return the symbols whose price is the rate, and those of which it is the inverse."""
    straight = [f"{base}/{quote}" for base in _names(asset) for quote in _names(currency)]
    return straight, [f"{base}/{quote}" for base in _names(currency) for quote in _names(asset)]


def _names(asset: str) -> list[str]:
    return list(_DOLLARS) if asset in DOLLARS else [asset]


def _middle(quote: Quote) -> Decimal:
    return (quote.bid + quote.ask) / 2

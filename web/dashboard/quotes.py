"""Prices now, as the prices job left them in Redis; a page is shown without them when they are away."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import redis

from shared.domain.money import parse_decimal
from shared.domain.signals import Side
from shared.logs import get_logger

log = get_logger(__name__)

STALE_AFTER_SECONDS = 15
"""The prices job writes every one to two seconds; older than this, a price is shown as old."""


@dataclass(frozen=True, slots=True)
class PriceNow:
    """The best prices of one instrument; `synthetic` ones come from the seeded tape."""

    bid: Decimal
    ask: Decimal
    at: datetime
    synthetic: bool

    def to_leave(self, side: Side) -> Decimal:
        """Return the price at which a position of `side` could be closed."""
        return self.bid if side is Side.BUY else self.ask

    def is_stale(self, now: datetime) -> bool:
        """Tell whether the price is too old to be called the price now."""
        return (now - self.at).total_seconds() > STALE_AFTER_SECONDS


Place = tuple[str, str]
Prices = dict[tuple[str, str, str], PriceNow]


def read_prices(client: redis.Redis, wanted: Iterable[tuple[str, str, str]]) -> Prices:
    """Read prices by (venue, environment, symbol) in one round trip a venue; those that are not there are left out."""
    symbols: dict[Place, list[str]] = {}
    for venue, environment, symbol in sorted(set(wanted)):
        symbols.setdefault((venue, environment), []).append(symbol)
    found: Prices = {}
    for (venue, environment), listed in symbols.items():
        try:
            answers = client.hmget(f"dx:quotes:{venue}:{environment}", listed)
        except redis.RedisError as error:
            log.warning("prices.unreadable", venue=venue, error=type(error).__name__)
            return found
        for symbol, text in zip(listed, answers, strict=True):
            price = parse_price(text)
            if price is not None:
                found[venue, environment, symbol] = price
    return found


def parse_price(text: str | bytes | None) -> PriceNow | None:
    """Read one stored quote; None where there is none or it cannot be read."""
    if text is None:
        return None
    try:
        data = json.loads(text)
        return PriceNow(
            bid=parse_decimal(data["bid"]),
            ask=parse_decimal(data["ask"]),
            at=datetime.fromisoformat(data["at"]),
            synthetic=bool(data.get("synthetic", False)),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

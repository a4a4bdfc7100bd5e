"""Quotes with their time, kept in Redis by the prices job and read by everyone."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from redis import Redis

from shared.brokers.base import Quote

KEY = "dx:quotes:{venue}:{environment}"
LIFETIME_SECONDS = 3600


class QuoteBoard:
    """The newest quote of every symbol in use, per venue and environment; stale ones are the reader's to refuse."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, venue: str, environment: str, quotes: Iterable[Quote]) -> None:
        """Store quotes; the newest write wins."""
        rows: dict[Any, Any] = {quote.symbol: _write(quote) for quote in quotes}
        if rows:
            key = KEY.format(venue=venue, environment=environment)
            self._redis.hset(key, mapping=rows)
            self._redis.expire(key, LIFETIME_SECONDS)

    def read(
        self,
        venue: str,
        environment: str,
        symbols: Iterable[str],
        now: datetime,
        max_age_seconds: float,
    ) -> dict[str, Quote]:
        """Return the quotes of `symbols` that are younger than `max_age_seconds`."""
        wanted = list(symbols)
        if not wanted:
            return {}
        stored = self._redis.hmget(KEY.format(venue=venue, environment=environment), wanted)
        quotes = (
            _read(symbol, text) for symbol, text in zip(wanted, stored, strict=True) if text is not None
        )
        oldest = now - timedelta(seconds=max_age_seconds)
        return {quote.symbol: quote for quote in quotes if quote.at >= oldest}


def _write(quote: Quote) -> str:
    return json.dumps(
        {
            "bid": str(quote.bid),
            "ask": str(quote.ask),
            "at": quote.at.isoformat(),
            "synthetic": quote.synthetic,
        }
    )


def _read(symbol: str, text: str | bytes) -> Quote:
    row: Mapping[str, str] = json.loads(text)
    return Quote(
        symbol=symbol,
        bid=Decimal(row["bid"]),
        ask=Decimal(row["ask"]),
        at=datetime.fromisoformat(row["at"]),
        synthetic=bool(row["synthetic"]),
    )

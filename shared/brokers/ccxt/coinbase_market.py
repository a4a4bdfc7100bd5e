"""Coinbase's instruments and best prices: without a key book by book, with the installation's own all at once."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from shared.brokers.base import Quote
from shared.brokers.ccxt.coinbase_orders import venue_product
from shared.brokers.ccxt.coinbase_place import HOURLY_SECONDS, Place, Session
from shared.brokers.ccxt.coinbase_refusals import failure
from shared.brokers.ccxt.coinbase_reports import read_quote
from shared.brokers.http import read_answer
from shared.domain.instruments import Instrument

# As many products go into one question.
_MOST_PRODUCTS = 100
# As many books are asked for in so many seconds: the venue lets an address ask ten public questions in one.
_MOST_AT_ONCE, _HELD_SECONDS = 5, 0.6
# What the venue answers for a product that it does not know.
_UNKNOWN = frozenset({400, 404})


class CoinbaseMarketData:
    """Instruments and quotes at one address.

    Parameters
    ----------
    session
        The requests of the installation's own key for prices; None where it has none, and none is needed.
    """

    def __init__(self, place: Place, session: Session | None = None) -> None:
        self._place = place
        self._session = session
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        """List what trades against dollars now, from a list that is at most an hour old."""
        listings = await self._place.listings(max_age_seconds=HOURLY_SECONDS)
        wanted = None if symbols is None else set(symbols)
        return tuple(found for found in listings.trading() if wanted is None or found.symbol in wanted)

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        """Read the best prices; `at` is when they came."""
        wanted = {venue_product(symbol): symbol for symbol in symbols}
        if self._session is not None:
            return await self._quotes_of(self._session, wanted)
        asked = await asyncio.gather(*(self._quote(product, symbol) for product, symbol in wanted.items()))
        return tuple(quote for quote in asked if quote is not None)

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

    async def _quote(self, product: str, symbol: str) -> Quote | None:
        await self._room.acquire()
        asyncio.get_running_loop().call_later(_HELD_SECONDS, self._room.release)
        query = {"product_id": product, "limit": "1"}
        answer = await self._place.public().get("market/product_book", query)
        if answer.status in _UNKNOWN:
            return None
        if not answer.is_ok:
            raise failure(answer, is_write=False)
        now = self._place.now()
        return read_answer(answer, lambda said: read_quote(said["pricebook"], symbol, now), is_write=False)

    async def _quotes_of(self, session: Session, wanted: Mapping[str, str]) -> Sequence[Quote]:
        # Asked for by name, one that is gone would fail all.
        listings = await self._place.listings(max_age_seconds=HOURLY_SECONDS)
        products = [product for product, symbol in wanted.items() if listings.find(symbol) is not None]
        found: list[Quote | None] = []

        def read(said: Any) -> list[Quote | None]:
            now = self._place.now()
            return [read_quote(book, wanted[book["product_id"]], now) for book in said["pricebooks"]]

        for start in range(0, len(products), _MOST_PRODUCTS):
            query = {"product_ids": products[start : start + _MOST_PRODUCTS]}
            found += await session.ask("best_bid_ask", query, read)
        return tuple(quote for quote in found if quote is not None)

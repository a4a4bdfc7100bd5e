"""KuCoin's public side: what can be traded, and the best prices."""

from collections.abc import Sequence
from typing import Any

from shared.brokers.base import Quote
from shared.brokers.ccxt.kucoin_orders import venue_symbol
from shared.brokers.ccxt.kucoin_place import Place
from shared.brokers.ccxt.kucoin_reports import read_quotes
from shared.domain.instruments import Instrument


class KucoinMarketData:
    """Instruments and quotes at one address; no key is sent."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        """List what trades now, from a list that is at most an hour old."""
        listings = await self._place.listings(self._place.public())
        wanted = None if symbols is None else set(symbols)
        return tuple(found for found in listings.trading() if wanted is None or found.symbol in wanted)

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        """Read the best prices in one call: of one symbol, or of all that the venue has; `at` is when they came."""
        wanted = {venue_symbol(symbol): symbol for symbol in symbols}
        if not wanted:
            return ()
        public, now = self._place.public(), self._place.now
        if len(wanted) > 1:
            return await public.ask(
                "market/allTickers", {}, lambda said: read_quotes(said["ticker"], wanted, now())
            )
        (name,) = wanted
        return await public.ask(
            "market/orderbook/level1",
            {"symbol": name},
            lambda said: read_quotes(_as_ticker(said, name), wanted, now()),
        )

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""


def _as_ticker(said: Any, name: str) -> list[dict[str, Any]]:
    # Of a symbol that it does not have the venue says nothing.
    if said is None:
        return []
    return [{"symbol": name, "buy": said["bestBid"], "sell": said["bestAsk"]}]

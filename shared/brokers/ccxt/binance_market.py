"""Binance's public side: what can be traded, and the best prices."""

from collections.abc import Callable, Sequence

from shared.brokers.base import Quote
from shared.brokers.ccxt.binance_listings import venue_symbol
from shared.brokers.ccxt.binance_place import Place
from shared.brokers.ccxt.binance_reports import read_quotes
from shared.brokers.ccxt.binance_words import code_of
from shared.brokers.ccxt.venue_clock import HOURLY_SECONDS
from shared.brokers.http import read_answer
from shared.brokers.usage import UsedWeight
from shared.brokers.weights import VenueLimits
from shared.domain.instruments import Instrument

_UNKNOWN_SYMBOL = -1121


class BinanceMarketData:
    """Instruments, quotes and limits at one address; no key is sent.

    `last_used` tells what an address of ours was said last to have used.
    """

    def __init__(self, place: Place, last_used: Callable[[str | None], UsedWeight | None]) -> None:
        self._place = place
        self._last_used = last_used

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        """List what trades now, from a list that is at most an hour old."""
        listings = await self._place.listings(self._place.public(), max_age_seconds=HOURLY_SECONDS)
        wanted = None if symbols is None else set(symbols)
        return tuple(found for found in listings.trading() if wanted is None or found.symbol in wanted)

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        """Read the best prices in one call: of one symbol, or of all that the venue has; `at` is when they came.

        Asking for several by name would fail as a whole where one of them is gone.
        """
        wanted = {venue_symbol(symbol): symbol for symbol in symbols}
        if not wanted:
            return ()
        params = {"symbol": next(iter(wanted))} if len(wanted) == 1 else {}
        answer = await self._place.public().ask("ticker/bookTicker", params)
        if code_of(answer) == _UNKNOWN_SYMBOL:
            return ()
        if not answer.is_ok:
            raise self._place.family.words.failure(answer, is_write=False)
        now = self._place.now()
        return read_answer(
            answer, lambda said: read_quotes([said] if params else said, wanted, now), is_write=False
        )

    async def fetch_limits(self) -> VenueLimits:
        """Return the ceilings that the venue tells with its instruments."""
        return (await self._place.listings(self._place.public(), max_age_seconds=HOURLY_SECONDS)).limits

    def used_weight(self, local_address: str | None) -> int:
        """Return what was said last within this minute of the clock: the venue counts by whole minutes."""
        last = self._last_used(local_address)
        minute = self._place.now().replace(second=0, microsecond=0)
        return last.weight if last is not None and last.at >= minute else 0

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

"""Alpaca's instruments and best prices. Nothing of it is public: it is asked with the key of the installation."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from shared.brokers.alpaca.listings import read_asset, read_contract, stock_tick
from shared.brokers.alpaca.place import HOURLY_SECONDS, Place, Session
from shared.brokers.alpaca.refusals import NOT_FOUND, code_of, failure
from shared.brokers.alpaca.reports import read_quotes
from shared.brokers.alpaca.symbols import asset_class_of
from shared.brokers.base import Quote
from shared.brokers.codes import Refusal
from shared.brokers.http import read_answer
from shared.domain.errors import PermanentError, TradeError
from shared.domain.instruments import AssetClass, Instrument

T = TypeVar("T")

# Where the latest quotes of a family are asked for: the API's version and the path.
_QUOTES = {
    AssetClass.STOCK: ("v2", "/stocks/quotes/latest"),
    AssetClass.CRYPTO: ("v1beta3", "/crypto/us/latest/quotes"),
    AssetClass.OPTION: ("v1beta1", "/options/quotes/latest"),
}
# As many symbols go into one question.
_MOST_SYMBOLS = 100


class AlpacaMarketData:
    """Instruments and quotes of one environment.

    Parameters
    ----------
    session
        The requests of the installation's own key; None where it has none, and then everything is refused.
    """

    def __init__(self, place: Place, session: Session | None) -> None:
        self._place = place
        self._session = session

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        """List what trades against dollars; stocks one by one where they are named, options only then.

        The price step of a stock or an option depends on its price, which is asked for where it is named.
        """
        session = self._open()
        if symbols is None:
            pairs = await self._place.pairs(session, max_age_seconds=HOURLY_SECONDS)
            query = {"asset_class": "us_equity", "status": "active"}
            stocks = await session.ask("/assets", query, lambda rows: [read_asset(row) for row in rows])
            return (*pairs, *(found for found in stocks if found is not None))
        wanted = _by_class(symbols)
        quotes = await self._quotes_if_any([*wanted[AssetClass.STOCK], *wanted[AssetClass.OPTION]])
        found: list[Instrument] = []
        if wanted[AssetClass.CRYPTO]:
            pairs = await self._place.pairs(session, max_age_seconds=HOURLY_SECONDS)
            found += [pair for pair in pairs if pair.symbol in wanted[AssetClass.CRYPTO]]
        named = [self._find_stock(session, name, quotes.get(name)) for name in wanted[AssetClass.STOCK]]
        named += [self._find_contract(session, name, quotes.get(name)) for name in wanted[AssetClass.OPTION]]
        found += [item for item in await asyncio.gather(*named) if item is not None]
        return tuple(found)

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        """Read the best prices, one question a family and hundred symbols; `at` is when they came."""
        session = self._open()
        questions = [
            self._quotes_of(session, kind, names[start : start + _MOST_SYMBOLS])
            for kind, names in _by_class(symbols).items()
            for start in range(0, len(names), _MOST_SYMBOLS)
        ]
        return tuple(quote for quotes in await asyncio.gather(*questions) for quote in quotes)

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

    def _open(self) -> Session:
        if self._session is None:
            raise PermanentError(
                Refusal.CREDENTIALS_MISSING,
                "Alpaca tells instruments and prices only to who has a key: set MARKET_KEY_ALPACA_<SANDBOX|LIVE>.",
            )
        return self._session

    async def _quotes_of(self, session: Session, kind: AssetClass, names: Sequence[str]) -> Sequence[Quote]:
        version, path = _QUOTES[kind]
        answer = await session.read_prices(version, path, {"symbols": ",".join(names)})
        if not answer.is_ok:
            raise failure(answer, is_write=False)
        now = self._place.now()
        return read_answer(answer, lambda said: read_quotes(said["quotes"], names, now), is_write=False)

    async def _quotes_if_any(self, names: Sequence[str]) -> dict[str, Quote]:
        # Without them the coarser price step is taken, which is one at any price.
        try:
            return {quote.symbol: quote for quote in await self.fetch_quotes(names)}
        except TradeError:
            return {}

    async def _find_stock(self, session: Session, name: str, quote: Quote | None) -> Instrument | None:
        found = await _find(session, f"/assets/{name}", read_asset)
        return None if found is None else _with_tick(found, quote)

    async def _find_contract(self, session: Session, name: str, quote: Quote | None) -> Instrument | None:
        return await _find(session, f"/options/contracts/{name}", lambda row: read_contract(row, quote))


def _by_class(symbols: Iterable[str]) -> dict[AssetClass, list[str]]:
    found: dict[AssetClass, list[str]] = {kind: [] for kind in _QUOTES}
    for symbol in dict.fromkeys(symbols):
        found[asset_class_of(symbol)].append(symbol)
    return found


def _with_tick(found: Instrument, quote: Quote | None) -> Instrument:
    return Instrument(
        found.symbol,
        found.asset_class,
        found.base,
        found.quote,
        stock_tick(quote),
        found.lot,
        found.minimum_notional,
    )


async def _find(session: Session, path: str, read: Callable[[Any], T | None]) -> T | None:
    answer = await session.trade("GET", path)
    if code_of(answer) == NOT_FOUND:
        return None
    if not answer.is_ok:
        raise failure(answer, is_write=False)
    return read_answer(answer, read, is_write=False)

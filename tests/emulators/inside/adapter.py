"""The doors of the inside venues, for a worker in the test's own process; `ADAPTER` is the one on margin."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.brokers.base import Balance, Broker, MarketData, NotFound, Quote
from shared.brokers.factory import AccountAccess
from shared.brokers.margin import FundingReport, MarginTerms, PositionReport
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderLookup, OrderReport, OrderRequest
from tests.emulators.inside.book import LIVE, SYMBOL, InsideBook
from tests.emulators.inside.rows import MARGIN

SPOT = Instrument(SYMBOL, AssetClass.CRYPTO, "BTC", "USDT", Decimal("0.01"), Decimal("0.001"), Decimal(5))
PERPETUAL = replace(SPOT, max_leverage=50, maintenance_rate=Decimal("0.005"))


class InsideBroker:
    """One account; every call is a call on its book."""

    def __init__(self, book: InsideBook) -> None:
        self._book = book

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        return self._book.place(request)

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        row = self._book.rows.get(lookup.client_order_id)
        if row is None:
            return NotFound("cancel")
        row.status = OrderStatus.CANCELED if row.status in LIVE else row.status
        return self._book.report(row)

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        row = self._book.rows.get(lookup.client_order_id)
        return NotFound("order") if row is None else self._book.report(row)

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        return [self._book.report(row) for row in self._book.rows.values()]

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        return [self._book.report(row) for row in self._book.rows.values() if row.status in LIVE]

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        return [fill for row in self._book.rows.values() for fill in row.fills]

    async def fetch_balances(self) -> Sequence[Balance]:
        held = self._book.position
        return [Balance("USDT", self._book.wallet, self._book.wallet), Balance("BTC", held, held)]

    async def close(self) -> None:
        """Nothing is held."""


class InsideMarginBroker(InsideBroker):
    """One account on margin."""

    async def fetch_margin_terms(self, symbol: str) -> MarginTerms:
        return self._book.terms(symbol)

    async def set_margin_terms(self, symbol: str, leverage: int) -> MarginTerms:
        return self._book.set_terms(symbol, leverage)

    async def fetch_positions(self, symbol: str | None = None) -> Sequence[PositionReport]:
        return self._book.positions()

    async def fetch_funding(self, symbol: str, since: datetime) -> Sequence[FundingReport]:
        return [report for report in self._book.funding if report.at >= since]


class InsideMarket:
    """The venue's public side."""

    def __init__(self, books: dict[str, InsideBook], instrument: Instrument) -> None:
        self._books = books
        self._instrument = instrument

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        return (self._instrument,) if symbols is None or SYMBOL in symbols else ()

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        book = next(iter(self._books.values()), InsideBook())
        tick = self._instrument.tick
        return (Quote(SYMBOL, book.price - tick, book.price + tick, datetime.now(UTC)),)

    async def close(self) -> None:
        """Nothing is held."""


class InsideAdapter:
    """Opens accounts by their key; tests reach each account's book by the same key."""

    def __init__(self, venue: Venue) -> None:
        self.books: dict[str, InsideBook] = {}
        self._venue = venue
        self._is_margined = venue.rows[0].max_leverage > 1

    @property
    def venue(self) -> Venue:
        return self._venue

    def open_broker(self, access: AccountAccess) -> Broker:
        assert access.credentials is not None
        book = self.books.setdefault(access.credentials.api_key, InsideBook(holds=not self._is_margined))
        return InsideMarginBroker(book) if self._is_margined else InsideBroker(book)

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:
        return InsideMarket(self.books, PERPETUAL if self._is_margined else SPOT)

    async def close(self) -> None:
        """Nothing is held."""


ADAPTER = InsideAdapter(MARGIN)

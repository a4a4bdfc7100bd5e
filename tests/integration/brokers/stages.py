"""Three venues behind one set of strings: what a contract card needs to bring a market about."""

import itertools
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from shared.brokers.base import Broker, Quote
from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.brokers.http import HttpTransport
from shared.brokers.paper import PaperAdapter
from shared.brokers.paper_matcher import PaperMatcher
from shared.brokers.paper_state import PaperRules
from shared.database import connect, ensure_indexes
from shared.domain.accounts import Environment
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.orders import OrderLookup, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from shared.models.paper import PAPER_DOCUMENTS
from tests.emulators.binance.control import BinanceControl, BinanceProcess
from tests.emulators.venue.adapter import TestVenueAdapter
from tests.emulators.venue.control import VenueProcess
from worker.paper_store import MongoPaperStore

CASH = Decimal(10_000)
TICK = Decimal("0.01")
# Every card trades a symbol of its own, so that prices it moves move nobody else's orders.
LISTED = 250
_numbers = itertools.count(1)


def take_number() -> int:
    """Take the next symbol's number; after the last one that the emulated venues list comes the first again."""
    return (next(_numbers) - 1) % LISTED + 1


def utc_now() -> datetime:
    return datetime.now(UTC)


class Stage(Protocol):
    """One account at a venue whose prices and misfortunes the card decides."""

    symbol: str
    shorts: bool
    """Whether a sale without a position opens one that is short."""

    def open_broker(self) -> Broker:
        """A new broker object for the account, as a process that has just started makes it."""
        ...

    async def set_price(self, price: str) -> None:
        """Quote one tick on each side of a price; resting orders meet it."""
        ...

    async def requote(self) -> None:
        """Quote the same price once more."""
        ...

    def fill_next_partly(self) -> None:
        """Let the next order get only a part of its quantity from its first quote."""
        ...

    async def restart(self) -> None:
        """Lose everything that is not stored."""
        ...

    async def close(self) -> None: ...


class DeskQuotes:
    """A quote source whose prices are set by hand."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.price = Decimal(100)

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        return (self.instrument,) if symbols is None or self.instrument.symbol in symbols else ()

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        if self.instrument.symbol not in symbols:
            return ()
        return (Quote(self.instrument.symbol, self.price - TICK, self.price + TICK, utc_now()),)

    async def close(self) -> None: ...


class PaperStage:
    """The product's paper venue on a real MongoDB."""

    shorts = False

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.symbol = f"P{next(_numbers):03d}/USDT"
        self._account_id = uuid.uuid4().hex
        base = self.symbol.partition("/")[0]
        self._quotes = DeskQuotes(
            Instrument(self.symbol, AssetClass.CRYPTO, base, "USDT", TICK, Decimal("0.001"), Decimal(5))
        )
        self._rules = PaperRules()
        self._connect()
        self._store.create_account(self._account_id, CASH, utc_now())

    def _connect(self) -> None:
        connect(self._uri)
        ensure_indexes(PAPER_DOCUMENTS)
        self._store = MongoPaperStore()

    def open_broker(self) -> Broker:
        adapter = PaperAdapter(self._store, self._quotes, self._rules, utc_now)
        factory = BrokerFactory({"paper": adapter})
        return factory.open_broker(AccountAccess(self._account_id, "binance", Environment.PAPER))

    async def set_price(self, price: str) -> None:
        self._quotes.price = Decimal(price)
        await self.requote()

    async def requote(self) -> None:
        # Two quotes in one millisecond count as one: the first's depth is used up.
        matcher = PaperMatcher(self._store, self._quotes, self._rules, utc_now)
        (quote,) = await self._quotes.fetch_quotes((self.symbol,))
        later = Quote(quote.symbol, quote.bid, quote.ask, quote.at + timedelta(milliseconds=5))
        outcome = await matcher.match_quotes((later,))
        assert outcome.failed == ()

    def fill_next_partly(self) -> None:
        self._rules = PaperRules(split_one_in=1)

    async def restart(self) -> None:
        self._connect()

    async def close(self) -> None: ...


class HttpStage:
    """The emulated venue: another process, another book."""

    shorts = False

    def __init__(self, process: VenueProcess) -> None:
        number = take_number()
        self._process = process
        self.symbol = f"S{number:03d}/USDT"
        self.key = f"card-{uuid.uuid4().hex[:12]}"
        self.adapter = TestVenueAdapter()
        process.control.create_account(self.key, "secret", USDT=str(CASH))
        process.control.set_price(self.symbol, "100")

    @property
    def control(self) -> Any:
        return self._process.control

    def open_broker(self) -> Broker:
        factory = BrokerFactory({"testvenue": self.adapter})
        access = AccountAccess(
            "account", "testvenue", Environment.SANDBOX, Credentials(self.key, "secret"), self._process.url
        )
        return factory.open_broker(access)

    async def set_price(self, price: str) -> None:
        self.control.set_price(self.symbol, price)

    async def requote(self) -> None:
        self.control.tick(self.symbol)

    def fill_next_partly(self) -> None:
        self.control.fill_partly("0.5", symbol=self.symbol)

    async def restart(self) -> None:
        self._process.kill()
        self._process.start()

    async def close(self) -> None:
        await self.adapter.close()


class BinanceStage:
    """The emulated Binance, asked through ccxt; its numbered symbols are the cards' own."""

    shorts = False

    def __init__(self, process: BinanceProcess, transport: HttpTransport | None = None) -> None:
        self._process = process
        self.symbol = f"S{take_number():03d}/USDT"
        self.key = f"card-{uuid.uuid4().hex[:12]}"
        self.adapter = BinanceAdapter(transport)
        process.control.create_account(self.key, "secret", USDT=str(CASH))
        self.control.set_price(self.venue_symbol, "100")

    @property
    def control(self) -> BinanceControl:
        return self._process.control

    @property
    def venue_symbol(self) -> str:
        return self.symbol.replace("/", "")

    def open_broker(self, environment: Environment = Environment.LIVE, **changes: Any) -> BinanceBroker:
        fields: dict[str, Any] = {
            "account_id": "account",
            "venue": "binance",
            "environment": environment,
            "credentials": Credentials(self.key, "secret"),
            "base_url": self._process.url,
        }
        broker = BrokerFactory({"binance": self.adapter}).open_broker(AccountAccess(**{**fields, **changes}))
        assert isinstance(broker, BinanceBroker)
        return broker

    async def set_price(self, price: str) -> None:
        self.control.set_price(self.venue_symbol, price)

    async def requote(self) -> None:
        self.control.tick(self.venue_symbol)

    def fill_next_partly(self) -> None:
        self.control.fill_partly("0.5", symbol=self.venue_symbol)

    async def restart(self) -> None:
        self._process.restart()

    async def close(self) -> None:
        self.control.clear_faults()
        await self.adapter.close()


def start_venue(folder: Path) -> VenueProcess:
    """Start a venue with its state in a folder."""
    process = VenueProcess(folder)
    process.start()
    return process


def an_order(stage: Stage, **changes: Any) -> OrderRequest:
    """A market buy of one unit with an id of its own, changed as the card wants."""
    fields: dict[str, Any] = {
        "client_order_id": uuid.uuid4().hex,
        "symbol": stage.symbol,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(1),
        "send_before": utc_now() + timedelta(seconds=5),
    }
    return OrderRequest(**{**fields, **changes})


def a_limit(stage: Stage, side: Side, price: str, **changes: Any) -> OrderRequest:
    return an_order(
        stage, **{"side": side, "order_type": OrderType.LIMIT, "limit_price": Decimal(price), **changes}
    )


def a_stop(stage: Stage, side: Side, price: str, **changes: Any) -> OrderRequest:
    return an_order(
        stage, **{"side": side, "order_type": OrderType.STOP, "stop_price": Decimal(price), **changes}
    )


def lookup_of(request: OrderRequest) -> OrderLookup:
    return OrderLookup(request.client_order_id, request.symbol)

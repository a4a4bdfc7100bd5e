"""The pipeline in this process on real servers, trading at the emulated venues through their real adapters."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from redis import Redis

from shared.domain.bots import BotSettings, Sizing, SizingMethod, TradingBot
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.trades import Trade
from shared.models.messages import InboxMessage
from shared.vault import generate_key_pair
from tests.emulators.alpaca.control import AlpacaProcess
from tests.emulators.binance.control import BinanceProcess
from tests.emulators.binance_futures.control import BinanceFuturesProcess
from tests.emulators.open_alpaca.adapter import PRICES
from tests.integration.worker.opened import opened_context
from tests.integration.worker.pipeline.driver import Driver
from worker.context import Context
from worker.pipeline.prices import refresh_prices
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.sweep import sweep

_numbers = itertools.count(1)
CASH = "10000"


@dataclass(frozen=True)
class Venues:
    """The processes of the emulated venues, by our names of them."""

    processes: dict[str, Any] = field(default_factory=dict)

    def open_account(self, venue: str, key: str, secret: str) -> None:
        """Give a key an account with money in it."""
        control = self.processes[venue].control
        if venue == "alpaca":
            control.create_account(key, secret, cash=CASH)
        else:
            control.create_account(key, secret, USDT=CASH)


@pytest.fixture(scope="module")
def venues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venues]:
    """Start each venue once for the module."""
    kinds = {"binance": BinanceProcess, "binance_futures": BinanceFuturesProcess, "alpaca": AlpacaProcess}
    found = Venues()
    for name, kind in kinds.items():
        process: Any = kind(tmp_path_factory.mktemp(name))
        process.start()
        found.processes[name] = process
    found.open_account("alpaca", PRICES.api_key, PRICES.secret)
    yield found
    for process in found.processes.values():
        process.stop()


@pytest.fixture(scope="module")
def worker_context(venues: Venues, redis_url: str, mongodb_uri: str) -> Iterator[Context]:
    """Open the context once a module, with the venues where their emulators listen."""
    pair = generate_key_pair()
    values = {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "VENUE_ADAPTERS": "tests.emulators.open_alpaca.adapter",
        "CREDENTIAL_PUBLIC_KEYS": pair.public_key,
        "CREDENTIAL_PRIVATE_KEYS": pair.private_key.get_secret_value(),
    }
    for name, process in venues.processes.items():
        values[f"VENUE_URL_{name.upper()}_SANDBOX"] = process.url
    with opened_context(values) as opened:
        yield opened


@dataclass
class VenueDesk:
    """A follower with an account at an emulated venue, and the venue's own hand."""

    driver: Driver
    bot: TradingBot
    key: str
    control: Any

    def say(self, text: str, **changes: Any) -> InboxMessage:
        """Post a message and let everything follow from it."""
        return self.driver.say(text, **changes)

    def trade(self, message: InboxMessage) -> Trade:
        """Read the message's trade."""
        return self.driver.trade(message)

    def orders(self, message: InboxMessage, purpose: Purpose) -> list[Order]:
        """Read the message's orders of one purpose."""
        return [order for order in self.driver.orders(message) if order.purpose is purpose]

    def resting(self, message: InboxMessage) -> list[tuple[OrderType, Decimal, Decimal | None]]:
        """List what rests of a message's orders: kind, quantity, stop price; as many as the venue itself lists."""
        found = [order for order in self.driver.orders(message) if order.status is OrderStatus.ACCEPTED]
        context = self.driver.context
        broker = context.broker(self.driver.account(self.bot))
        listed = context.loop.run(broker.fetch_open_orders(self.trade(message).symbol), 10)
        assert {order.client_order_id for order in found} == {report.client_order_id for report in listed}
        return [(order.order_type, order.quantity, order.stop_price) for order in found]

    def position(self, symbol: str) -> Decimal:
        """Add up the venue's own executions in one of its symbols; negative is short."""
        every = [fill for line in self.control.lines() for fill in line.get("fills", ())]
        mine = (fill for fill in every if (fill["key"], fill["symbol"]) == (self.key, symbol))
        signed = (
            Decimal(fill["quantity"]) if fill["side"] == "BUY" else -Decimal(fill["quantity"])
            for fill in mine
        )
        return sum(signed, Decimal(0))

    def look(self) -> None:
        """Let a minute have gone by for the venue's limits, and the prices job and the workers look once."""
        self.driver.make_due()
        pots = self.driver.redis.keys("dx:tokens:*")
        self.driver.redis.delete("none", *pots)
        refresh_prices(self.driver.context)
        reconcile_due(self.driver.context)
        sweep(self.driver.context)
        self.driver.answer_bells()

    def move(self, symbol: str, price: str) -> None:
        """Move the venue's price and let the workers notice."""
        self.control.set_price(symbol, price)
        self.look()


OpenDesk = Callable[..., VenueDesk]


@pytest.fixture
def open_desk(
    worker_context: Context, venues: Venues, empty_servers: None, redis_url: str
) -> Iterator[OpenDesk]:
    """Make desks on empty servers; settings as given."""
    with Redis.from_url(redis_url) as redis:
        driver = Driver(worker_context, redis)
        provider = driver.add_provider()

        def make(venue: str, *, sizing: str = "1000", **settings: Any) -> VenueDesk:
            key = f"desk-{next(_numbers)}"
            venues.open_account(venue, key, "secret")
            worker_context._terms.clear()
            bot = driver.add_follower(
                provider,
                key=(key, "secret"),
                venue=venue,
                sizing=Sizing(SizingMethod.FIXED, Decimal(sizing)),
                settings=BotSettings(**{"max_position_percent": Decimal(100), **settings}),
            )
            return VenueDesk(driver, bot, key, venues.processes[venue].control)

        yield make
    for process in venues.processes.values():
        process.control.clear_faults()

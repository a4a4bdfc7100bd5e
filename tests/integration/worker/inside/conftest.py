"""The pipeline in this process, trading at venues that are in it too."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from redis import Redis

from shared.domain.bots import BotSettings, Sizing, SizingMethod, TradingBot
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.trades import Trade
from shared.models.messages import InboxMessage
from shared.vault import generate_key_pair
from tests.emulators.inside import adapter, managed, single
from tests.emulators.inside.book import InsideBook
from tests.integration.worker.opened import opened_context
from tests.integration.worker.pipeline.driver import Driver
from worker.context import Context
from worker.pipeline.prices import refresh_prices
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.sweep import sweep

_numbers = count(1)
ADAPTERS = {module.ADAPTER.venue.name: module.ADAPTER for module in (adapter, single, managed)}


@pytest.fixture(scope="module")
def worker_context(redis_url: str, mongodb_uri: str) -> Iterator[Context]:
    """Open the context once a module, with the inside venues as adapters from outside the tree."""
    pair = generate_key_pair()
    values = {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "VENUE_ADAPTERS": ",".join(
            f"tests.emulators.inside.{name}" for name in ("adapter", "single", "managed")
        ),
        "CREDENTIAL_PUBLIC_KEYS": pair.public_key,
        "CREDENTIAL_PRIVATE_KEYS": pair.private_key.get_secret_value(),
    }
    with opened_context(values) as opened:
        yield opened


@dataclass
class InsideDesk:
    """A follower with an account at an inside venue, and the venue's book of it."""

    driver: Driver
    bot: TradingBot
    book: InsideBook

    def say(self, text: str) -> InboxMessage:
        """Post a message and let everything follow from it."""
        return self.driver.say(text)

    def trade(self, message: InboxMessage) -> Trade:
        """Read the message's trade."""
        return self.driver.trade(message)

    def entry(self, message: InboxMessage) -> Order:
        """Read the message's entry."""
        [entry] = [o for o in self.driver.orders(message) if o.purpose is Purpose.ENTRY]
        return entry

    def resting(self, message: InboxMessage) -> list[tuple[OrderType, Decimal, Decimal | None]]:
        """List what rests at the venue: kind, quantity, stop price."""
        rows = (row for row in self.book.rows.values() if row.status is OrderStatus.ACCEPTED)
        return [(r.request.order_type, r.request.quantity, r.request.stop_price) for r in rows]

    def note_prices(self) -> None:
        """Let the prices job look once; what it rings for is not answered yet."""
        refresh_prices(self.driver.context)

    def move(self, price: str, *, jumps: bool = False) -> None:
        """Move the venue's price, let the workers ask about what rests, and settle."""
        self.book.move(price, jumps=jumps)
        self.driver.make_due()
        self.note_prices()
        reconcile_due(self.driver.context)
        sweep(self.driver.context)
        self.driver.answer_bells()


@pytest.fixture
def open_desk(worker_context: Context, empty_servers: None, redis_url: str) -> Iterator[Any]:
    """Make desks on empty servers; settings as given."""
    with Redis.from_url(redis_url) as redis:
        driver = Driver(worker_context, redis)
        for house in ADAPTERS.values():
            house.books.clear()
        worker_context._terms.clear()

        def make(venue: str = "marginvenue", **settings: Any) -> InsideDesk:
            key = f"inside-{next(_numbers)}"
            book = ADAPTERS[venue].books.setdefault(key, InsideBook(holds=venue != "marginvenue"))
            bot = driver.add_follower(
                driver.add_provider(),
                key=(key, "secret"),
                venue=venue,
                sizing=Sizing(SizingMethod.FIXED, Decimal(1000)),
                settings=replace(BotSettings(max_position_percent=Decimal(100)), **settings),
            )
            return InsideDesk(driver, bot, book)

        yield make


@pytest.fixture
def desk(open_desk: Any) -> InsideDesk:
    """One follower with the usual settings."""
    found: InsideDesk = open_desk()
    return found

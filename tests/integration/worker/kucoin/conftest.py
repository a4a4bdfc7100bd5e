"""The pipeline in this process on real servers, trading at the emulated KuCoin through the real client."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from redis import Redis

from shared.domain.bots import BotSettings, Sizing, SizingMethod
from shared.domain.trades import Trade
from shared.models.messages import InboxMessage
from shared.vault import generate_key_pair
from tests.emulators.exchange.control import ExchangeControl
from tests.emulators.kucoin.control import KucoinProcess
from tests.integration.worker.opened import opened_context
from tests.integration.worker.pipeline.driver import Driver
from worker.context import Context
from worker.pipeline.prices import refresh_prices
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.sweep import sweep

SYMBOL = "BTC/USDT"
_numbers = count(1)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KucoinProcess]:
    """One venue for the module."""
    venue = KucoinProcess(tmp_path_factory.mktemp("kucoin"))
    venue.start()
    yield venue
    venue.stop()


@pytest.fixture(scope="module")
def worker_context(process: KucoinProcess, redis_url: str, mongodb_uri: str) -> Iterator[Context]:
    """Open the context once a module, with keys of its own and KuCoin where the emulator listens."""
    pair = generate_key_pair()
    values = {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "VENUE_URL_KUCOIN_LIVE": process.url,
        "CREDENTIAL_PUBLIC_KEYS": pair.public_key,
        "CREDENTIAL_PRIVATE_KEYS": pair.private_key.get_secret_value(),
    }
    with opened_context(values) as opened:
        yield opened


@dataclass
class KucoinDesk:
    """A follower with an account at the venue, and the venue's own hand."""

    driver: Driver
    venue: ExchangeControl
    key: str

    def say(self, text: str) -> InboxMessage:
        """Post a message and let everything follow from it."""
        return self.driver.say(text)

    def trade(self, message: InboxMessage) -> Trade:
        """Read the message's trade."""
        return self.driver.trade(message)

    def resting(self) -> list[tuple[str, Decimal]]:
        """List what rests at the venue: kind and quantity."""
        rows = (row for row in self.venue.orders(self.key) if row["status"] in {"NEW", "PARTIALLY_FILLED"})
        return [(row["type"], Decimal(row["origQty"])) for row in rows]

    def held(self) -> Decimal:
        """What the account has of the coin at the venue."""
        balance = self.venue.accounts(self.key)[self.key].get("BTC", {"free": "0", "locked": "0"})
        return Decimal(balance["free"]) + Decimal(balance["locked"])

    def move(self, price: str) -> None:
        """Move the venue's price, let the workers ask about what rests, and settle."""
        self.venue.set_price(SYMBOL, price)
        # Quotes live for two seconds.
        self.driver.redis.delete("dx:quotes:kucoin:live")
        self.look()

    def look(self) -> None:
        """Let everything be asked about now, and carry out what follows."""
        self.driver.make_due()
        refresh_prices(self.driver.context)
        reconcile_due(self.driver.context)
        sweep(self.driver.context)
        self.driver.answer_bells()


@pytest.fixture
def open_desk(
    worker_context: Context, process: KucoinProcess, empty_servers: None, redis_url: str
) -> Iterator[Callable[..., KucoinDesk]]:
    """Make desks on empty servers, at a venue without faults; settings as given."""
    with Redis.from_url(redis_url) as redis:
        driver = Driver(worker_context, redis)

        def make(**settings: Any) -> KucoinDesk:
            key = f"key-{next(_numbers)}"
            process.control.create_account(
                key, f"secret-of-{key}", passphrase=f"phrase-of-{key}", USDT="10000"
            )
            process.control.set_price(SYMBOL, "100")
            driver.add_follower(
                driver.add_provider(),
                key=(key, f"secret-of-{key}", f"phrase-of-{key}"),
                environment="live",
                venue="kucoin",
                sizing=Sizing(SizingMethod.FIXED, Decimal(1000)),
                settings=BotSettings(max_position_percent=Decimal(100), **settings),
            )
            return KucoinDesk(driver, process.control, key)

        yield make
    process.control.clear_faults()


@pytest.fixture
def desk(open_desk: Callable[..., KucoinDesk]) -> KucoinDesk:
    """One follower with the usual settings."""
    return open_desk()

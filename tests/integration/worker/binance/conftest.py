"""The pipeline in this process on real servers, trading at the emulated Binance through the real client."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from redis import Redis

from shared.domain.bots import BotSettings, TradingBot
from shared.vault import generate_key_pair
from tests.emulators.binance.control import BinanceControl, BinanceProcess
from tests.integration.worker.opened import opened_context
from tests.integration.worker.pipeline.driver import Driver
from worker.context import Context

_numbers = itertools.count(1)


@dataclass
class Desk:
    """The driver, the venue's own hand, and followers whose keys the venue knows."""

    driver: Driver
    venue: BinanceControl

    def add_follower(
        self,
        provider_id: str,
        *,
        usdt: str = "10000",
        settings: BotSettings | None = None,
        environment: str = "sandbox",
        **rights: bool,
    ) -> tuple[TradingBot, str]:
        """Create an account at the venue and a follower who trades on it; return the bot and the key."""
        key = f"key-{next(_numbers)}"
        self.venue.create_account(key, f"secret-of-{key}", USDT=usdt, **rights)
        settings = settings or BotSettings(max_position_percent=Decimal(100))
        own = (key, f"secret-of-{key}")
        bot = self.driver.add_follower(provider_id, settings=settings, key=own, environment=environment)
        return bot, key


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BinanceProcess]:
    """One venue for the module."""
    venue = BinanceProcess(tmp_path_factory.mktemp("binance"))
    venue.start()
    venue.control.settings(weight_limit=10_000_000, order_limit=100_000)
    yield venue
    venue.stop()


@pytest.fixture(scope="module")
def worker_context(process: BinanceProcess, redis_url: str, mongodb_uri: str) -> Iterator[Context]:
    """Open the context once a module, with keys of its own and Binance where the emulator listens."""
    pair = generate_key_pair()
    values = {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "VENUE_URL_BINANCE_SANDBOX": process.url,
        "VENUE_URL_BINANCE_LIVE": process.url,
        "CREDENTIAL_PUBLIC_KEYS": pair.public_key,
        "CREDENTIAL_PRIVATE_KEYS": pair.private_key.get_secret_value(),
    }
    with opened_context(values) as opened:
        yield opened


@pytest.fixture
def desk(
    worker_context: Context, process: BinanceProcess, empty_servers: None, redis_url: str
) -> Iterator[Desk]:
    """A desk on empty servers, at a venue without faults."""
    with Redis.from_url(redis_url) as redis:
        yield Desk(Driver(worker_context, redis), process.control)
    process.control.clear_faults()
    process.control.lift_bans()

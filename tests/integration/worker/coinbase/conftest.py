"""The pipeline in this process on real servers, trading at the emulated Coinbase through the real client."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

import pytest
from redis import Redis

from shared.domain.bots import BotSettings, Sizing, SizingMethod, TradingBot
from shared.models.accounts import Account as AccountDocument
from shared.models.mapping import rows_of
from shared.vault import generate_key_pair
from tests.emulators.coinbase.control import CoinbaseControl, CoinbaseProcess
from tests.integration.worker.opened import opened_context
from tests.integration.worker.pipeline.driver import Driver
from worker.context import Context
from worker.pipeline.prices import refresh_prices
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.sweep import sweep
from worker.task import app

SYMBOL = "ETH/USD"
_numbers = count(1)


@dataclass
class CoinbaseDesk:
    """The driver, the venue's own hand, and a follower whose key the venue knows."""

    driver: Driver
    venue: CoinbaseControl
    bot: TradingBot
    key: str

    def open_rows(self) -> list[dict[str, str]]:
        """What rests at the venue, as its own book tells it."""
        return [row for row in self.venue.orders(self.key) if row["status"] in {"NEW", "PARTIALLY_FILLED"}]

    def held(self, asset: str) -> Decimal:
        """What the venue says the account has of an asset, free and held together."""
        found = self.venue.accounts(self.key)[self.key].get(asset, {"free": "0", "locked": "0"})
        return Decimal(found["free"]) + Decimal(found["locked"])

    def move(self, price: str) -> None:
        """Move the price, let the workers ask about what rests, and settle."""
        self.venue.set_price(SYMBOL, price)
        self.driver.make_due()
        refresh_prices(self.driver.context)
        reconcile_due(self.driver.context)
        sweep(self.driver.context)
        self.driver.answer_bells()


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoinbaseProcess]:
    """One venue for the module."""
    venue = CoinbaseProcess(tmp_path_factory.mktemp("coinbase"))
    venue.start()
    yield venue
    venue.stop()


@pytest.fixture(scope="module")
def worker_context(process: CoinbaseProcess, redis_url: str, mongodb_uri: str) -> Iterator[Context]:
    """Open the context once a module, with keys of its own and Coinbase where the emulator listens."""
    pair = generate_key_pair()
    values = {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "VENUE_URL_COINBASE_LIVE": process.url,
        "CREDENTIAL_PUBLIC_KEYS": pair.public_key,
        "CREDENTIAL_PRIVATE_KEYS": pair.private_key.get_secret_value(),
    }
    with opened_context(values) as opened:
        yield opened


@pytest.fixture
def desk(
    worker_context: Context, process: CoinbaseProcess, empty_servers: None, redis_url: str
) -> Iterator[CoinbaseDesk]:
    """A follower on empty servers, at a venue without faults, where everything costs a hundred."""
    venue = process.control
    venue.set_price(SYMBOL, "100")
    key = f"organizations/o/apiKeys/{next(_numbers)}"
    secret = venue.issue_key(key, USD="10000")
    with Redis.from_url(redis_url) as redis:
        driver = Driver(worker_context, redis)
        worker_context._terms.clear()
        bot = driver.add_follower(
            driver.add_provider(),
            key=(key, secret),
            venue="coinbase",
            environment="live",
            sizing=Sizing(SizingMethod.FIXED, Decimal(1000)),
            settings=BotSettings(max_position_percent=Decimal(100)),
        )
        # The driver's accounts count in another money.
        rows_of(AccountDocument).update_one({"_id": bot.account_id}, {"$set": {"quote_asset": "USD"}})
        app.tasks["accounts.refresh"]([bot.account_id])
        driver.answer_bells()
        yield CoinbaseDesk(driver, venue, bot, key)
    venue.clear_faults()

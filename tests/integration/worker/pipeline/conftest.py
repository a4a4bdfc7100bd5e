"""A prepared worker process without Celery's loop: the same context, the same tasks, the same queues."""

from collections.abc import Iterator
from decimal import Decimal

import mongoengine
import pytest
from redis import Redis

from shared import gathering
from shared import settings as settings_module
from shared.database import ensure_indexes
from shared.models.all import DOCUMENTS
from shared.models.messages import InboxMessage
from shared.settings import read_settings
from shared.tasks import _producer
from tests.integration.worker.pipeline.driver import Driver
from worker import context as context_module
from worker import tasks
from worker.context import Context, open_context


@pytest.fixture(scope="module")
def worker_context(redis_url: str, mongodb_uri: str) -> Iterator[Context]:
    """Open the context once a module, on the module's own database."""
    assert tasks.__all__
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", redis_url)
        environment.setenv("MONGODB_URI", mongodb_uri)
        settings_module.load_settings.cache_clear()
        _producer.cache_clear()
        gathering._redis.cache_clear()
        opened = open_context(read_settings())
        opened.gather_seconds = 0
        ensure_indexes(DOCUMENTS)
        yield opened
        opened.late.close()
        opened.loop.stop()
        opened.redis.close()
        mongoengine.disconnect()
        context_module._context = None
        _producer.cache_clear()
        gathering._redis.cache_clear()
        settings_module.load_settings.cache_clear()


@pytest.fixture
def driver(worker_context: Context, empty_servers: None, redis_url: str) -> Iterator[Driver]:
    """A driver on empty servers."""
    with Redis.from_url(redis_url) as redis:
        yield Driver(worker_context, redis)


@pytest.fixture
def opened(driver: Driver) -> InboxMessage:
    """A message whose trade is open and covered, with a target."""
    driver.add_follower(driver.add_provider())
    price = driver.quote("BTC/USDT").ask
    stop, target = price * Decimal("0.95"), price * Decimal("1.08")
    return driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {stop:.2f}\nTarget: {target:.2f}")


@pytest.fixture
def waiting(driver: Driver) -> InboxMessage:
    """A message whose entry rests below the market."""
    driver.add_follower(driver.add_provider())
    price = driver.quote("ETH/USDT").bid
    return driver.say(
        f"LONG ETH/USDT\nEntry: {price * Decimal('0.9'):.2f}\nStop loss: {price * Decimal('0.8'):.2f}"
    )

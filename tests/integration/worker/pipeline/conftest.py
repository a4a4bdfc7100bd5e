"""A prepared worker process without Celery's loop: the same context, the same tasks, the same queues."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from redis import Redis

from shared.models.messages import InboxMessage
from tests.integration.worker.opened import opened_context
from tests.integration.worker.pipeline.driver import Driver
from worker.context import Context


@pytest.fixture(scope="module")
def worker_context(redis_url: str, mongodb_uri: str) -> Iterator[Context]:
    """Open the context once a module, on the module's own database."""
    with opened_context({"REDIS_URL": redis_url, "MONGODB_URI": mongodb_uri}) as opened:
        yield opened


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

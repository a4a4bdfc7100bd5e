"""A prepared worker process without Celery's loop: the same context, the same tasks, the same queues."""

from collections.abc import Iterator

import mongoengine
import pytest
from redis import Redis

from shared import gathering
from shared import settings as settings_module
from shared.database import ensure_indexes
from shared.models.all import DOCUMENTS
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

"""A worker's context in the test's own process: opened on an environment of its own, and closed without a trace."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import mongoengine
import pytest

from shared import gathering
from shared import settings as settings_module
from shared.database import ensure_indexes
from shared.models.all import DOCUMENTS
from shared.settings import read_settings
from shared.tasks import _producer
from worker import context as context_module
from worker import tasks
from worker.context import Context, open_context

_CACHES = (settings_module.load_settings, _producer, gathering._redis)


@contextmanager
def opened_context(environment: Mapping[str, str]) -> Iterator[Context]:
    """Open a context with these settings, all tasks loaded and all indexes made; nothing gathers."""
    assert tasks.__all__
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        _forget()
        opened = open_context(read_settings())
        opened.gather_seconds = 0
        ensure_indexes(DOCUMENTS)
        yield opened
        opened.late.close()
        opened.loop.run(opened.factory.close(), 5)
        opened.loop.stop()
        opened.redis.close()
        mongoengine.disconnect()
        context_module._context = None
        _forget()


def _forget() -> None:
    for cache in _CACHES:
        cache.cache_clear()

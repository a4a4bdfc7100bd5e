"""Bells that ring: this process has the settings of the module's servers."""

import sys
from collections.abc import Iterator

import pytest

import shared.settings
import shared.tasks


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch, redis_url: str, mongodb_uri: str) -> Iterator[None]:
    """Let `enqueue` find the module's Redis, and forget it afterwards."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    _forget()
    yield
    _forget()


def _forget() -> None:
    shared.settings.load_settings.cache_clear()
    shared.tasks._producer.cache_clear()
    shared.tasks._silent_until = 0.0
    sys.modules.pop("celeryconfig", None)

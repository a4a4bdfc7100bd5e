"""A browser, the real web process with a follower's day in it, and pages that must stay free of complaints."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, ConsoleMessage, Page

from shared.database import connect, ensure_indexes
from shared.models.all import DOCUMENTS
from tests.browser.chromium import chromium
from tests.sample.day import write_day, write_prices
from tests.sample.server import WebServer, running_web
from tests.sample.trading import Follower
from web.manifest import MANIFEST

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def web(redis_url: str, mongodb_uri: str) -> Iterator[WebServer]:
    assert Path(MANIFEST).is_file(), "the page's style and scripts are not built: make assets"
    client = connect(mongodb_uri)
    ensure_indexes(DOCUMENTS)
    with running_web(redis_url, mongodb_uri, DEMO="1") as server:
        yield server
    client.close()


@pytest.fixture
def follower(web: WebServer, empty_servers: None) -> Follower:
    """The demo's follower after a busy day."""
    return write_day(datetime.now(UTC))


@pytest.fixture
def prices(redis_url: str) -> Iterator[Callable[..., None]]:
    """Put prices beside the trades; called without arguments, those of the sample."""
    with redis.Redis.from_url(redis_url) as client:
        yield lambda **changed: write_prices(client, datetime.now(UTC), changed or None)


@pytest.fixture
def open_page(browser: Browser, web: WebServer) -> Iterator[OpenPage]:
    """Open pages of any width and theme; each must end without a console error or a policy violation."""
    complaints: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    def make(*, width: int = 1440, height: int = 900, theme: str = "dark") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="no-preference",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []

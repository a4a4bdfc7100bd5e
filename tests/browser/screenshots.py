"""Pictures of the pages in every state, and the README's: `make screenshots`.

They are of the real web process on real servers, with the sample day in the database.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import redis
from playwright.sync_api import Browser, Page

from shared.database import connect, ensure_indexes
from shared.domain.halts import HaltState
from shared.local import LocalServers
from shared.models import halts
from shared.models.all import DOCUMENTS
from shared.models.mapping import rows_of
from shared.models.trades import Trade
from tests.browser.chromium import chromium, enter_demo
from tests.sample.day import write_day, write_prices
from tests.sample.house import add_user
from tests.sample.server import ROOT, running_web
from web.auth.demo import DEMO_DISCORD_ID

FOLDER = ROOT / "reports" / "screenshots"
README_PICTURE = ROOT / "docs" / "images" / "overview.png"
LARGEST_README_PICTURE = 300_000
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
THEMES = ("dark", "light")


def busy(client: redis.Redis) -> None:
    """Write a day on which all went well."""
    write_day(datetime.now(UTC))


def receipt(client: redis.Redis) -> None:
    """Write the same day; the picture opens a denied signal."""
    busy(client)


def halted(client: redis.Redis) -> None:
    """Write a day on which trading was halted while a stop was missing."""
    now = datetime.now(UTC)
    write_day(now)
    halts.set_halt("user:demo", HaltState.HALTED, "daily loss reached", now - timedelta(seconds=40))
    naked = {"resting": Decimal(0), "naked_since": now - timedelta(seconds=31)}
    rows_of(Trade).update_one({"symbol": "BTC/USDT"}, {"$set": naked})


def empty(client: redis.Redis) -> None:
    """Write a follower who has only just arrived."""
    add_user("demo", datetime.now(UTC), discord_id=DEMO_DISCORD_ID, name="Demo follower")


STATES: dict[str, Callable[[redis.Redis], None]] = {
    "overview": busy,
    "receipt": receipt,
    "halted": halted,
    "empty": empty,
}


def take(browser: Browser, url: str, name: str, size: str, theme: str, prices: Callable[[], None]) -> Path:
    """Take one picture and return where it is."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=1 if size == "desk" else 2,
        reduced_motion="reduce",
    )
    page = context.new_page()
    prices()
    enter_demo(page, url)
    if name == "receipt":
        _open_receipt(page)
    path = FOLDER / f"{name}-{size}-{theme}.png"
    page.screenshot(path=path, full_page=name == "receipt")
    context.close()
    return path


def _open_receipt(page: Page) -> None:
    page.get_by_test_id("signal").filter(has_text="LINK/USDT").locator("summary").click()
    page.wait_for_selector(".stepper")
    page.mouse.move(0, 0)


def main() -> None:
    """Take all pictures and renew the README's."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with LocalServers() as servers, redis.Redis.from_url(servers.redis_url) as client:
        connect(servers.mongodb_uri)
        ensure_indexes(DOCUMENTS)
        with running_web(servers.redis_url, servers.mongodb_uri, DEMO="1") as web, chromium() as browser:
            for name, write in STATES.items():
                for document in DOCUMENTS:
                    rows_of(document).delete_many({})
                client.flushall()
                write(client)
                for size in SIZES:
                    for theme in THEMES:
                        path = take(
                            browser,
                            web.url,
                            name,
                            size,
                            theme,
                            lambda: write_prices(client, datetime.now(UTC)),
                        )
                        print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")
    README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(FOLDER / "overview-desk-dark.png", README_PICTURE)
    size_now = README_PICTURE.stat().st_size
    if size_now > LARGEST_README_PICTURE:
        raise SystemExit(f"{README_PICTURE.relative_to(ROOT)} is too large: {size_now} bytes")
    print(f"{README_PICTURE.relative_to(ROOT)}  {size_now // 1024} kB")


if __name__ == "__main__":
    main()

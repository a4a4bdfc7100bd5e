"""The browser of the tests and pictures: this machine's Chromium, without a window and without a network of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium until the block ends."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    assert program is not None, "no Chromium: apt-get install chromium fonts-noto-color-emoji fonts-noto-cjk"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


def enter_demo(page: Page, url: str) -> None:
    """Sign in as the demo's follower and wait until the page is live."""
    page.goto(url)
    page.get_by_role("button", name="Enter the demo").click()
    wait_live(page)


def wait_live(page: Page) -> None:
    """Wait until the page's socket is connected."""
    page.wait_for_selector("[data-connection=live]", state="attached", timeout=15_000)

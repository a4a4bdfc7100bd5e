"""The pages about accounts in a real browser: what a worker finds appears by itself, and everything fits and can be read."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask_socketio import SocketIO
from playwright.sync_api import Page, expect

from shared.models.accounts import Account
from shared.models.mapping import rows_of
from shared.models.sessions import BrowserSession
from shared.models.users import User
from shared.realtime import CHANNEL, EventKind, envelope, user_room
from tests.browser.chromium import enter_demo
from tests.sample.server import WebServer
from tests.sample.trading import Follower

OpenPage = Callable[..., Page]
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
REASON = "This key may withdraw money, so it is not used."


def add_account(account_id: str, **fields: object) -> None:
    row = {
        "_id": account_id,
        "user_id": "demo",
        "name": f"Account {account_id}",
        "venue": "binance",
        "environment": "live",
    }
    more = {"status": "checking", "quote_asset": "USDT", "version": 0, "reservations": {}, "login": "key"}
    rows_of(Account).insert_one({**row, **more, "created_at": datetime.now(UTC), **fields})


def enter(page: Page, url: str) -> None:
    """Sign in as the demo's follower, who has just shown the second factor."""
    enter_demo(page, url)
    rows_of(BrowserSession).update_many({}, {"$set": {"confirmed_at": datetime.now(UTC)}})


def test_paper_money_is_connected_and_what_a_worker_finds_appears_without_a_reload(
    open_page: OpenPage, web: WebServer, follower: Follower, redis_url: str
) -> None:
    rows_of(User).update_one({"_id": "demo"}, {"$set": {"tier": "premium"}})
    page = open_page()
    enter(page, web.url)
    page.get_by_role("link", name="Accounts").first.click()
    page.get_by_role("link", name="Connect an account").click()
    page.get_by_test_id("venue").filter(has_text="Binance Futures").click()
    expect(page.get_by_label("Secret")).to_be_hidden()
    page.get_by_role("radio", name="Live").check()
    expect(page.get_by_label("Secret")).to_be_visible()
    page.get_by_role("radio", name="Paper").check()
    page.get_by_label("Name").fill("Second")
    page.get_by_role("button", name="Connect").click()
    cards = page.get_by_test_id("account")
    expect(cards.filter(has_text="Second").get_by_test_id("state")).to_have_text("Connected")
    add_account("late")
    page.reload()
    card = cards.filter(has_text="Account late")
    expect(card.get_by_test_id("state")).to_have_text("Checking the key")
    page.evaluate("window.isSamePage = true")
    expect(page.locator("[data-connection=live]").locator("visible=true").first).to_be_visible()
    change = {"status": "refused", "status_reason": REASON, "check_at": None}
    rows_of(Account).update_one({"_id": "late"}, {"$set": change})
    emitter = SocketIO(message_queue=redis_url, channel=CHANNEL)
    data = envelope("event-1", 1, datetime.now(UTC), {})
    emitter.emit(str(EventKind.ACCOUNT_CHANGED), data, to=user_room("demo"))
    expect(card.get_by_test_id("state")).to_have_text("Not used")
    expect(card).to_contain_text(REASON)
    assert page.evaluate("window.isSamePage")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_fits_a_phone_and_can_be_read(
    open_page: OpenPage, web: WebServer, follower: Follower, theme: str
) -> None:
    add_account(
        "refused", status="refused", status_reason=REASON, name="A name that is longer than any phone"
    )
    add_account("over", status="revoked", status_reason="You disconnected it.")
    add_account("good", status="active", key_rights={"trade": True, "withdraw": False})
    page = open_page(width=390, height=844, theme=theme)
    enter(page, web.url)
    paths = ("", "/connect", "/connect/coinbase", "/connect/alpaca", "/refused/key", "/disconnect-all")
    for path in paths:
        page.goto(f"{web.url}/accounts{path}")
        assert page.url == f"{web.url}/accounts{path}"
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(CONTRAST) == [], path

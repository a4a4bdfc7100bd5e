"""The Overview in a real browser: what it shows, how it stays true, and that it fits."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from flask_socketio import SocketIO
from playwright.sync_api import Page, expect

from shared.domain.halts import HaltState
from shared.domain.risk import GATES
from shared.domain.signals import Side
from shared.models import halts
from shared.models.accounts import Account
from shared.models.mapping import rows_of
from shared.models.trades import Trade
from shared.realtime import CHANNEL, EventKind, envelope, user_room
from tests.browser.chromium import enter_demo
from tests.sample.server import WebServer
from tests.sample.trading import Follower, open_signal

OpenPage = Callable[..., Page]
Prices = Callable[..., None]
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")


def emit(redis_url: str, kind: EventKind, seq: int) -> None:
    """Send one event as the workers do."""
    emitter = SocketIO(message_queue=redis_url, channel=CHANNEL)
    data = envelope(f"event-{seq}", seq, datetime.now(UTC), {})
    emitter.emit(str(kind), data, to=user_room("demo"))


def open_trade(follower: Follower) -> None:
    """Post a signal, trade it and cover it, as the pipeline would."""
    now = datetime.now(UTC)
    signal = open_signal("LINK/USDT", Side.BUY, "14.200", "13.800", ["15.000"])
    message = follower.post("m-new", "LINK long 14.200 sl 13.800 tp 15.000", now, signal=signal)
    trade = follower.plan(message, "LINK/USDT", Side.BUY, "120", "14.200", "13.800", ["15.000"], now)
    follower.write_receipt(message, now, trade=trade)
    follower.fill(trade, now)


def test_the_page_shows_the_balance_and_every_trade_with_its_stop(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices
) -> None:
    prices()
    page = open_page()
    enter_demo(page, web.url)
    expect(page.get_by_test_id("balance")).to_contain_text("6,017.20")
    expect(page.get_by_test_id("equity")).to_contain_text("10,081.75")
    trades = page.get_by_test_id("trade")
    expect(trades).to_have_count(2)
    expect(trades.first).to_contain_text("BTC/USDT")
    expect(trades.first.get_by_test_id("stop")).to_contain_text("66,300.00")
    expect(page.get_by_test_id("cover")).to_contain_text("All covered")


def test_a_new_trade_appears_on_the_open_page_without_a_reload(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices, redis_url: str
) -> None:
    page = open_page()
    enter_demo(page, web.url)
    page.evaluate("window.isSamePage = true")
    expect(page.get_by_test_id("trade")).to_have_count(2)
    open_trade(follower)
    prices(**{"LINK/USDT": "14.310"})
    emit(redis_url, EventKind.TRADE_OPENED, 1)
    trade = page.get_by_test_id("trade").filter(has_text="LINK/USDT")
    expect(trade.get_by_test_id("stop")).to_contain_text("13.800")
    row = page.get_by_test_id("signal").first
    expect(row).to_contain_text("Buy LINK/USDT at 14.2, stop 13.8, target 15")
    expect(row.locator("[data-outcome]")).to_have_text("Traded")
    assert page.evaluate("window.isSamePage")


def test_what_the_page_missed_while_it_was_away_is_there_when_it_is_back(
    open_page: OpenPage, web: WebServer, follower: Follower
) -> None:
    page = open_page()
    enter_demo(page, web.url)
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#connection-bar")).to_be_visible(timeout=40_000)
    open_trade(follower)
    page.context.set_offline(False)
    expect(page.locator("#connection-bar")).to_be_hidden(timeout=20_000)
    expect(page.get_by_test_id("trade").filter(has_text="LINK/USDT")).to_be_visible()


def test_an_opened_receipt_shows_its_gates_and_stays_open_when_the_list_changes(
    open_page: OpenPage, web: WebServer, follower: Follower, redis_url: str
) -> None:
    page = open_page()
    enter_demo(page, web.url)
    row = page.get_by_test_id("signal").filter(has_text="LINK/USDT")
    row.locator("summary").click()
    expect(row.locator(".stepper li[data-verdict=denied]")).to_contain_text("Open positions")
    after = len(GATES) - 1 - [name for name, _ in GATES].index("max_open_positions")
    expect(row.locator(".stepper li[data-verdict=skipped]")).to_have_count(after)
    follower.post("m-next", "gm, all quiet", datetime.now(UTC), reason="EDIT_WITHOUT_EFFECT")
    emit(redis_url, EventKind.SIGNAL_RECEIVED, 1)
    expect(page.get_by_test_id("signal").first).to_contain_text("all quiet")
    expect(row.locator(".stepper")).to_be_visible()


def test_prices_move_on_the_page_by_themselves(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices
) -> None:
    prices()
    page = open_page()
    enter_demo(page, web.url)
    trade = page.get_by_test_id("trade").first
    expect(trade).to_contain_text("67,842.10")
    prices(**{"BTC/USDT": "68000.00"})
    expect(trade).to_contain_text("68,000.00")
    assert Decimal("21.50") == (Decimal("68000") - Decimal("67450")) * Decimal("0.0391") - Decimal("0.005")
    expect(trade).to_contain_text("+21.50")


def test_where_many_trades_are_open_most_are_rows_that_open(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices
) -> None:
    now = datetime.now(UTC)
    for number in range(4):
        symbol, key = f"C{number}/USDT", f"m-many-{number}"
        signal = open_signal(symbol, Side.BUY, "10.00", "9.50", ["11.00"])
        message = follower.post(key, f"C{number} long 10.00 sl 9.50 tp 11.00", now, signal=signal)
        follower.fill(follower.plan(message, symbol, Side.BUY, "5", "10.00", "9.50", ["11.00"], now), now)
    prices(**{f"C{number}/USDT": "10.20" for number in range(4)})
    page = open_page()
    enter_demo(page, web.url)
    expect(page.get_by_test_id("trade")).to_have_count(6)
    rows = page.locator("details[data-testid=trade]")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("Stop 9.50")
    rows.first.locator("summary").click()
    expect(rows.first.get_by_test_id("stop")).to_contain_text("from the message")
    prices(**{f"C{number}/USDT": "10.40" for number in range(4)})
    expect(rows.first).to_contain_text("10.40 now")
    expect(rows.first.get_by_test_id("stop")).to_be_visible()


def test_a_halt_appears_at_once_and_cannot_be_overlooked(
    open_page: OpenPage, web: WebServer, follower: Follower, redis_url: str
) -> None:
    page = open_page()
    enter_demo(page, web.url)
    expect(page.locator("[data-halt]")).to_have_count(0)
    halts.set_halt("global", HaltState.HALTED, "venue trouble", datetime.now(UTC))
    emit(redis_url, EventKind.HALT_CHANGED, 1)
    expect(page.get_by_role("alert").filter(has_text="Trading is halted for everyone")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_nothing_is_wider_than_the_screen(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices, width: int
) -> None:
    prices()
    page = open_page(width=width, height=844)
    enter_demo(page, web.url)
    page.get_by_test_id("signal").filter(has_text="LINK/USDT").locator("summary").click()
    page.wait_for_selector(".stepper")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_large_amounts_and_long_symbols_still_fit_a_phone(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices
) -> None:
    large = Decimal("1234567.8")
    rows_of(Account).update_one({"_id": "acc-1"}, {"$set": {"balance_total": large * 1000}})
    rows_of(Trade).update_many({"status": "open"}, {"$set": {"held": large, "symbol": "SPY261218C00600000"}})
    prices(SPY261218C00600000="166.30")
    page = open_page(width=390, height=844)
    enter_demo(page, web.url)
    expect(page.get_by_test_id("trade").first).to_contain_text("SPY261218C00600000")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_phone_answers_the_first_questions_without_a_scroll(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices
) -> None:
    prices()
    page = open_page(width=390, height=844)
    enter_demo(page, web.url)
    for name in ("equity", "realised-today", "cover"):
        expect(page.get_by_test_id(name)).to_be_in_viewport()
    expect(page.get_by_test_id("trade").first).to_be_in_viewport()
    expect(page.locator("#part-status [data-outcome]")).to_be_in_viewport()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_text_has_enough_contrast(
    open_page: OpenPage, web: WebServer, follower: Follower, prices: Prices, theme: str
) -> None:
    prices()
    halts.set_halt("user:demo", HaltState.REDUCING, "a rest", datetime.now(UTC))
    page = open_page(theme=theme)
    enter_demo(page, web.url)
    page.get_by_test_id("signal").filter(has_text="LINK/USDT").locator("summary").click()
    page.wait_for_selector(".stepper")
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    assert page.evaluate(CONTRAST) == []


def test_the_theme_can_be_chosen_and_is_kept(open_page: OpenPage, web: WebServer, follower: Follower) -> None:
    page = open_page(theme="dark")
    enter_demo(page, web.url)
    page.get_by_role("button", name="Light or dark").locator("visible=true").click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    light = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == light


def test_the_page_can_be_walked_by_keyboard(open_page: OpenPage, web: WebServer, follower: Follower) -> None:
    page = open_page()
    enter_demo(page, web.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    row = page.get_by_test_id("signal").filter(has_text="LINK/USDT")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(row.locator(".stepper")).to_be_visible()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_signing_out_ends_on_the_login_page(open_page: OpenPage, web: WebServer, follower: Follower) -> None:
    page = open_page()
    enter_demo(page, web.url)
    page.get_by_role("button", name="Sign out").locator("visible=true").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

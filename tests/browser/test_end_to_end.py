"""The main job as a follower sees it: posted in Discord, a covered trade on the open page, nobody touched it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import enter_demo
from tests.house.house import House
from tests.house.population import Provider
from tests.waiting import wait_until

OpenPage = Callable[..., Page]
APPEARS_WITHIN_MS = 20_000


@pytest.fixture(scope="module")
def house_and_provider() -> Iterator[tuple[House, Provider]]:
    """Every process of the Procfile, with the demo's follower on one provider."""
    with House(settings={"DEMO": "1"}) as house:
        provider = house.create_provider("Northlight")
        house.create_follower("Demo", [provider], discord_id="demo-follower")
        house.wait_until_ready()
        house.wait_for_balances()
        yield house, provider


def stop_prices_of_a_covered_trade(house: House) -> set[str] | None:
    """Return the prices of a filled trade's stops once they cover it: an entry in two parts has two stops."""
    [position] = house.cli("positions", "show")
    orders = house.cli("orders", "show")
    is_filled = all(row["status"] == "FILLED" for row in orders if row["purpose"] == "entry")
    is_covered = position["resting"] == position["coverable"] != "0"
    return (
        {row["stop_price"] for row in orders if row["purpose"] == "stop"}
        if is_filled and is_covered
        else None
    )


def test_a_posted_message_appears_on_the_open_overview_as_a_covered_trade_without_a_reload(
    open_page: OpenPage, house_and_provider: tuple[House, Provider]
) -> None:
    house, provider = house_and_provider
    page = open_page()
    enter_demo(page, house.web_url)
    expect(page.get_by_test_id("trade")).to_have_count(0)
    page.evaluate("window.neverReloaded = true")

    house.post(provider, "LONG BTC/USDT\nEntry: market\nStop loss: 5%")

    trade = page.get_by_test_id("trade")
    expect(trade).to_have_count(1, timeout=APPEARS_WITHIN_MS)
    expect(trade).to_contain_text("BTC/USDT")
    [stop_price] = wait_until(
        lambda: stop_prices_of_a_covered_trade(house), "the trade is filled and covered"
    )
    shown = f"{float(stop_price):,.2f}"
    expect(trade.get_by_test_id("stop")).to_contain_text(shown, timeout=APPEARS_WITHIN_MS)
    expect(page.get_by_test_id("cover")).to_contain_text("All covered", timeout=APPEARS_WITHIN_MS)
    assert page.evaluate("window.neverReloaded") is True


def test_a_message_that_is_not_traded_says_why_on_the_open_page(
    open_page: OpenPage, house_and_provider: tuple[House, Provider]
) -> None:
    house, provider = house_and_provider
    page = open_page(width=390, height=844)
    enter_demo(page, house.web_url)
    house.post(provider, "SHORT ETH/USDT\nEntry: market\nStop loss: 5%")
    expect(page.get_by_text("cannot sell ETH/USDT short").first).to_be_visible(timeout=APPEARS_WITHIN_MS)

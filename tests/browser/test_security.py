"""Signing in through the emulated Discord, and a second factor, as a person does it in a browser."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.sync_api import Page, expect

from shared.database import connect, ensure_indexes
from shared.models.all import DOCUMENTS
from tests.emulators.discord import DiscordEmulator
from tests.emulators.discord.oauth import CLIENT_SECRET
from tests.sample.server import WebServer, running_web

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def web(redis_url: str, mongodb_uri: str) -> Iterator[WebServer]:
    client = connect(mongodb_uri)
    ensure_indexes(DOCUMENTS)
    with DiscordEmulator() as discord:
        described = discord.control.describe()
        discord.control.create_user("berta")
        named = {
            "DISCORD_API_URL": discord.url,
            "DISCORD_CLIENT_ID": described["bot"]["id"],
            "DISCORD_CLIENT_SECRET": CLIENT_SECRET,
        }
        with running_web(redis_url, mongodb_uri, **named) as server:
            discord.oauth.redirect_uris.add(f"{server.url}/login/discord/authorized")
            yield server
    client.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_person_signs_in_and_sets_up_a_second_factor(
    web: WebServer, open_page: OpenPage, empty_servers: None, width: int
) -> None:
    page = open_page(width=width)
    page.goto(f"{web.url}/settings/security")
    page.get_by_role("link", name="Continue with Discord").click()
    page.get_by_role("link", name="Authorise berta").click()
    expect(page).to_have_url(f"{web.url}/settings/security")
    expect(page.locator("[data-session]")).to_have_count(1)

    page.get_by_role("link", name="Set it up").click()
    page.get_by_text("No camera?").click()
    seed = page.locator("[data-seed]").inner_text().replace(" ", "")
    page.get_by_label("Code from the app").fill(pyotp.TOTP(seed).at(datetime.now(UTC)))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("[data-recovery]")).to_have_count(10)
    code = page.locator("[data-recovery]").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 of 10 recovery codes left")).to_be_visible()
    overflow = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(overflow)

    page.get_by_role("button", name="Sign out", exact=True).locator("visible=true").first.click()
    page.get_by_role("link", name="Continue with Discord").click()
    page.get_by_role("link", name="Authorise berta").click()
    page.goto(f"{web.url}/settings/security")
    page.get_by_role("button", name="Turn it off").click()
    page.get_by_label("Code from your authenticator app").fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{web.url}/settings/security")
    expect(page.get_by_text("9 of 10 recovery codes left")).to_be_visible()

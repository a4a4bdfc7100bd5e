"""Servers that go away under the bot: it keeps what it heard, says so once, and records all of it once."""

from collections.abc import Iterator

import pytest
from redis import Redis

from shared.local import LocalServers
from shared.settings import Settings, read_settings
from tests.emulators.discord import DiscordControl, DiscordEmulator
from tests.integration.bot.conftest import installed, make_place, rows, running_bot, wait_for


@pytest.fixture
def own_servers() -> Iterator[LocalServers]:
    """A Redis and a mongod that this test may kill."""
    with LocalServers() as started:
        yield started


@pytest.fixture
def own_settings(
    monkeypatch: pytest.MonkeyPatch, own_servers: LocalServers, emulator: DiscordEmulator
) -> Iterator[Settings]:
    """The settings of an installation on those servers."""
    with installed(monkeypatch, own_servers.redis_url, own_servers.mongodb_uri):
        yield read_settings(discord_bot_token=emulator.token, discord_api_url=emulator.url)


async def test_a_database_and_a_queue_killed_in_the_middle_of_a_burst_cost_no_message(
    own_servers: LocalServers, own_settings: Settings, control: DiscordControl
) -> None:
    place = make_place(control)
    posted: list[str] = []

    def post(count: int) -> None:
        for _ in range(count):
            number = len(posted)
            posted.append(control.post_message(place.channel, f"n {number}", user_id=place.trader)["id"])

    async with running_bot(own_settings, control):
        post(60)
        own_servers.mongod.kill()
        post(80)
        own_servers.mongod.start()
        await wait_for(lambda: len(rows()) >= 140, "all of them after the database came back")
        own_servers.redis.kill()
        post(60)
        await wait_for(lambda: len(rows()) >= 200, "all of them while Redis is away")
        own_servers.redis.start()
        with Redis.from_url(own_servers.redis_url) as client:
            await wait_for(lambda: client.exists("dx:bot"), "a heartbeat in the new Redis")
    assert [row["message_id"] for row in rows()] == posted


async def test_a_database_that_is_away_at_the_start_is_waited_for(
    own_servers: LocalServers, own_settings: Settings, control: DiscordControl
) -> None:
    place = make_place(control)
    own_servers.mongod.kill()
    async with running_bot(own_settings, control):
        posted = control.post_message(place.channel, "BTC long", user_id=place.trader)["id"]
        own_servers.mongod.start()
        await wait_for(rows, "the message that nobody knew to be watched")
    assert [row["message_id"] for row in rows()] == [posted]

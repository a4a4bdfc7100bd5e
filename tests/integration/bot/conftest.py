"""The real bot on real servers, connected to an emulated Discord with one server and one watched channel."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import discord.http
import mongoengine
import pytest
from discord.gateway import DiscordWebSocket
from redis import Redis

import shared.settings
import shared.tasks
from bot.pace import Pace
from bot.service import BotService
from shared.database import connect, ensure_indexes
from shared.models.messages import Message
from shared.models.providers import Provider
from shared.settings import Settings, read_settings
from tests.emulators.discord import DiscordControl, DiscordEmulator

IMPATIENT = Pace(
    identify_seconds=0.05,
    guilds_seconds=0.05,
    first_retry_seconds=0.1,
    drain_seconds=5,
    refresh_seconds=0.2,
    heartbeat_seconds=0.1,
    flags_seconds=0.1,
)

_LAST = "that is all"

RunBot = Callable[..., AbstractAsyncContextManager[BotService]]


@dataclass(frozen=True)
class Place:
    """Where the tests post: a guild, its watched channel and another one, a webhook and a trader."""

    guild: str
    channel: str
    lounge: str
    webhook: str
    trader: str


@contextmanager
def installed(monkeypatch: pytest.MonkeyPatch, redis_url: str, mongodb_uri: str) -> Iterator[None]:
    """Make this process one of an installation on these servers: its environment and its database."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    _forget_settings()
    connect(mongodb_uri)
    ensure_indexes((Message, Provider))
    yield
    mongoengine.disconnect()
    _forget_settings()


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, redis_url: str, mongodb_uri: str) -> Iterator[None]:
    """An installation on the session's servers."""
    with installed(monkeypatch, redis_url, mongodb_uri):
        yield


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[DiscordEmulator]:
    """An emulated Discord; what the bot sets in discord.py for it ends with the test."""
    with DiscordEmulator() as running:
        monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
        yield running


@pytest.fixture
def control(emulator: DiscordEmulator) -> DiscordControl:
    """The hand on the emulator."""
    return emulator.control


@pytest.fixture
def place(control: DiscordControl, empty_servers: None, installation: None) -> Place:
    """A server with a channel that a provider watches, and one that nobody does."""
    return make_place(control)


@pytest.fixture
def settings(emulator: DiscordEmulator, installation: None) -> Settings:
    """What the bot reads from its environment."""
    return read_settings(discord_bot_token=emulator.token, discord_api_url=emulator.url)


@pytest.fixture
def run_bot(settings: Settings, control: DiscordControl, place: Place) -> RunBot:
    """Run the bot while a block lasts, at another pace if given; it has a session when the block begins."""
    return lambda **pace: running_bot(settings, control, replace(IMPATIENT, **pace))


@pytest.fixture
async def bot(run_bot: RunBot) -> AsyncIterator[BotService]:
    """A bot that runs for the whole test."""
    async with run_bot() as service:
        yield service


@asynccontextmanager
async def running_bot(
    settings: Settings, control: DiscordControl, pace: Pace = IMPATIENT
) -> AsyncIterator[BotService]:
    """Run a bot until the block ends."""
    service = BotService(settings, pace)
    sessions = control.sessions()["identifies"]
    task = asyncio.create_task(service.run())
    try:
        await asyncio.to_thread(control.wait_for_session, identifies=sessions + 1)
        yield service
    finally:
        service.stop()
        await asyncio.wait_for(task, 15)


def make_place(control: DiscordControl) -> Place:
    """Create a guild with its people, and the provider that watches one of its channels."""
    guild = control.create_guild("Alpha Signals")["id"]
    channel = control.create_channel(guild, "signals")["id"]
    place = Place(
        guild=guild,
        channel=channel,
        lounge=control.create_channel(guild, "lounge")["id"],
        webhook=control.create_webhook(channel, "Signal feed")["id"],
        trader=control.create_user("trader", guild_id=guild)["id"],
    )
    watch(place, channel)
    return place


def watch(place: Place, *channels: str) -> None:
    """Register a provider with these channels."""
    Provider(
        provider_id=f"provider-{channels[0]}",
        name=f"Alpha {channels[0]}",
        guild_id=place.guild,
        channel_ids=list(channels),
        author_ids=[place.trader],
        webhook_ids=[place.webhook],
        created_at=datetime.now(UTC),
    ).save()


async def wait_for(look: Callable[[], Any], awaited: str, *, seconds: float = 30.0) -> Any:
    """Return the first true answer of a look at the database; AssertionError naming what was awaited."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await asyncio.to_thread(look)):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{awaited}: not within {seconds:g} s")
        await asyncio.sleep(0.02)
    return found


def rows(**query: object) -> list[dict[str, Any]]:
    """Read inbox rows (without those of `settle`), oldest message first, its revisions in order."""
    found = Message._get_collection().find({"content": {"$ne": _LAST}, **query})
    return sorted(found, key=lambda row: (int(row["message_id"]), row["revision"]))


async def wait_for_rows(count: int, **query: object) -> list[dict[str, Any]]:
    """Wait until so many rows are in the inbox; more than that fails at once."""
    await wait_for(lambda: len(rows(**query)) >= count, f"{count} rows {query or ''}")
    found = rows(**query)
    assert len(found) == count, [(row["message_id"], row["event"], row["content"]) for row in found]
    return found


async def settle(control: DiscordControl, place: Place) -> None:
    """Wait until everything posted so far has passed the bot: a last message in the same channel is recorded."""
    last = control.post_message(place.channel, _LAST, user_id=place.trader)
    await wait_for(lambda: rows(message_id=last["id"], content=_LAST), "the last message")


def bells(redis_url: str) -> int:
    """Count the rings that wait for a worker."""
    with Redis.from_url(redis_url) as client:
        length: Any = client.llen("dx:signals")
    return int(length)


def _forget_settings() -> None:
    shared.settings.load_settings.cache_clear()
    shared.tasks._producer.cache_clear()
    shared.tasks._silent_until = 0.0
    sys.modules.pop("celeryconfig", None)

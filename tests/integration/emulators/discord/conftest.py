"""An emulated Discord for each test, with one server and one channel, and a way to connect clients to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import discord.http
import pytest
from discord.gateway import DiscordWebSocket

from tests.emulators.discord import DiscordControl, DiscordEmulator
from tests.integration.emulators.discord.recording_client import RecordingClient

Connect = Callable[[RecordingClient], Awaitable[RecordingClient]]


@dataclass(frozen=True)
class Place:
    """Where the tests post: ids of a guild, a channel, its owner and a plain member."""

    guild: str
    channel: str
    owner: str
    trader: str


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[DiscordEmulator]:
    """Start an emulator and point discord.py at it until the test ends."""
    with DiscordEmulator() as running:
        monkeypatch.setattr(discord.http.Route, "BASE", running.url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
        yield running


@pytest.fixture
def control(emulator: DiscordEmulator) -> DiscordControl:
    """Return the hand on the emulator."""
    return emulator.control


@pytest.fixture
def place(control: DiscordControl) -> Place:
    """Create a server with a channel and a member."""
    guild = control.create_guild("Alpha Signals")
    channel = control.create_channel(guild["id"], "signals")
    trader = control.create_user("trader", guild_id=guild["id"])
    return Place(guild["id"], channel["id"], guild["owner_id"], trader["id"])


@pytest.fixture
async def connect(emulator: DiscordEmulator) -> AsyncIterator[Connect]:
    """Return a function that runs a client until the test ends, and waits until it is ready."""
    running: list[tuple[RecordingClient, asyncio.Task[None]]] = []

    async def run(client: RecordingClient) -> RecordingClient:
        task = asyncio.create_task(client.start(emulator.token))
        running.append((client, task))
        await client.until("ready")
        return client

    yield run
    for client, task in running:
        await client.close()
        await asyncio.wait_for(task, 10)

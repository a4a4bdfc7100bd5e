"""The unmodified discord.py client, writing down every event it is given, so that a test can wait for and compare them."""

import asyncio
from collections.abc import Callable
from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket

_PATIENCE_SECONDS = 10.0


class RecordingClient(discord.Client):
    """A client that keeps what it saw in `events`: (name, object) in the order of arrival."""

    def __init__(self, *, without_content: bool = False, **options: Any) -> None:
        intents = discord.Intents.default()
        intents.message_content = not without_content
        super().__init__(intents=intents, chunk_guilds_at_startup=False, guild_ready_timeout=0.05, **options)
        self.events: list[tuple[str, Any]] = []
        self._news = asyncio.Event()

    async def setup_hook(self) -> None:
        """Learn the gateway's address, as the bot does."""
        _, url, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait five seconds before a second IDENTIFY."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Keep every event, then go on as usual."""
        self.events.append((event, args[0] if args else None))
        self._news.set()
        super().dispatch(event, *args, **kwargs)

    def seen(self, name: str) -> list[Any]:
        """Return the objects of the events of one name so far."""
        return [what for event, what in self.events if event == name]

    async def until(self, name: str, count: int = 1) -> list[Any]:
        """Wait until an event has come at least `count` times, and return them all."""
        await self._until(lambda: len(self.seen(name)) >= count, f"{count} x {name}")
        return self.seen(name)

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + _PATIENCE_SECONDS
        while not condition():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - clock())
            except TimeoutError:
                raise AssertionError(
                    f"waited for {what} in vain; saw {[name for name, _ in self.events]}"
                ) from None

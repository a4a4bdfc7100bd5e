"""A sign of life in Redis every few seconds, for `doctor` and the System page."""

import asyncio
import math
from datetime import UTC, datetime
from time import monotonic

import aiohttp
import discord
from redis import Redis
from redis.exceptions import RedisError

from bot.client import BotClient
from bot.content_intent import ContentIntent
from bot.intake import Intake
from bot.outage import one_line
from shared.logs import get_logger

log = get_logger(__name__)

KEY = "dx:bot"

_LIFETIME_SECONDS = 60
_LAST_WORDS_LIFETIME_SECONDS = 24 * 3600
_TIMEOUT_SECONDS = 2.0
_ASK_SECONDS = 10.0


class Heartbeat:
    """Writes the hash `dx:bot`: at, session_id, latency_ms, message_content_intent, guilds, watched_channels, queue.

    An empty `session_id` means that the bot lives but is not connected to Discord.
    """

    def __init__(self, redis_url: str, intake: Intake, content_intent: ContentIntent) -> None:
        self._redis_url = redis_url
        self._intake = intake
        self._content_intent = content_intent
        self._client: BotClient | None = None
        self._is_failing = False
        self._flags_asked = monotonic()

    def follow(self, client: BotClient) -> None:
        """Report on this client from now on; its login has just told the application's flags."""
        self._client = client
        self._flags_asked = monotonic()

    async def beat(self, every_seconds: float, flags_seconds: float) -> None:
        """Write again and again, until cancelled."""
        while True:
            if monotonic() - self._flags_asked >= flags_seconds:
                await self._ask_flags()
            await self.write()
            await asyncio.sleep(every_seconds)

    async def write(self, lifetime_seconds: int = _LIFETIME_SECONDS) -> None:
        """Write once; a Redis that is away is logged once, and no reason to stop."""
        try:
            await asyncio.to_thread(self._store, self.describe(datetime.now(UTC)), lifetime_seconds)
        except (RedisError, OSError) as error:
            if not self._is_failing:
                log.warning("heartbeat.unwritten", error=one_line(error))
            self._is_failing = True
        else:
            self._is_failing = False

    async def write_last_words(self) -> None:
        """Leave a report that outlives a process which cannot go on until somebody acts."""
        await self.write(_LAST_WORDS_LIFETIME_SECONDS)

    def describe(self, now: datetime) -> dict[str, str]:
        """Return the fields; one that is not known is left out."""
        fields = {
            "at": now.isoformat(),
            "session_id": self._client.session_id if self._client else "",
            "message_content_intent": "true" if self._content_intent.is_on else "false",
            "guilds": str(len(self._client.guilds) if self._client else 0),
            "watched_channels": str(len(self._intake.watched.ids)),
            "queue": str(self._intake.lanes.depth),
        }
        latency = self._client.latency if self._client else math.nan
        return fields | ({"latency_ms": f"{latency * 1000:.1f}"} if math.isfinite(latency) else {})

    def _store(self, fields: dict[str, str], lifetime_seconds: int) -> None:
        # A connection of its own each time: nothing is shared with a write that was given up half-way.
        with (
            Redis.from_url(
                self._redis_url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
            ) as client,
            client.pipeline(transaction=True) as pipe,
        ):
            pipe.delete(KEY)
            for name, value in fields.items():
                pipe.hset(KEY, name, value)
            pipe.expire(KEY, lifetime_seconds)
            pipe.execute()

    async def _ask_flags(self) -> None:
        self._flags_asked = monotonic()
        if self._client is None or not self._client.session_id:
            return
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                self._content_intent.learn_flags((await self._client.application_info()).flags)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("application.unknown", error=one_line(error))

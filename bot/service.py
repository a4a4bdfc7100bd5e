"""The bot as a service: one connection after the other, as long as the process lives."""

import asyncio
import contextlib
from datetime import datetime

import aiohttp
import discord
import discord.http

from bot.backlog import Backlog
from bot.client import BotClient, IdentifiesUsedUp
from bot.content_intent import ContentIntent
from bot.heartbeat import Heartbeat
from bot.intake import Intake
from bot.lanes import Lanes
from bot.marks import Marks
from bot.outage import Outage, one_line
from bot.pace import Pace
from bot.watched import WatchedChannels
from shared.logs import get_logger
from shared.models import messages, providers
from shared.settings import ConfigurationError, Settings

log = get_logger(__name__)

_LOGIN_SECONDS = 60.0
_CLOSE_SECONDS = 5.0
_AUTHENTICATION_FAILED = 4004

TOKEN_REFUSED = "DISCORD_BOT_TOKEN is refused by Discord: copy the bot's token from the developer portal"  # noqa: S105
INTENT_REFUSED = (
    "Discord refuses the message content intent: switch on Message Content Intent in the developer portal, "
    "Bot, Privileged Gateway Intents"
)


class BotService:
    """Everything that outlives a connection, and the loop that makes connections.

    Parameters
    ----------
    settings
        The token, Discord's address and Redis; MongoDB must be connected before `run`.
    """

    def __init__(self, settings: Settings, pace: Pace | None = None) -> None:
        self._token = settings.discord_bot_token.get_secret_value()
        self._api_url = settings.discord_api_url
        self._pace = pace or Pace()
        self._stop = asyncio.Event()
        self._marks = Marks(_newest_recorded)
        outage = Outage(self._marks.open_gap)
        self._watched = WatchedChannels(providers.watched_channels, outage)
        self._lanes = Lanes(outage)
        self._intake = Intake(self._lanes, self._marks, self._watched)
        self._backlog = Backlog(self._intake, silence_seconds=self._pace.silence_seconds)
        self._content_intent = ContentIntent()
        self._heartbeat = Heartbeat(settings.redis_url, self._intake, self._content_intent)

    def stop(self) -> None:
        """End `run` in order: say goodbye to Discord, record what waits, return."""
        self._stop.set()

    async def run(self) -> None:
        """Keep a connection to Discord until `stop`.

        Raises
        ------
        ConfigurationError
            Discord refuses the token or the intent: trying again would not help.
        """
        discord.http.Route.BASE = self._api_url
        self._lanes.start()
        await self._watched.refresh()
        pace = self._pace
        aside = [
            asyncio.create_task(self._watched.keep_fresh(pace.refresh_seconds)),
            asyncio.create_task(self._heartbeat.beat(pace.heartbeat_seconds, pace.flags_seconds)),
        ]
        try:
            await self._keep_connected(aside)
        except ConfigurationError:
            await self._heartbeat.write_last_words()
            raise
        finally:
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
            left = await asyncio.to_thread(self._lanes.drain, self._pace.drain_seconds)
            log.info("bot.stopped", left_for_backlog=left)

    async def _keep_connected(self, aside: list[asyncio.Task[None]]) -> None:
        pause = self._pace.first_retry_seconds
        while not self._stop.is_set():
            client = BotClient(self._intake, self._backlog, self._content_intent, self._pace)
            self._heartbeat.follow(client)
            again = self._pace.first_retry_seconds
            try:
                await self._one_connection(client, aside)
            except Exception as error:  # noqa: BLE001 - discord.py ends with errors of many kinds, some its own bugs
                pause = self._pace.first_retry_seconds if client.has_been_ready else pause
                again = self._judge(error, client, pause)
                pause = min(2 * pause, self._pace.longest_retry_seconds)
            for task in aside:
                if task.done():
                    raise RuntimeError("a background task ended") from task.exception()
            await self._wait(aside, again)

    async def _one_connection(self, client: BotClient, aside: list[asyncio.Task[None]]) -> None:
        session = asyncio.create_task(self._connect(client))
        try:
            await self._wait([session, *aside])
            if session.done():
                session.result()
        finally:
            # In this order: discord.py's own loop stumbles when it meets a client that has been closed.
            session.cancel()
            await asyncio.gather(session, return_exceptions=True)
            with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
                await asyncio.wait_for(client.close(), _CLOSE_SECONDS)

    async def _connect(self, client: BotClient) -> None:
        async with asyncio.timeout(_LOGIN_SECONDS):
            await client.login(self._token)
        await client.connect()

    def _judge(self, error: Exception, client: BotClient, pause: float) -> float:
        """Return the seconds to wait before the next connection; raises what no waiting can mend."""
        is_login = isinstance(error, discord.LoginFailure)
        if is_login or (isinstance(error, discord.ConnectionClosed) and error.code == _AUTHENTICATION_FAILED):
            raise ConfigurationError([TOKEN_REFUSED]) from error
        if isinstance(error, discord.PrivilegedIntentsRequired):
            self._content_intent.learn_refusal()
            raise ConfigurationError([INTENT_REFUSED]) from error
        said = one_line(error)
        if isinstance(error, AttributeError) and not client.has_been_ready:
            # discord.py 2.7 stumbles over the session that it does not have when its first connection fails.
            said = "the gateway does not answer"
        seconds = error.reset_seconds if isinstance(error, IdentifiesUsedUp) else pause
        log.warning("discord.unreachable", error=said, again_in_seconds=round(seconds, 1))
        return seconds

    async def _wait(self, tasks: list[asyncio.Task[None]], seconds: float | None = None) -> None:
        """Wait until a task ends, but no longer than until a stop."""
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([stop, *tasks], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()


def _newest_recorded(channel_id: str) -> datetime | None:
    newest = messages.newest_id(channel_id)
    return newest[1] if newest else None

"""discord.py's client as this system uses it: three intents, no member lists, no message cache, no text commands."""

import asyncio
from collections.abc import Sequence
from typing import Any

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from bot.backlog import Backlog
from bot.cogs.signals import Signals
from bot.content_intent import ContentIntent
from bot.intake import Intake
from bot.pace import Pace
from shared.logs import get_logger

log = get_logger(__name__)

# The bot does not speak: nothing is missing, so nothing is to be said about it at every start.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

_FEWEST_IDENTIFIES_LEFT = 20
_LONGEST_RATE_LIMIT_SECONDS = 60.0


class IdentifiesUsedUp(Exception):
    """Raised before a session that would come too near the daily limit, past which Discord resets the token."""

    def __init__(self, left: int, reset_seconds: float) -> None:
        super().__init__(f"only {left} sessions may be started in the next {reset_seconds / 3600:.1f} h")
        self.reset_seconds = reset_seconds


class BotClient(commands.Bot):
    """One connection to Discord, good until it fails; then a new one is made."""

    def __init__(self, intake: Intake, backlog: Backlog, content_intent: ContentIntent, pace: Pace) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
        super().__init__(
            command_prefix=_no_prefix,
            help_command=None,
            intents=intents,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=pace.guilds_seconds,
            max_messages=None,
            max_ratelimit_timeout=_LONGEST_RATE_LIMIT_SECONDS,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.session_id = ""
        self.has_been_ready = False
        self._intake = intake
        self._backlog = backlog
        self._content_intent = content_intent
        self._pace = pace
        self._is_settled = False
        self._history: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Learn the gateway's address from Discord, whoever that is, and take up the work."""
        _, url, limit = await self.http.get_bot_gateway()
        if limit["remaining"] < _FEWEST_IDENTIFIES_LEFT:
            raise IdentifiesUsedUp(limit["remaining"], limit["reset_after"] / 1000)
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        if self.application is not None:
            self._content_intent.learn_flags(self.application.flags)
        await self.add_cog(Signals(self, self._intake, self._backlog, self._content_intent))
        self._history = asyncio.create_task(self._backlog.run(self, lambda: self._is_settled))

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Hand out events until the client is closed: discord.py goes on for a moment, without a loop to do it in."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002
        """Keep to one IDENTIFY in five seconds."""
        if not initial:
            await asyncio.sleep(self._pace.identify_seconds)

    async def close(self) -> None:
        """Stop reading history and say goodbye."""
        if self._history is not None:
            self._history.cancel()
        self.session_id = ""
        await super().close()

    async def on_connect(self) -> None:
        """A new session begins: nobody replays what came since the last one."""
        # Runs before the handler of the session's first message, which must not hide the gap before it.
        self._is_settled = False
        self._intake.marks.open_gap()
        self._note_session("session.new")

    async def on_ready(self) -> None:
        """Guilds and threads are known: history may be read."""
        self._is_settled = self.has_been_ready = True
        log.info("session.ready", guilds=len(self.guilds), watched_channels=len(self._intake.watched.ids))

    async def on_resumed(self) -> None:
        """The old session goes on and has replayed what was missed."""
        self._note_session("session.resumed")

    async def on_disconnect(self) -> None:
        """The connection is lost, or was never there."""
        if self.session_id:
            log.warning("session.lost", session_id=self.session_id)
        self.session_id = ""

    async def on_guild_available(self, _guild: discord.Guild) -> None:
        """A guild is back from an outage, or known for the first time: its channels are looked at."""
        self._intake.marks.open_gap()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited."""
        log.info("guild.joined", guild_id=str(guild.id))
        self._intake.marks.open_gap()

    async def on_message(self, _message: discord.Message, /) -> None:
        """Do not look for text commands, as the base class would; the cogs listen for themselves."""

    def _note_session(self, event: str) -> None:
        self.session_id = self.ws.session_id or ""
        log.info(event, session_id=self.session_id)


def _no_prefix(_bot: Any, _message: discord.Message) -> Sequence[str]:
    return ()

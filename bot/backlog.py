"""What was missed: Discord's history, read again from ten minutes before each channel's mark.

A new session, a database that came back, a full queue and a new process leave a gap in every channel; a channel
that stays silent for a minute is looked at too, in case the gateway has forgotten it. What is found goes the same
way as live messages, where duplicates end in the inbox. Discord keeps no history of deletes.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

import discord

from bot.intake import Intake
from bot.outage import one_line
from shared.logs import get_logger

log = get_logger(__name__)

OVERLAP = timedelta(minutes=10)
_PAGE = 100
_PAGES_A_PASS = 20
_PAGE_SECONDS = 30.0
_AT_ONCE = 4
_LOOK_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0

Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class Backlog:
    """Looks for channels that are due and reads their history. Lives as long as the process.

    Parameters
    ----------
    silence_seconds
        After this long without a sign of a channel its history is looked at.
    """

    def __init__(self, intake: Intake, *, silence_seconds: float) -> None:
        self._intake = intake
        self._silence_seconds = silence_seconds
        self._signs: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        self._not_before: dict[str, float] = {}
        self._unseen: set[str] = set()
        # Read, but with the end still in the queue behind what was read: not to be read again meanwhile.
        self._ending: set[str] = set()

    def heard(self, channel_id: str) -> None:
        """Note a sign of life of a watched channel."""
        self._signs[channel_id] = monotonic()

    async def run(self, client: discord.Client, is_settled: Callable[[], bool]) -> None:
        """Read what is due, again and again, until cancelled.

        Parameters
        ----------
        is_settled
            Whether the client knows its guilds and threads; history is read even while the gateway is away.
        """
        gate = asyncio.Semaphore(_AT_ONCE)

        async def read(channel_id: str) -> None:
            async with gate:
                await self._read_or_put_off(client, channel_id)

        while True:
            if is_settled():
                due = [
                    channel_id for channel_id in sorted(self._intake.watched.ids) if self._is_due(channel_id)
                ]
                await asyncio.gather(
                    *(read(channel_id) for channel_id in due if self._is_seen(client, channel_id))
                )
            await asyncio.sleep(_LOOK_SECONDS)

    def _is_due(self, channel_id: str) -> bool:
        now = monotonic()
        if channel_id in self._ending or now < self._not_before.get(channel_id, now):
            return False
        is_silent = now - self._signs.get(channel_id, now) >= self._silence_seconds
        return (is_silent or self._intake.marks.is_open(channel_id)) and self._intake.has_room_for_history()

    def _is_seen(self, client: discord.Client, channel_id: str) -> bool:
        # Channels of signed hooks are watched too; their names are no numbers and Discord does not know them.
        if not channel_id.isdecimal() or client.get_channel(int(channel_id)) is not None:
            self._unseen.discard(channel_id)
            return channel_id.isdecimal()
        if channel_id not in self._unseen:
            log.warning(
                "channel.unseen", channel_id=channel_id, hint="invite the bot and let it view the channel"
            )
        self._unseen.add(channel_id)
        return False

    async def _read_or_put_off(self, client: discord.Client, channel_id: str) -> None:
        try:
            await self._read(client, channel_id)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one channel, the others are read
            pause = min(2 * self._pauses.get(channel_id, _FIRST_PAUSE_SECONDS / 2), _LONGEST_PAUSE_SECONDS)
            self._pauses[channel_id] = pause
            self._not_before[channel_id] = monotonic() + pause
            log.warning("backlog.put_off", channel_id=channel_id, error=one_line(error), seconds=pause)
        else:
            self._pauses.pop(channel_id, None)

    async def _read(self, client: discord.Client, channel_id: str) -> None:
        marks = self._intake.marks
        gap, began = marks.gap, datetime.now(UTC)
        since = await asyncio.to_thread(marks.load, channel_id, began) - OVERLAP
        reached = [
            await self._read_place(client, place, channel_id, since)
            for place in _places_of(client, channel_id, self._intake.watched.ids)
        ]
        unread = [moment for moment in reached if moment is not None]

        def end() -> None:
            if unread:
                marks.reach(channel_id, min(unread))
            else:
                marks.close(channel_id, gap, began)
            self._ending.discard(channel_id)

        self._ending.add(channel_id)
        if not self._intake.after_these(channel_id, end):
            self._ending.discard(channel_id)
        self.heard(channel_id)

    async def _read_place(
        self, client: discord.Client, place: Readable, channel_id: str, since: datetime
    ) -> datetime | None:
        """Take a place's messages, oldest first; return how far it came if there is more to read."""
        after: discord.abc.Snowflake = discord.Object(discord.utils.time_snowflake(since))
        for _ in range(_PAGES_A_PASS):
            async with asyncio.timeout(_PAGE_SECONDS):
                page = [m async for m in place.history(limit=_PAGE, after=after, oldest_first=True)]
            for message in page:
                is_ours = message.is_system() or message.author == client.user
                if not is_ours and not self._intake.take_message(message, place.guild.id, channel_id):
                    return discord.utils.snowflake_time(after.id)
                after = message
            if len(page) < _PAGE:
                return None
            if not self._intake.has_room_for_history():
                break
        return discord.utils.snowflake_time(after.id)


def _places_of(client: discord.Client, channel_id: str, watched: frozenset[str]) -> list[Readable]:
    """List where messages recorded under a channel are posted: itself and its active threads."""
    channel = client.get_channel(int(channel_id))
    places: list[Readable] = [channel] if isinstance(channel, Readable) else []
    if isinstance(channel, discord.TextChannel | discord.ForumChannel):
        # A thread that a provider lists is read as a channel of its own.
        places += [thread for thread in channel.threads if str(thread.id) not in watched]
    return places

"""Messages of watched channels, their edits and their deletes, on their way into the inbox."""

import discord
from discord.ext import commands

from bot.backlog import Backlog
from bot.content_intent import ContentIntent
from bot.intake import Intake


class Signals(commands.Cog):
    """Listens. Raw events are used, since a message may be older than this process."""

    def __init__(
        self, client: discord.Client, intake: Intake, backlog: Backlog, content_intent: ContentIntent
    ) -> None:
        self._client = client
        self._intake = intake
        self._backlog = backlog
        self._content_intent = content_intent

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Take a new message."""
        self._take(message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Take an edit. Link previews and pins are updates too, but in those nobody edited anything."""
        if payload.message.edited_at is not None:
            self._take(payload.message)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Take a delete."""
        self._take_deletions([payload.message_id], payload.channel_id, payload.guild_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Take a moderator's sweep, message by message."""
        self._take_deletions(sorted(payload.message_ids), payload.channel_id, payload.guild_id)

    def _take(self, message: discord.Message) -> None:
        if message.guild is None or message.is_system() or message.author == self._client.user:
            return
        self._content_intent.saw(message)
        home = self._home_of(message.channel.id)
        if home is not None:
            self._backlog.heard(home)
            self._intake.take_message(message, message.guild.id, home)

    def _take_deletions(self, message_ids: list[int], channel_id: int, guild_id: int | None) -> None:
        home = self._home_of(channel_id)
        if home is None or guild_id is None:
            return
        for message_id in message_ids:
            self._intake.take_deletion(message_id, guild_id, home)

    def _home_of(self, channel_id: int) -> str | None:
        channel = self._client.get_channel(channel_id)
        parent_id = channel.parent_id if isinstance(channel, discord.Thread) else None
        return self._intake.watched.home_of(channel_id, parent_id)

"""The one way into the inbox, for live events and for the backlog alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import discord

from bot.incoming import incoming_from_deletion, incoming_from_message
from bot.lanes import Lanes
from bot.marks import Marks
from bot.watched import WatchedChannels
from shared.inbox import IncomingMessage, Recorded, record_message
from shared.logs import get_logger

log = get_logger(__name__)


class Intake:
    """Decides whether something is recorded, and hands it to the lanes. Lives as long as the process.

    Parameters
    ----------
    record
        What stores one message; it may block, and raises PyMongoError while the database is away.
    """

    def __init__(
        self,
        lanes: Lanes,
        marks: Marks,
        watched: WatchedChannels,
        record: Callable[[IncomingMessage, datetime], Recorded] = record_message,
    ) -> None:
        self.lanes = lanes
        self.marks = marks
        self.watched = watched
        self._record = record
        self._is_full = False

    def take_message(self, message: discord.Message, guild_id: int, channel_id: str) -> bool:
        """Take a message, or its newest edit, for a watched channel; false when there is no room."""
        return self._offer(incoming_from_message(message, guild_id, channel_id))

    def take_deletion(self, message_id: int, guild_id: int, channel_id: str) -> bool:
        """Take the end of a message of a watched channel; false when there is no room."""
        return self._offer(incoming_from_deletion(message_id, guild_id, channel_id))

    def after_these(self, channel_id: str, work: Callable[[], object]) -> bool:
        """Do something once all that was taken so far for a channel is recorded; false when there is no room."""
        return self.lanes.offer(channel_id, work)

    def has_room_for_history(self) -> bool:
        """Tell whether the backlog may add to the queue: the other half is kept for what happens now."""
        return self.lanes.depth < self.lanes.capacity // 2

    def _offer(self, incoming: IncomingMessage) -> bool:
        if self.lanes.offer(incoming.channel_id, partial(self._store, incoming)):
            self._is_full = False
            return True
        if not self._is_full:
            log.warning("intake.full", waiting=self.lanes.depth, message_id=incoming.message_id)
        self._is_full = True
        self.marks.open_gap()
        return False

    def _store(self, incoming: IncomingMessage) -> None:
        now = datetime.now(UTC)
        self.marks.load(incoming.channel_id, now)
        recorded = self._record(incoming, now)
        if incoming.event == "create":
            self.marks.advance(incoming.channel_id, incoming.posted_at)
        if recorded.created:
            log.debug("message.recorded", message_id=incoming.message_id, message_event=incoming.event)

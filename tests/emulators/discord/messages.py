"""Messages being posted, edited, unfurled and deleted, with the gateway event each of these causes."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.emulators.discord import payloads, sessions
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.sessions import SessionHub
from tests.emulators.discord.snowflakes import snowflake_time
from tests.emulators.discord.state import World

_MENTION = re.compile(r"<@!?(\d{15,20})>")
_NONCE_REMEMBERED = timedelta(minutes=5)


@dataclass(frozen=True)
class Draft:
    """What somebody wants to post; `extra` holds further fields of Discord's message object as they are."""

    channel_id: str
    author: Json
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    posted_at: datetime | None = None
    reply_to: str | None = None
    extra: Json = field(default_factory=dict)


class Messages:
    """The verbs on messages, shared by the bot's REST calls and the control API."""

    def __init__(self, world: World, hub: SessionHub) -> None:
        self._world = world
        self._hub = hub

    def compose(self, draft: Draft) -> Json:
        """Return the message a draft would become, stored nowhere and seen by nobody."""
        channel = self._world.get("channels", draft.channel_id)
        message_id = self._world.new_id(draft.posted_at)
        message = payloads.message(message_id, draft.channel_id, draft.author, snowflake_time(message_id))
        message["content"] = draft.content
        message["embeds"] = [{"type": "rich", **embed} for embed in draft.embeds]
        message["attachments"] = draft.attachments
        message["mentions"] = self._mentioned(draft.content)
        message["mention_everyone"] = "@everyone" in draft.content or "@here" in draft.content
        message.update(draft.extra)
        if draft.reply_to is not None:
            message.update(self._reply_fields(channel, draft.reply_to))
        return message

    def post(self, draft: Draft) -> Json:
        """Store a message, tell the sessions, and return it as REST shows it.

        A message with an earlier `posted_at` takes its place in the history and still is an event now.
        """
        message = self.compose(draft)
        self._world.put("messages", message["id"], message)
        channel = self._world.get("channels", draft.channel_id)
        last = str(self._world.history(draft.channel_id)[-1])
        self._world.put("channels", draft.channel_id, {**channel, "last_message_id": last})
        self._tell("MESSAGE_CREATE", message)
        return message

    def post_once(self, draft: Draft, nonce: str) -> Json:
        """Post, unless this author used this nonce in this channel minutes ago: then return that message."""
        oldest = datetime.now(UTC) - _NONCE_REMEMBERED
        for known_id in reversed(self._world.history(draft.channel_id)):
            if snowflake_time(known_id) < oldest:
                break
            known = self._world.get("messages", str(known_id))
            if known.get("nonce") == nonce and known["author"]["id"] == draft.author["id"]:
                return known
        return self.post(draft)

    def edit(self, message_id: str, changes: Json, *, edited_at: datetime | None = None) -> Json:
        """Change a message and stamp it as edited."""
        at = edited_at or datetime.now(UTC)
        return self._change(message_id, {**changes, "edited_timestamp": payloads.timestamp(at)})

    def unfurl(self, message_id: str, embeds: list[Json]) -> Json:
        """Add the previews Discord makes for links: an update in which nobody edited anything."""
        known = self._world.get("messages", message_id)
        return self._change(
            message_id, {"embeds": known["embeds"] + [{"type": "link", **one} for one in embeds]}
        )

    def delete(self, message_id: str) -> None:
        """Delete a message."""
        gone = self._world.remove("messages", message_id)
        self._tell_deleted("MESSAGE_DELETE", gone["channel_id"], {"id": message_id})

    def delete_many(self, message_ids: list[str]) -> None:
        """Delete messages of one channel in one event."""
        channel_id = self._world.get("messages", message_ids[0])["channel_id"]
        for message_id in message_ids:
            self._world.remove("messages", message_id)
        self._tell_deleted("MESSAGE_DELETE_BULK", channel_id, {"ids": message_ids})

    def redeliver(self, message_id: str) -> Json:
        """Send MESSAGE_CREATE again for a message, as Discord sometimes does after a resume."""
        message = self._world.get("messages", message_id)
        self._tell("MESSAGE_CREATE", message)
        return message

    def snapshot(self, message_id: str) -> Json:
        """Return what a forward carries of a message: everything but who wrote it."""
        source = self._world.get("messages", message_id)
        kept = ("type", "content", "embeds", "attachments", "components", "timestamp", "edited_timestamp")
        return {name: source[name] for name in (*kept, "flags", "mentions", "mention_roles")}

    def reference(self, message_id: str) -> Json:
        """Return the reference (guild, channel, message) that points at a message."""
        channel_id = self._world.get("messages", message_id)["channel_id"]
        reference = {"type": 0, "message_id": message_id, "channel_id": channel_id}
        guild_id = self._world.guild_of(channel_id)
        return reference if guild_id is None else {**reference, "guild_id": guild_id}

    def _reply_fields(self, channel: Json, parent_id: str) -> Json:
        reference: Json = {"type": 0, "message_id": parent_id, "channel_id": channel["id"]}
        if "guild_id" in channel:
            reference["guild_id"] = channel["guild_id"]
        parent: Json | None = self._world.tables["messages"].get(parent_id)
        if parent is not None:  # Discord does not quote what the parent itself quotes
            parent = {name: value for name, value in parent.items() if name != "referenced_message"}
        return {"type": payloads.REPLY_MESSAGE, "message_reference": reference, "referenced_message": parent}

    def _mentioned(self, content: str) -> list[Json]:
        users = self._world.tables["users"]
        return [users[found] for found in dict.fromkeys(_MENTION.findall(content)) if found in users]

    def _change(self, message_id: str, changes: Json) -> Json:
        message = {**self._world.get("messages", message_id), **changes}
        message["mentions"] = self._mentioned(message["content"])
        self._world.put("messages", message_id, message)
        self._tell("MESSAGE_UPDATE", message)
        return message

    def _tell(self, event: str, message: Json) -> None:
        channel = self._world.get("channels", message["channel_id"])
        payload: dict[str, Any] = {**message, "channel_type": channel["type"]}
        guild_id = channel.get("guild_id")
        if guild_id is not None:
            payload["guild_id"] = guild_id
            member = self._world.tables["members"].get(f"{guild_id}/{message['author']['id']}")
            if member is not None and "webhook_id" not in message:
                payload["member"] = member
        self._publish(event, payload, guild_id)

    def _tell_deleted(self, event: str, channel_id: str, payload: Json) -> None:
        guild_id = self._world.guild_of(channel_id)
        in_guild = {} if guild_id is None else {"guild_id": guild_id}
        self._publish(event, {**payload, "channel_id": channel_id, **in_guild}, guild_id)

    def _publish(self, event: str, payload: Json, guild_id: str | None) -> None:
        intent = sessions.INTENT_DIRECT_MESSAGES if guild_id is None else sessions.INTENT_GUILD_MESSAGES
        self._hub.publish(event, payload, guild_id=guild_id, intent=intent, bot_id=self._world.bot["id"])

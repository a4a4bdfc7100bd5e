"""Guilds, channels, threads, people and webhooks come into being here, and the sessions are told."""

import secrets
from datetime import UTC, datetime, timedelta

from tests.emulators.discord import payloads, sessions
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.sessions import SessionHub
from tests.emulators.discord.state import World


class Places:
    """Creates what messages are posted in and by whom.

    Every `create_` takes an optional id, so that a seed file and a configuration can agree on ids.
    """

    def __init__(self, world: World, hub: SessionHub) -> None:
        self._world = world
        self._hub = hub

    def create_user(
        self,
        name: str,
        *,
        guild_id: str | None = None,
        user_id: str | None = None,
        manager: bool = False,
        bot: bool = False,
        dms_closed: bool = False,
    ) -> Json:
        """Create a user, a member of a guild if one is given; a manager holds Manage Server there."""
        user_id = user_id or self._world.new_id()
        made = self._world.put("users", user_id, payloads.user(user_id, name, bot=bot))
        if dms_closed:
            self._world.put("settings", f"dms_closed/{user_id}", {"dms_closed": True})
        if guild_id is not None:
            self.join_guild(guild_id, user_id, manager=manager)
        return made

    def join_guild(self, guild_id: str, user_id: str, *, manager: bool = False) -> Json:
        """Make a user a member of a guild."""
        roles = [
            role["id"] for role in self._world.get("guilds", guild_id)["roles"] if role["name"] == "Managers"
        ]
        joined = payloads.member(datetime.now(UTC), roles if manager else [])
        self._world.put("members", f"{guild_id}/{user_id}", joined)
        full = self._world.full_member(guild_id, user_id)
        self._tell(
            "GUILD_MEMBER_ADD", {**full, "guild_id": guild_id}, sessions.INTENT_GUILD_MEMBERS, guild_id
        )
        return full

    def create_guild(self, name: str, *, guild_id: str | None = None, owner_id: str | None = None) -> Json:
        """Create a guild with its owner and the bot as members; the bot learns of it as of an invitation."""
        guild_id = guild_id or self._world.new_id()
        owner_id = owner_id or self.create_user(f"{name} owner")["id"]
        made = self._world.put(
            "guilds", guild_id, payloads.guild(guild_id, name, owner_id, self._world.new_id())
        )
        long_ago = datetime.now(UTC) - timedelta(days=30)
        for user_id in (owner_id, self._world.bot["id"]):
            self._world.put("members", f"{guild_id}/{user_id}", payloads.member(long_ago, []))
        created = self._world.guild_create(guild_id, all_members=False)
        del created["unavailable"]  # its absence is how a client tells a new guild from one that came back
        self._tell("GUILD_CREATE", created, sessions.INTENT_GUILDS, guild_id)
        return made

    def create_channel(
        self, guild_id: str, name: str, *, channel_id: str | None = None, announcement: bool = False
    ) -> Json:
        """Create a text channel, or an announcement channel."""
        self._world.get("guilds", guild_id)
        kind = payloads.ANNOUNCEMENT_CHANNEL if announcement else payloads.TEXT_CHANNEL
        channel_id = channel_id or self._world.new_id()
        position = sum(one.get("guild_id") == guild_id for one in self._world.tables["channels"].values())
        made = payloads.channel(channel_id, guild_id, name, kind=kind, position=position)
        self._world.put("channels", channel_id, made)
        self._tell("CHANNEL_CREATE", made, sessions.INTENT_GUILDS, guild_id)
        return made

    def create_thread(
        self, channel_id: str, name: str, *, thread_id: str | None = None, owner_id: str | None = None
    ) -> Json:
        """Create a public thread in a channel; the bot sees its messages without joining."""
        parent = self._world.get("channels", channel_id)
        thread_id = thread_id or self._world.new_id()
        owner_id = owner_id or self._world.get("guilds", parent["guild_id"])["owner_id"]
        made = payloads.thread(thread_id, parent, name, owner_id, datetime.now(UTC))
        self._world.put("channels", thread_id, made)
        self._tell(
            "THREAD_CREATE", {**made, "newly_created": True}, sessions.INTENT_GUILDS, parent["guild_id"]
        )
        return made

    def create_webhook(self, channel_id: str, name: str, *, webhook_id: str | None = None) -> Json:
        """Create an incoming webhook; its `token` is what POST /webhooks/{id}/{token} asks for."""
        guild_id = self._world.get("channels", channel_id)["guild_id"]
        webhook_id = webhook_id or self._world.new_id()
        made = payloads.webhook(webhook_id, guild_id, channel_id, name, secrets.token_urlsafe(24))
        self._world.put("webhooks", webhook_id, made)
        changed = {"guild_id": guild_id, "channel_id": channel_id}
        self._tell("WEBHOOKS_UPDATE", changed, sessions.INTENT_GUILD_WEBHOOKS, guild_id)
        return made

    def open_dm(self, user_id: str) -> Json:
        """Return the bot's direct channel with a user, created on first use."""
        for known in self._world.tables["channels"].values():
            if known["type"] == payloads.DM_CHANNEL and known["recipients"][0]["id"] == user_id:
                return known
        made = payloads.dm_channel(self._world.new_id(), self._world.get("users", user_id))
        return self._world.put("channels", made["id"], made)

    def set_privileged_intents(self, names: list[str]) -> Json:
        """Switch the application's privileged intents: any of presences, members, message_content."""
        self._world.set_privileged_intents(set(names))
        return {"privileged_intents": sorted(self._world.privileged_intents)}

    def describe(self) -> Json:
        """Return the bot and everything created so far, by kind."""
        tables = self._world.tables
        kinds = ("guilds", "channels", "users", "webhooks")
        return {
            "bot": self._world.bot,
            "owner_id": self._world.get("settings", "bot")["owner_id"],
            "token": self._world.token,
            "privileged_intents": sorted(self._world.privileged_intents),
            **{kind: list(tables[kind].values()) for kind in kinds},
        }

    def _tell(self, event: str, payload: Json, intent: int, guild_id: str) -> None:
        self._hub.publish(event, payload, guild_id=guild_id, intent=intent, bot_id=self._world.bot["id"])

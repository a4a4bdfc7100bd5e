"""Everything that exists on the emulated Discord, as Discord's own objects; a journal lets it last."""

import base64
import bisect
import json
import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from tests.emulators.discord import payloads
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.snowflakes import Snowflakes

# Application flags that say which privileged intents are switched on; the _LIMITED ones, of small bots.
PRIVILEGED_INTENT_FLAGS = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}
_TABLES = ("users", "guilds", "members", "channels", "webhooks", "messages", "commands", "settings")


class UnknownObjectError(LookupError):
    """Raised when an id names nothing; `table` says what was looked for."""

    def __init__(self, table: str, key: str) -> None:
        super().__init__(f"no {key!r} among the {table}")
        self.table = table


class World:
    """The objects by kind and id, with the few questions that REST, gateway and control all ask.

    Parameters
    ----------
    token
        The bot's token; made from the bot's id when not given.
    journal
        File of JSON lines: what it holds is restored, and every change is appended. None keeps nothing.
    """

    def __init__(self, *, token: str | None = None, journal: Path | None = None) -> None:
        self.snowflakes = Snowflakes()
        self.tables: dict[str, dict[str, Json]] = {name: {} for name in _TABLES}
        self._history: defaultdict[str, list[int]] = defaultdict(list)
        self._journal: TextIO | None = None
        if journal is not None:
            self._restore(journal)
        if "bot" not in self.tables["settings"]:
            self._create_bot(token)
        elif token is not None:
            self.put("settings", "bot", {**self.tables["settings"]["bot"], "token": token})

    # objects ----------------------------------------------------------------
    def put(self, table: str, key: str, value: Json) -> Json:
        """Store an object and return it."""
        if table == "messages" and key not in self.tables["messages"]:
            bisect.insort(self._history[value["channel_id"]], int(key))
        self.tables[table][key] = value
        self._write(table, key, value)
        return value

    def get(self, table: str, key: str) -> Json:
        """Return an object; raise UnknownObjectError when there is none."""
        try:
            return self.tables[table][key]
        except KeyError:
            raise UnknownObjectError(table, key) from None

    def remove(self, table: str, key: str) -> Json:
        """Delete an object and return what it was; raise UnknownObjectError when there is none."""
        value = self.get(table, key)
        del self.tables[table][key]
        if table == "messages":
            self._history[value["channel_id"]].remove(int(key))
        self._write(table, key, None)
        return value

    def new_id(self, at: datetime | None = None) -> str:
        """Return an unused id made now, or at the moment given."""
        if at is None:
            return self.snowflakes.next()
        made = self.snowflakes.at(at)
        while made in self.tables["messages"]:  # after a restart the journal may hold ids of the same moment
            made = self.snowflakes.at(at)
        return made

    # the bot ----------------------------------------------------------------
    @property
    def bot(self) -> Json:
        """The bot's user."""
        return self.get("users", self.get("settings", "bot")["user_id"])

    @property
    def token(self) -> str:
        """The one token that is accepted, without the word Bot."""
        token: str = self.get("settings", "bot")["token"]
        return token

    @property
    def privileged_intents(self) -> set[str]:
        """The privileged intents switched on for the application: of presences, members, message_content."""
        return set(self.get("settings", "bot")["privileged_intents"])

    def set_privileged_intents(self, names: set[str]) -> None:
        """Switch privileged intents as the developer portal would."""
        if unknown := names - set(PRIVILEGED_INTENT_FLAGS):
            raise ValueError(f"no such privileged intent: {', '.join(sorted(unknown))}")
        self.put("settings", "bot", {**self.get("settings", "bot"), "privileged_intents": sorted(names)})

    def application_flags(self) -> int:
        """Return the application's flags: one bit for each privileged intent that is on."""
        return sum(PRIVILEGED_INTENT_FLAGS[name] for name in self.privileged_intents)

    # questions ----------------------------------------------------------------
    def history(self, channel_id: str) -> list[int]:
        """Return the ids of a channel's messages, oldest first."""
        return self._history[channel_id]

    def guild_of(self, channel_id: str) -> str | None:
        """Return the guild of a channel or thread, None for a direct channel."""
        guild_id: str | None = self.get("channels", channel_id).get("guild_id")
        return guild_id

    def member(self, guild_id: str, user_id: str) -> Json:
        """Return a member without its user; raise UnknownObjectError for one who is not in the guild."""
        return self.get("members", f"{guild_id}/{user_id}")

    def members(self, guild_id: str) -> list[Json]:
        """Return a guild's members, each with its user."""
        found = [key for key in self.tables["members"] if key.startswith(f"{guild_id}/")]
        return [self.full_member(guild_id, key.partition("/")[2]) for key in found]

    def full_member(self, guild_id: str, user_id: str) -> Json:
        """Return a member with its user inside."""
        return {**self.member(guild_id, user_id), "user": self.get("users", user_id)}

    def permissions(self, guild_id: str, user_id: str) -> int:
        """Return what a member may do: everything for the owner, else what @everyone and the roles allow."""
        guild = self.get("guilds", guild_id)
        if guild["owner_id"] == user_id:
            return payloads.ALL_PERMISSIONS
        held = {guild_id, *self.member(guild_id, user_id)["roles"]}
        allowed = 0
        for role in guild["roles"]:
            allowed |= int(role["permissions"]) if role["id"] in held else 0
        return allowed

    def guild_create(self, guild_id: str, *, all_members: bool) -> Json:
        """Return the payload of GUILD_CREATE; without the members intent the bot is the only member shown."""
        channels = [one for one in self.tables["channels"].values() if one.get("guild_id") == guild_id]
        members = self.members(guild_id)
        shown = members if all_members else [one for one in members if one["user"]["id"] == self.bot["id"]]
        return {
            **self.get("guilds", guild_id),
            "unavailable": False,
            "large": len(members) >= 250,
            "joined_at": self.member(guild_id, self.bot["id"])["joined_at"],
            "member_count": len(members),
            "members": shown,
            "channels": [one for one in channels if one["type"] != payloads.PUBLIC_THREAD],
            "threads": [one for one in channels if one["type"] == payloads.PUBLIC_THREAD],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    # lasting ----------------------------------------------------------------
    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _create_bot(self, token: str | None) -> None:
        # A bot is older than the messages it reads; a token's first part is the bot's id, as on Discord.
        bot_id = self.new_id(datetime.now(UTC) - timedelta(days=30))
        if token is None:
            token = f"{base64.b64encode(bot_id.encode()).decode().rstrip('=')}.emulator.no-real-account"
        owner_id = self.new_id(datetime.now(UTC) - timedelta(days=400))
        self.put("users", bot_id, payloads.user(bot_id, "Trade Executor", bot=True))
        self.put("users", owner_id, payloads.user(owner_id, "application-owner"))
        settings: dict[str, Any] = {
            "user_id": bot_id,
            "owner_id": owner_id,
            "token": token,
            "privileged_intents": ["members", "message_content"],
        }
        self.put("settings", "bot", settings)

    def _restore(self, journal: Path) -> None:
        journal.parent.mkdir(parents=True, exist_ok=True)
        journal.touch()
        kept = 0
        with journal.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):  # the process was killed in the middle of its last write
                    break
                kept += len(line)
                table, key, value = json.loads(line)
                if value is not None:
                    self.put(table, key, value)
                else:
                    self.remove(table, key)
        os.truncate(journal, kept)
        self._journal = journal.open("a", encoding="utf-8")

    def _write(self, table: str, key: str, value: Json | None) -> None:
        if self._journal is not None:
            self._journal.write(json.dumps([table, key, value]) + "\n")
            self._journal.flush()

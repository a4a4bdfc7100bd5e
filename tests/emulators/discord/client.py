"""The client of the control API, for tests and scripts. Synchronous and on the standard library alone."""

import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.emulators.discord.payloads import Json

_ANSWER_SECONDS = 10.0


class ControlError(RuntimeError):
    """Raised when the emulator refuses an action; says why in one line."""


class DiscordControl:
    """Speaks to a running emulator.

    Parameters
    ----------
    url
        The emulator's address as the bot has it (`.../api/v10`), or just `http://127.0.0.1:PORT`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc}/_control"

    def call(self, action: str, *, answer_seconds: float = _ANSWER_SECONDS, **arguments: Any) -> Any:
        """Perform any action by name; raises ControlError when refused, TimeoutError after a wait in vain."""
        given = {name: value for name, value in arguments.items() if value is not None}
        request = urllib.request.Request(
            f"{self._base}/{action}",
            data=json.dumps(given).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=answer_seconds) as response:
                return json.load(response)["result"]
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode()
            if error.code == 408:
                raise TimeoutError(json.loads(said)["error"]) from None
            raise ControlError(f"{action}: {said}") from None

    # places ----------------------------------------------------------------
    def create_guild(self, name: str, *, guild_id: str | None = None, owner_id: str | None = None) -> Json:
        """Create a guild the bot is in, with an owner."""
        return self._object("create_guild", name=name, guild_id=guild_id, owner_id=owner_id)

    def create_channel(
        self, guild_id: str, name: str, *, channel_id: str | None = None, announcement: bool = False
    ) -> Json:
        """Create a text or announcement channel."""
        return self._object(
            "create_channel", guild_id=guild_id, name=name, channel_id=channel_id, announcement=announcement
        )

    def create_thread(self, channel_id: str, name: str, *, thread_id: str | None = None) -> Json:
        """Create a public thread."""
        return self._object("create_thread", channel_id=channel_id, name=name, thread_id=thread_id)

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
        """Create a user, a member of the guild if given; `manager` holds Manage Server."""
        return self._object(
            "create_user",
            name=name,
            guild_id=guild_id,
            user_id=user_id,
            manager=manager,
            bot=bot,
            dms_closed=dms_closed,
        )

    def create_webhook(self, channel_id: str, name: str, *, webhook_id: str | None = None) -> Json:
        """Create an incoming webhook."""
        return self._object("create_webhook", channel_id=channel_id, name=name, webhook_id=webhook_id)

    def open_dm(self, user_id: str) -> Json:
        """Return the bot's direct channel with a user."""
        return self._object("open_dm", user_id=user_id)

    def set_privileged_intents(self, names: list[str]) -> None:
        """Allow exactly these of presences, members, message_content."""
        self.call("set_privileged_intents", names=names)

    def describe(self) -> Json:
        """Return the bot, its token, and all guilds, channels, users and webhooks."""
        return self._object("describe")

    # messages ----------------------------------------------------------------
    def post_message(
        self,
        channel_id: str,
        content: str = "",
        *,
        user_id: str | None = None,
        webhook_id: str | None = None,
        username: str | None = None,
        embeds: list[Json] | None = None,
        attachments: list[Json] | None = None,
        reply_to: str | None = None,
        crosspost_of: Json | None = None,
        forward_of: str | None = None,
        posted_at: datetime | None = None,
    ) -> Json:
        """Post as a user or a webhook and return the message; see `control.Control.post_message`."""
        return self._object(
            "post_message",
            channel_id=channel_id,
            content=content,
            user_id=user_id,
            webhook_id=webhook_id,
            username=username,
            embeds=embeds,
            attachments=attachments,
            reply_to=reply_to,
            crosspost_of=crosspost_of,
            forward_of=forward_of,
            posted_at=None if posted_at is None else posted_at.isoformat(),
        )

    def edit_message(
        self,
        message_id: str,
        content: str | None = None,
        *,
        embeds: list[Json] | None = None,
        edited_at: datetime | None = None,
    ) -> Json:
        """Edit a message as its author."""
        at = None if edited_at is None else edited_at.isoformat()
        return self._object(
            "edit_message", message_id=message_id, content=content, embeds=embeds, edited_at=at
        )

    def unfurl(self, message_id: str, embeds: list[Json]) -> Json:
        """Add link previews: an update whose edited_timestamp stays."""
        return self._object("unfurl", message_id=message_id, embeds=embeds)

    def delete_messages(self, message_ids: list[str]) -> None:
        """Delete one message, or several of a channel in bulk."""
        self.call("delete_messages", message_ids=message_ids)

    def redeliver(self, message_id: str) -> None:
        """Send MESSAGE_CREATE once more for a message."""
        self.call("redeliver", message_id=message_id)

    def messages(self, channel_id: str) -> list[Json]:
        """Return a channel's messages, oldest first."""
        return self._objects("messages", channel_id=channel_id)

    # interactions ----------------------------------------------------------------
    def run_command(
        self, channel_id: str, user_id: str, name: str, *, options: list[Json] | None = None, kind: int = 1
    ) -> Json:
        """Run a registered command as a user; the result's `token` is what `answers` takes."""
        return self._object(
            "run_command", channel_id=channel_id, user_id=user_id, name=name, options=options, kind=kind
        )

    def press(
        self, message_id: str, user_id: str, custom_id: str, *, values: list[str] | None = None
    ) -> Json:
        """Press a button, or choose in a menu, as a user."""
        return self._object(
            "press", message_id=message_id, user_id=user_id, custom_id=custom_id, values=values
        )

    def answers(self, token: str) -> list[Json]:
        """Return what the bot answered to an interaction."""
        return self._objects("answers", token=token)

    # the network ----------------------------------------------------------------
    def drop_sockets(self, *, code: int | None = None) -> int:
        """Cut every gateway socket (no code: as a broken network does); return how many."""
        return int(self.call("drop_sockets", code=code))

    def request_reconnect(self) -> int:
        """Send op 7 to every session; return how many."""
        return int(self.call("request_reconnect"))

    def invalidate_sessions(self, *, resumable: bool = False) -> None:
        """Send op 9 to every session."""
        self.call("invalidate_sessions", resumable=resumable)

    def add_fault(self, kind: str, **fields: Any) -> None:
        """Put a fault in force: `rest.rate_limit|status|delay` or `gateway.refuse|hold|mute`."""
        self.call("add_fault", kind=kind, **fields)

    def clear_faults(self) -> None:
        """End all faults."""
        self.call("clear_faults")

    # what happened ----------------------------------------------------------------
    def sessions(self) -> Json:
        """Return {sessions, identifies, resumes}."""
        return self._object("sessions")

    def wait_for_session(
        self, *, timeout_seconds: float = 30.0, identifies: int = 0, resumes: int = 0
    ) -> Json:
        """Wait until a session is connected and so many identifies and resumes were seen in all."""
        return self._object(
            "wait_for_session",
            answer_seconds=timeout_seconds + _ANSWER_SECONDS,
            timeout_seconds=timeout_seconds,
            identifies=identifies,
            resumes=resumes,
        )

    def log(self, *, after: int = 0, pattern: str = "", **wanted: Any) -> list[Json]:
        """Return log entries above number `after`; `pattern` is sought in `path`, `wanted` are field values."""
        return self._objects("log", after=after, pattern=pattern, **wanted)

    def wait_for_log(
        self,
        *,
        timeout_seconds: float = 10.0,
        count: int = 1,
        after: int = 0,
        pattern: str = "",
        **wanted: Any,
    ) -> list[Json]:
        """Wait until `log` with these arguments has `count` entries, and return them."""
        return self._objects(
            "wait_for_log",
            answer_seconds=timeout_seconds + _ANSWER_SECONDS,
            timeout_seconds=timeout_seconds,
            count=count,
            after=after,
            pattern=pattern,
            **wanted,
        )

    def _object(self, action: str, **arguments: Any) -> Json:
        result: Json = self.call(action, **arguments)
        return result

    def _objects(self, action: str, **arguments: Any) -> list[Json]:
        result: list[Json] = self.call(action, **arguments)
        return result

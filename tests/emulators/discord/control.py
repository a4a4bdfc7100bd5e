"""The hand on the emulated Discord: people post, networks fail, and tests ask what happened through it.

`POST /_control/<action>` with a JSON object of arguments answers `{"result": ...}`, or `{"error": ...}` with 400
for a bad call and 408 for a wait that ended without success. `DiscordControl` is the client for it.
"""

import inspect
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.emulators.discord import payloads, sessions
from tests.emulators.discord.answers import answer
from tests.emulators.discord.faults import Fault, FaultKind, Faults
from tests.emulators.discord.gateway import Gateway
from tests.emulators.discord.interactions import Interactions
from tests.emulators.discord.log import Changes, TrafficLog
from tests.emulators.discord.messages import Draft, Messages
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.places import Places
from tests.emulators.discord.state import UnknownObjectError, World

_LONGEST_WAIT_SECONDS = 300.0


class Control:
    """The actions, by name."""

    def __init__(
        self,
        world: World,
        places: Places,
        messages: Messages,
        interactions: Interactions,
        gateway: Gateway,
        log: TrafficLog,
        changes: Changes,
    ) -> None:
        self._world = world
        self._messages = messages
        self._gateway = gateway
        self._faults: Faults = gateway.faults
        self._hub = gateway.hub
        self._log = log
        self._changes = changes
        elsewhere: tuple[Callable[..., Any], ...] = (
            *(places.create_user, places.join_guild, places.create_guild, places.create_channel),
            *(places.create_thread, places.create_webhook, places.open_dm),
            *(places.set_privileged_intents, places.describe),
            *(interactions.run_command, interactions.press, interactions.answers),
            *(messages.unfurl, messages.redeliver),
        )
        own: tuple[Callable[..., Any], ...] = (
            *(self.post_message, self.edit_message, self.delete_messages, self.messages),
            *(self.drop_sockets, self.request_reconnect, self.invalidate_sessions),
            *(self.add_fault, self.clear_faults),
            *(self.sessions, self.wait_for_session, self.log, self.wait_for_log),
        )
        self._actions = {action.__name__: action for action in elsewhere + own}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one control call."""
        try:
            arguments = await request.json() if request.can_read_body else {}
            result = await self.perform(request.match_info["action"], arguments)
        except TimeoutError as error:
            return answer({"error": str(error)}, 408)
        except (UnknownObjectError, ValueError, TypeError) as error:
            return answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return answer({"result": result})

    async def perform(self, name: str, arguments: Json) -> Any:
        """Perform one action by name; a seed file is a list of these."""
        if name not in self._actions:
            raise ValueError(f"no action {name!r}; there are {', '.join(sorted(self._actions))}")
        result = self._actions[name](**arguments)
        return await result if inspect.isawaitable(result) else result

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
        posted_at: str | None = None,
    ) -> Json:
        """Post as a user or a webhook.

        `username` is the name a webhook's poster chose; `crosspost_of` is the source {guild_id, channel_id,
        message_id} of a followed announcement; `forward_of` a message of this emulator.
        """
        extra: Json = {}
        if webhook_id is not None:
            author = payloads.webhook_author(self._world.get("webhooks", webhook_id), username)
            extra["webhook_id"] = webhook_id
        elif user_id is not None:
            author = self._world.get("users", user_id)
        else:
            raise ValueError("who posts? give user_id or webhook_id")
        if crosspost_of is not None:
            extra |= {"flags": payloads.FLAG_IS_CROSSPOST, "message_reference": {"type": 0, **crosspost_of}}
        if forward_of is not None:
            extra["message_reference"] = {**self._messages.reference(forward_of), "type": 1}
            extra["message_snapshots"] = [{"message": self._messages.snapshot(forward_of)}]
            extra["flags"] = payloads.FLAG_HAS_SNAPSHOT
        at = datetime.fromisoformat(posted_at) if posted_at is not None else None
        draft = Draft(channel_id, author, content, embeds or [], attachments or [], at, reply_to, extra)
        return self._messages.post(draft)

    def edit_message(
        self,
        message_id: str,
        content: str | None = None,
        *,
        embeds: list[Json] | None = None,
        edited_at: str | None = None,
    ) -> Json:
        """Edit as the author."""
        changes: Json = {} if content is None else {"content": content}
        if embeds is not None:
            changes["embeds"] = embeds
        at = datetime.fromisoformat(edited_at) if edited_at is not None else None
        return self._messages.edit(message_id, changes, edited_at=at)

    def delete_messages(self, message_ids: list[str]) -> None:
        """Delete one message, or several of one channel in bulk."""
        if len(message_ids) == 1:
            self._messages.delete(message_ids[0])
        else:
            self._messages.delete_many(message_ids)

    def messages(self, channel_id: str) -> list[Json]:
        """Return a channel's messages, oldest first."""
        return [
            self._world.get("messages", str(message_id)) for message_id in self._world.history(channel_id)
        ]

    # the network ----------------------------------------------------------------
    def drop_sockets(self, *, code: int | None = None) -> int:
        """Cut every gateway socket, or close each with a code; return how many there were."""
        return self._gateway.drop(code)

    def request_reconnect(self) -> int:
        """Send op 7 to every connected session; return how many."""
        connected = self._hub.connected()
        for session in connected:
            if session.socket is not None:
                session.socket.send({"op": sessions.RECONNECT, "d": None, "s": None, "t": None})
        return len(connected)

    def invalidate_sessions(self, *, resumable: bool = False) -> None:
        """Send op 9; unless resumable, every session ends and what comes later is missed."""
        self._hub.invalidate(resumable=resumable)

    def add_fault(self, kind: str, **fields: Any) -> None:
        """Put a fault in force; the fields are those of `faults.Fault`."""
        self._faults.add(Fault(FaultKind(kind), **fields))

    def clear_faults(self) -> None:
        """End all faults."""
        self._faults.clear()

    # what happened ----------------------------------------------------------------
    def sessions(self) -> Json:
        """Return the sessions known, and how many identifies and resumes there were."""
        return {
            "sessions": [session.describe() for session in self._hub.sessions.values()],
            "identifies": self._hub.identifies,
            "resumes": self._hub.resumes,
        }

    async def wait_for_session(
        self, *, timeout_seconds: float, identifies: int = 0, resumes: int = 0
    ) -> Json:
        """Wait until a session is connected and at least so many identifies and resumes have been seen."""

        def reached() -> bool:
            seen = self._hub.identifies >= identifies and self._hub.resumes >= resumes
            return seen and bool(self._hub.connected())

        if not await self._changes.wait_until(reached, min(timeout_seconds, _LONGEST_WAIT_SECONDS)):
            raise TimeoutError(f"no bot session within {timeout_seconds} s (seen: {self.sessions()})")
        return self.sessions()

    def log(self, *, after: int = 0, pattern: str = "", **wanted: Any) -> list[Json]:
        """Return entries above number `after` whose path matches the pattern and whose fields equal `wanted`."""
        found = self._log.entries(after=after, **wanted)
        return [entry for entry in found if re.search(pattern, str(entry.get("path", "")))]

    async def wait_for_log(
        self, *, timeout_seconds: float, count: int = 1, after: int = 0, pattern: str = "", **wanted: Any
    ) -> list[Json]:
        """Wait until `log` with these arguments has at least `count` entries, and return them."""

        def reached() -> bool:
            return len(self.log(after=after, pattern=pattern, **wanted)) >= count

        if not await self._changes.wait_until(reached, min(timeout_seconds, _LONGEST_WAIT_SECONDS)):
            raise TimeoutError(
                f"not {count} log entries with {wanted} {pattern!r} within {timeout_seconds} s"
            )
        return self.log(after=after, pattern=pattern, **wanted)

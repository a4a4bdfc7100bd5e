"""Gateway sessions: what each was sent is numbered and kept, so that a client gets exactly what it missed."""

import secrets
import time
from collections import deque
from typing import Protocol

from tests.emulators.discord.log import Changes
from tests.emulators.discord.payloads import Json

DISPATCH, RECONNECT, INVALID_SESSION = 0, 7, 9

INTENT_GUILDS = 1 << 0
INTENT_GUILD_MEMBERS = 1 << 1
INTENT_GUILD_WEBHOOKS = 1 << 5
INTENT_GUILD_PRESENCES = 1 << 8
INTENT_GUILD_MESSAGES = 1 << 9
INTENT_DIRECT_MESSAGES = 1 << 12
INTENT_MESSAGE_CONTENT = 1 << 15
NO_INTENT_NEEDED = 0

KEPT_EVENTS = 10_000
_RESUMABLE_SECONDS = 300.0


class Socket(Protocol):
    """The connection a session speaks through."""

    def send(self, frame: Json) -> None:
        """Queue a frame."""

    def close(self, code: int) -> None:
        """Close with a code after what is queued."""

    def abort(self) -> None:
        """Cut the connection without a word."""


class Session:
    """One identified bot shard, connected or waiting to be resumed."""

    def __init__(self, intents: int, shard: tuple[int, int]) -> None:
        self.session_id = secrets.token_hex(16)
        self.intents = intents
        self.shard = shard
        self.seq = 0
        self.socket: Socket | None = None
        self.detached_at = time.monotonic()
        self.resumes = 0
        self._sent: deque[Json] = deque(maxlen=KEPT_EVENTS)

    def push(self, event: str, payload: Json) -> None:
        """Number an event, keep it for a later RESUME and send it if a socket is there."""
        self.seq += 1
        frame: Json = {"op": DISPATCH, "t": event, "s": self.seq, "d": payload}
        self._sent.append(frame)
        if self.socket is not None:
            self.socket.send(frame)

    def missed_since(self, seq: int) -> list[Json] | None:
        """Return the events after `seq` in order, or None when some of them are no longer kept."""
        missed = [frame for frame in self._sent if frame["s"] > seq]
        return missed if len(missed) == self.seq - seq else None

    def sees(self, guild_id: str | None) -> bool:
        """Say whether a guild's events belong to this shard; direct messages belong to shard 0."""
        shard_id, shard_count = self.shard
        return shard_id == (0 if guild_id is None else (int(guild_id) >> 22) % shard_count)

    def describe(self) -> Json:
        """Return the session's state for the control API."""
        return {
            "session_id": self.session_id,
            "connected": self.socket is not None,
            "seq": self.seq,
            "intents": self.intents,
            "shard": list(self.shard),
            "resumes": self.resumes,
        }


class SessionHub:
    """All sessions; the one place where an event is handed to those who may see it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.sessions: dict[str, Session] = {}
        self.identifies = 0
        self.resumes = 0

    def open(self, intents: int, shard: tuple[int, int]) -> Session:
        """Start a session that has no socket yet."""
        session = Session(intents, shard)
        self.sessions[session.session_id] = session
        return session

    def attach(self, session: Session, socket: Socket, *, resumed: bool) -> None:
        """Give a session its socket; from here on it counts as connected."""
        if session.socket is not None:
            session.socket.close(4000)
        session.socket = socket
        if resumed:
            self.resumes += 1
            session.resumes += 1
        else:
            self.identifies += 1
        self._changes.notify()

    def detach(self, session: Session, *, resumable: bool) -> None:
        """Take a session's socket away, and forget the session if it cannot be resumed."""
        session.socket = None
        session.detached_at = time.monotonic()
        if not resumable:
            self.sessions.pop(session.session_id, None)
        self._changes.notify()

    def connected(self) -> list[Session]:
        """Return the sessions that have a socket."""
        return [session for session in self.sessions.values() if session.socket is not None]

    def publish(self, event: str, payload: Json, *, guild_id: str | None, intent: int, bot_id: str) -> None:
        """Hand an event to every session whose shard and intents cover it, waiting ones included."""
        self._forget_expired()
        for session in list(self.sessions.values()):
            if session.sees(guild_id) and (intent == NO_INTENT_NEEDED or session.intents & intent):
                session.push(event, _as_seen(event, payload, session.intents, bot_id))

    def invalidate(self, *, resumable: bool) -> None:
        """Send op 9 to every connected session; unless resumable, all known sessions end."""
        for session in list(self.sessions.values()):
            if session.socket is not None:
                session.socket.send({"op": INVALID_SESSION, "d": resumable, "s": None, "t": None})
            if not resumable:
                self.detach(session, resumable=False)

    def _forget_expired(self) -> None:
        oldest = time.monotonic() - _RESUMABLE_SECONDS
        for session in list(self.sessions.values()):
            if session.socket is None and session.detached_at < oldest:
                del self.sessions[session.session_id]


def _as_seen(event: str, payload: Json, intents: int, bot_id: str) -> Json:
    if event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or intents & INTENT_MESSAGE_CONTENT:
        return payload
    return without_content(payload, bot_id, in_guild="guild_id" in payload)


def without_content(message: Json, bot_id: str, *, in_guild: bool) -> Json:
    """Return a message as a bot without the message content intent gets it.

    The bot's own messages, direct messages and messages that mention the bot stay whole; in the others
    content, embeds, attachments and components are empty, also in what they quote or forward.
    """
    mentioned = any(user["id"] == bot_id for user in message["mentions"])
    if not in_guild or mentioned or message["author"]["id"] == bot_id:
        return message
    blank: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
    emptied = {**message, **blank}
    if message.get("referenced_message"):
        emptied["referenced_message"] = without_content(message["referenced_message"], bot_id, in_guild=True)
    if "message_snapshots" in message:
        emptied["message_snapshots"] = [
            {"message": {**snapshot["message"], **blank}} for snapshot in message["message_snapshots"]
        ]
    return emptied

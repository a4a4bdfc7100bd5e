"""What a socket may do: connect with a session, and ask for the events after a number."""

from typing import Any

from flask import request
from flask_socketio import join_room
from pymongo.errors import PyMongoError
from socketio.exceptions import ConnectionRefusedError as Refused

from shared.logs import get_logger
from shared.models import outbox
from shared.realtime import envelope, user_room
from web.auth.session import read_follower
from web.extensions import socketio

log = get_logger(__name__)

CATCH_UP_LIMIT = 200

_users: dict[str, str] = {}
"""Socket id to user id, for the sockets of this process."""


def bind() -> None:
    """Answer connect, disconnect and catch_up."""
    socketio.on_event("connect", connect)
    socketio.on_event("disconnect", disconnect)
    socketio.on_event("catch_up", catch_up)


def connect(_auth: object = None) -> None:
    """Let a signed-in user in, into their own room and no other.

    Raises
    ------
    ConnectionRefusedError
        If nobody is signed in, or the database does not answer.
    """
    try:
        found = read_follower()
    except PyMongoError:
        raise Refused("unavailable") from None
    if found is None:
        raise Refused("signed out")
    _users[_socket_id()] = found.user_id
    join_room(user_room(found.user_id))


def disconnect(_reason: object = None) -> None:
    """Forget a socket."""
    _users.pop(_socket_id(), None)


def catch_up(asked: object = None) -> dict[str, Any]:
    """Answer the user's events after `seq`, oldest first; `more` where there are more than are sent."""
    user_id = _users.get(_socket_id())
    seq = asked.get("seq") if isinstance(asked, dict) else None
    if user_id is None or not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**63:
        return {"error": "seq must be a number", "events": [], "more": False}
    try:
        events = outbox.after(user_id, seq, CATCH_UP_LIMIT + 1)
    except PyMongoError as error:
        log.warning("catch_up.no_database", error=type(error).__name__)
        return {"error": "unavailable", "events": [], "more": False}
    return {
        "events": [
            {"kind": event.kind, **envelope(event.event_id, event.seq, event.at, event.data)}
            for event in events[:CATCH_UP_LIMIT]
        ],
        "more": len(events) > CATCH_UP_LIMIT,
    }


def _socket_id() -> str:
    return str(request.sid)  # type: ignore[attr-defined]

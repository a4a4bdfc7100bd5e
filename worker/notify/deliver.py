"""Hand outbox rows to the users' rooms over Redis; numbered per user, so a page knows what it missed."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from shared.models import outbox
from shared.realtime import CHANNEL, envelope, user_room
from worker.context import Context

if TYPE_CHECKING:
    from flask_socketio import SocketIO


def deliver(context: Context, event_ids: Sequence[str]) -> str:
    """Emit events that were not delivered; one that is emitted twice keeps its number and id."""
    emitter = _emitter(context.settings.redis_url)
    waiting = [event for event in outbox.find_many(event_ids) if not event.delivered]
    for event in waiting:
        message = envelope(event.event_id, event.seq, event.at, event.data)
        emitter.emit(event.kind, message, to=user_room(event.user_id))
    outbox.mark_delivered([event.event_id for event in waiting])
    return f"{len(waiting)} of {len(event_ids)} delivered"


@cache
def _emitter(redis_url: str) -> "SocketIO":
    # It brings all of Flask and takes a second to import: for the worker that delivers, not for the other seven.
    from flask_socketio import SocketIO  # noqa: PLC0415

    # Without an app it only writes to the queue; web processes relay.
    return SocketIO(message_queue=redis_url, channel=CHANNEL)

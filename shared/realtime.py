"""What goes over the socket: rooms, event names and one envelope; workers emit, web relays."""

from datetime import datetime
from enum import StrEnum
from typing import Any

SCHEMA = 1
CHANNEL = "dx:socketio"
"""Redis channel between the workers' emitter and the web processes."""


class EventKind(StrEnum):
    """Events on the wire; `data` holds ids and what a page shows, never a secret."""

    SIGNAL_RECEIVED = "signal.received"
    RECEIPT_WRITTEN = "receipt.written"
    ORDER_CHANGED = "order.changed"
    TRADE_OPENED = "trade.opened"
    TRADE_CHANGED = "trade.changed"
    TRADE_CLOSED = "trade.closed"
    POSITION_COVER = "position.cover"
    EQUITY_CHANGED = "equity.changed"
    ACCOUNT_CHANGED = "account.changed"
    HALT_CHANGED = "halt.changed"
    JOB_PROGRESS = "job.progress"


def user_room(user_id: str) -> str:
    """Name the room of one user."""
    return f"user:{user_id}"


def community_room(community_id: str) -> str:
    """Name the room of one community's managers."""
    return f"community:{community_id}"


ADMIN_ROOM = "admin"


def envelope(event_id: str, seq: int, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """Wrap an event; a page that reconnects asks for what came after its last `seq`."""
    return {"event_id": event_id, "seq": seq, "at": at.isoformat(), "schema": SCHEMA, "data": data}

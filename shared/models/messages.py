"""The inbox: every revision of every message that reached us, and what became of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mongoengine import fields
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, hints_of, rows_of, to_row
from shared.models.together import Find, run

MAX_HEARD = 5
RING_SECONDS = (5, 10, 20, 40, 60)


class MessageStatus(StrEnum):
    """PENDING is on its way; the others are ends, each with a reason."""

    PENDING = "pending"
    NOISE = "noise"
    QUARANTINED = "quarantined"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One revision of one message, as recorded.

    `rings` counts how often the sweep rang for it, `heard` how often a worker then began and brought it to no
    end; `heard_ring` is the last ring that was heard.
    """

    row_id: str
    source: str
    guild_id: str
    channel_id: str
    message_id: str
    revision: int
    event: str
    author_id: str
    author_name: str
    is_webhook: bool
    content: str
    posted_at: datetime
    recorded_at: datetime
    next_check_at: datetime
    embeds: tuple[dict[str, Any], ...] = ()
    reply_to: str | None = None
    edited_at: datetime | None = None
    status: MessageStatus = MessageStatus.PENDING
    reason: str = ""
    detail: str = ""
    rings: int = 0
    heard: int = 0
    heard_ring: int = 0
    provider_id: str | None = None
    signal_id: str | None = None
    notes: tuple[str, ...] = field(default=())


class Message(BaseDocument):
    """Owner: a provider's community. Written by bot, web and the inbox command (insert), workers (status)."""

    row_id = fields.StringField(primary_key=True)
    source = fields.StringField(required=True)
    guild_id = fields.StringField()
    channel_id = fields.StringField(required=True)
    message_id = fields.StringField(required=True)
    revision = fields.LongField(required=True)
    event = fields.StringField(required=True)
    author_id = fields.StringField()
    author_name = fields.StringField()
    is_webhook = fields.BooleanField()
    content = fields.StringField()
    embeds = fields.ListField(fields.DictField())
    reply_to = fields.StringField(null=True)
    posted_at = fields.DateTimeField(required=True)
    edited_at = fields.DateTimeField(null=True)
    recorded_at = fields.DateTimeField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    status = fields.StringField(required=True)
    reason = fields.StringField()
    detail = fields.StringField()
    rings = fields.IntField()
    heard = fields.IntField()
    heard_ring = fields.IntField()
    provider_id = fields.StringField(null=True)
    signal_id = fields.StringField(null=True)
    notes = fields.ListField(fields.StringField())

    meta = {
        "collection": "messages",
        "indexes": [
            {"fields": ["source", "channel_id", "message_id", "revision"], "unique": True},
            ["status", "next_check_at"],
            ["channel_id", "-posted_at"],
            ["provider_id", "-posted_at"],
            ["message_id"],
        ],
    }


def create_once(message: InboxMessage) -> bool:
    """Insert a message unless this revision is there; tell whether it was created."""
    try:
        rows_of(Message).insert_one(to_row(message, "row_id"))
    except DuplicateKeyError:
        return False
    return True


def find(row_id: str) -> InboxMessage | None:
    """Read one revision."""
    row = rows_of(Message).find_one({"_id": row_id})
    return _domain(row) if row else None


def begin(row_id: str) -> InboxMessage | None:
    """Read one revision in order to bring it to its end; where the sweep rang for it, count that it was heard.

    A ring counts once, however often it is heard, and it counts before the row is understood: one that nobody
    can read must come to an end too.
    """
    row = rows_of(Message).find_one({"_id": row_id})
    if row is None:
        return None
    if row["status"] == str(MessageStatus.PENDING) and row["heard_ring"] < row["rings"]:
        query = {"_id": row_id, "status": row["status"], "heard_ring": {"$lt": row["rings"]}}
        rows_of(Message).update_one(query, {"$set": {"heard_ring": row["rings"]}, "$inc": {"heard": 1}})
    return _domain(row)


def finding_existing(row_ids: Iterable[str]) -> Find[set[str]]:
    """Return the find of which of these rows are there."""
    return Find(
        Message,
        {"_id": {"$in": list(row_ids)}},
        lambda rows: {row["_id"] for row in rows},
        fields=("_id",),
    )


def is_of_another(source: str, channel_id: str, message_id: str, author_id: str) -> bool:
    """Tell whether a revision of this message is there that somebody else wrote."""
    query = {"source": source, "channel_id": channel_id, "message_id": message_id}
    return rows_of(Message).find_one({**query, "author_id": {"$ne": author_id}}, {"_id": 1}) is not None


def revisions(source: str, channel_id: str, message_id: str) -> list[InboxMessage]:
    """List what is known of one message, oldest revision first."""
    return run(finding_revisions(source, channel_id, message_id))


def finding_revisions(source: str, channel_id: str, message_id: str) -> Find[list[InboxMessage]]:
    """Return the find of what is known of one message, oldest revision first."""
    return Find(
        Message,
        {"source": source, "channel_id": channel_id, "message_id": message_id},
        lambda rows: sorted(map(_domain, rows), key=lambda message: message.revision),
    )


def newest_id(channel_id: str) -> tuple[str, datetime] | None:
    """Return the id and time of the channel's newest recorded message."""
    row = rows_of(Message).find_one({"channel_id": channel_id}, sort=[("posted_at", DESCENDING)])
    return (row["message_id"], row["posted_at"]) if row else None


def newest_of_provider(provider_id: str, limit: int) -> list[InboxMessage]:
    """Read the newest messages of a provider, each revision by itself, newest first."""
    rows = rows_of(Message).find({"provider_id": provider_id, "event": {"$ne": "delete"}})
    return [_domain(row) for row in rows.sort("posted_at", -1).limit(limit)]


def finish(
    row_id: str,
    status: MessageStatus,
    reason: str,
    *,
    detail: str = "",
    provider_id: str | None = None,
    signal_id: str | None = None,
    notes: Sequence[str] = (),
    wait: bool = True,
) -> bool:
    """Give a pending message its end; false where it has one already. `wait` as in `shared.models.durable`."""
    change: Row = {"status": str(status), "reason": reason, "detail": detail, "notes": list(notes)}
    if provider_id is not None:
        change["provider_id"] = provider_id
    if signal_id is not None:
        change["signal_id"] = signal_id
    query = {"_id": row_id, "status": str(MessageStatus.PENDING)}
    rows = rows_of(Message) if wait else hints_of(Message)
    return rows.update_one(query, {"$set": change}).modified_count == 1


def postpone(row_id: str, until: datetime) -> None:
    """Let the sweep ring again at `until`; who knows what it waits for, or goes on, has not failed."""
    query = {"_id": row_id, "status": str(MessageStatus.PENDING)}
    hints_of(Message).update_one(query, {"$set": {"next_check_at": until, "heard": 0}})


def replay(row_id: str, now: datetime) -> bool:
    """Put a failed message back to pending, as the operator asked."""
    query = {"_id": row_id, "status": str(MessageStatus.FAILED)}
    again = {"status": str(MessageStatus.PENDING), "reason": "", "rings": 0, "heard": 0, "heard_ring": 0}
    change = {"$set": {**again, "next_check_at": now}}
    return rows_of(Message).update_one(query, change).modified_count == 1


def take_due(now: datetime, limit: int) -> tuple[list[str], list[str]]:
    """Pick pending messages to ring again, and those that workers began too often without an end.

    Picking moves the next look on in the same pass, so that a sweep never floods the queue. A ring that no worker
    heard is no failure of the message: while all are away it waits, however long.
    """
    query = {"status": str(MessageStatus.PENDING), "next_check_at": {"$lte": now}}
    rows = list(
        rows_of(Message).find(query, {"rings": 1, "heard": 1}).sort("next_check_at", ASCENDING).limit(limit)
    )
    spent = [row["_id"] for row in rows if row["heard"] >= MAX_HEARD]
    due = [row for row in rows if row["heard"] < MAX_HEARD]
    for rings in {row["rings"] for row in due}:
        ids = [row["_id"] for row in due if row["rings"] == rings]
        later = now + timedelta(seconds=RING_SECONDS[min(rings, len(RING_SECONDS) - 1)])
        hints_of(Message).update_many(
            {"_id": {"$in": ids}, "status": str(MessageStatus.PENDING)},
            {"$inc": {"rings": 1}, "$set": {"next_check_at": later}},
        )
    return [row["_id"] for row in due], spent


def count_by_status(statuses: Iterable[MessageStatus]) -> int:
    """Count messages in the given states."""
    return rows_of(Message).count_documents({"status": {"$in": [str(status) for status in statuses]}})


def delete_noise(before: datetime) -> int:
    """Delete messages that asked for nothing and were recorded before a moment."""
    query = {"status": str(MessageStatus.NOISE), "next_check_at": {"$lt": before}}
    return rows_of(Message).delete_many(query).deleted_count


def _domain(row: Row) -> InboxMessage:
    return from_row(InboxMessage, row, "row_id")

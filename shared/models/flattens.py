"""Flattens: one row for each halt that also closes what is open, with how far it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mongoengine import fields

from shared.models.base import BaseDocument
from shared.models.commands import Counts
from shared.models.mapping import from_row, hints_of, rows_of, to_row
from shared.models.signals import insert_many_once

RING_SECONDS = 5


class FlattenStatus(StrEnum):
    """PENDING until every open trade of the scope had its command and every command its end."""

    PENDING = "pending"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class FlattenState:
    """A flatten; `pending`, `done` and `refused` count its commands, one for each trade found open."""

    halt_id: str
    scope: str
    by: str
    via: str
    at: datetime
    status: FlattenStatus
    next_check_at: datetime
    pending: int = 0
    done: int = 0
    refused: int = 0
    ended_at: datetime | None = None


class Flatten(BaseDocument):
    """Owner: the scope's owner. Inserted by the command line and web with a halt; workers write its progress."""

    halt_id = fields.StringField(primary_key=True)
    scope = fields.StringField(required=True)
    by = fields.StringField(required=True)
    via = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)
    status = fields.StringField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    pending = fields.IntField()
    done = fields.IntField()
    refused = fields.IntField()
    ended_at = fields.DateTimeField(null=True)

    meta = {
        "collection": "flattens",
        "indexes": [
            {
                "fields": ["status", "next_check_at"],
                "partialFilterExpression": {"status": str(FlattenStatus.PENDING)},
            },
            {"fields": ["at"], "expireAfterSeconds": 730 * 86400},
        ],
    }


def create_once(flatten: FlattenState) -> None:
    """Insert a flatten unless it is there."""
    insert_many_once(Flatten, [to_row(flatten, "halt_id")])


def find(halt_id: str) -> FlattenState | None:
    """Read one flatten."""
    row = rows_of(Flatten).find_one({"_id": halt_id})
    return from_row(FlattenState, row, "halt_id") if row else None


def report(halt_id: str, counts: Counts, ended_at: datetime | None) -> None:
    """Write how far a flatten is; with `ended_at` it is done."""
    change = {"pending": counts.pending, "done": counts.done, "refused": counts.refused}
    query = {"_id": halt_id, "status": str(FlattenStatus.PENDING)}
    if ended_at is None:
        hints_of(Flatten).update_one(query, {"$set": change})
    else:
        ended = {"status": str(FlattenStatus.DONE), "ended_at": ended_at}
        rows_of(Flatten).update_one(query, {"$set": {**change, **ended}})


def take_due(now: datetime, limit: int) -> list[str]:
    """Pick pending flattens that are due and move their next look on in the same pass."""
    query = {"status": str(FlattenStatus.PENDING), "next_check_at": {"$lte": now}}
    picked = [row["_id"] for row in rows_of(Flatten).find(query, {"_id": 1}).limit(limit)]
    if picked:
        later = now + timedelta(seconds=RING_SECONDS)
        hints_of(Flatten).update_many({"_id": {"$in": picked}}, {"$set": {"next_check_at": later}})
    return picked


def count_pending() -> int:
    """Count flattens that have not ended."""
    return rows_of(Flatten).count_documents({"status": str(FlattenStatus.PENDING)})

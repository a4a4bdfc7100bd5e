"""What users are to be told: rows first, delivery after, each event once per id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mongoengine import fields

from shared.models.base import BaseDocument
from shared.models.counters import next_numbers
from shared.models.mapping import Row, from_row, hints_of, rows_of, to_row
from shared.models.signals import insert_many_once

RING_AGAIN_SECONDS = 30
"""Longer than a fan-out's events take to be delivered: they are not rung for while they are on their way."""


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One event for one user; `seq` is given when it is recorded and grows without repeats."""

    event_id: str
    user_id: str
    kind: str
    data: dict[str, Any]
    at: datetime
    next_check_at: datetime
    seq: int = 0
    delivered: bool = False


class Outbox(BaseDocument):
    """Owner: a user. Written by workers; retention 7 days (a page asks for what it missed)."""

    event_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    kind = fields.StringField(required=True)
    data = fields.DictField()
    at = fields.DateTimeField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    seq = fields.LongField(required=True)
    delivered = fields.BooleanField(required=True)

    meta = {
        "collection": "outbox",
        "indexes": [
            ["user_id", "seq"],
            {"fields": ["delivered", "next_check_at"], "partialFilterExpression": {"delivered": False}},
            {"fields": ["at"], "expireAfterSeconds": 7 * 86400},
        ],
    }


def record_events(events: Sequence[OutboxEvent], *, wait: bool = True) -> None:
    """Number events and insert them, leaving those that are there with the number they have.

    Numbers grow for everybody together, so each user's grow too. `wait` as in `shared.models.durable`.
    """
    if not events:
        return
    first = next_numbers("outbox", len(events)) - len(events) + 1
    rows = [to_row(replace(event, seq=first + place), "event_id") for place, event in enumerate(events)]
    insert_many_once(Outbox, rows, wait=wait)


def take_undelivered(now: datetime, limit: int) -> list[str]:
    """Pick events that wait longer than a ring, oldest first, and move their next look on in the same pass."""
    query = {"delivered": False, "next_check_at": {"$lte": now}}
    rows = rows_of(Outbox).find(query, {"_id": 1}).sort("next_check_at", 1).limit(limit)
    picked = [row["_id"] for row in rows]
    if picked:
        later = now + timedelta(seconds=RING_AGAIN_SECONDS)
        hints_of(Outbox).update_many({"_id": {"$in": picked}}, {"$set": {"next_check_at": later}})
    return picked


def find_many(event_ids: Sequence[str]) -> list[OutboxEvent]:
    """Read several events in the order of their time."""
    return [_domain(row) for row in rows_of(Outbox).find({"_id": {"$in": list(event_ids)}}).sort("at", 1)]


def mark_delivered(event_ids: Sequence[str]) -> None:
    """Tell that events were handed to the rooms."""
    hints_of(Outbox).update_many({"_id": {"$in": list(event_ids)}}, {"$set": {"delivered": True}})


def newest_seq(user_id: str) -> int:
    """Return the number of the newest event of a user, 0 without any: a page asks for what comes after it."""
    row = rows_of(Outbox).find_one({"user_id": user_id}, {"seq": 1}, sort=[("seq", -1)])
    return int(row["seq"]) if row else 0


def after(user_id: str, seq: int, limit: int) -> list[OutboxEvent]:
    """List a user's events after `seq`, oldest first."""
    query = {"user_id": user_id, "seq": {"$gt": seq}}
    return [_domain(row) for row in rows_of(Outbox).find(query).sort("seq", 1).limit(limit)]


def count_undelivered() -> int:
    """Count events that have not been handed on."""
    return rows_of(Outbox).count_documents({"delivered": False})


def _domain(row: Row) -> OutboxEvent:
    return from_row(OutboxEvent, row, "event_id")

"""What users are to be told: rows first, delivery after, each event once per id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mongoengine import fields
from pymongo import ReturnDocument, UpdateOne

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, hints_of, rows_of, to_row
from shared.models.signals import insert_many_once
from shared.models.users import User

RING_AGAIN_SECONDS = 30
"""Longer than a fan-out's events take to be delivered: they are not rung for while they are on their way."""


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One event for one user; `seq` is given at delivery and grows per user without repeats."""

    event_id: str
    user_id: str
    kind: str
    data: dict[str, Any]
    at: datetime
    next_check_at: datetime
    seq: int | None = None
    delivered: bool = False


class Outbox(BaseDocument):
    """Owner: a user. Written by workers; retention 7 days (a page asks for what it missed)."""

    event_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    kind = fields.StringField(required=True)
    data = fields.DictField()
    at = fields.DateTimeField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    seq = fields.LongField(null=True)
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
    """Insert events, leaving those that are there. `wait` as in `shared.models.durable`."""
    insert_many_once(Outbox, [to_row(event, "event_id") for event in events], wait=wait)


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


def give_seqs(events: Sequence[OutboxEvent], now: datetime) -> dict[str, int]:
    """Number events within their users' events, one write a user and one for all; return numbers by event.

    An event that another delivery numbered first is left out, and so is one whose user is gone.
    """
    by_user: dict[str, list[str]] = {}
    for event in events:
        by_user.setdefault(event.user_id, []).append(event.event_id)
    numbers: dict[str, int] = {}
    for user_id, event_ids in by_user.items():
        user = rows_of(User).find_one_and_update(
            {"_id": user_id}, {"$inc": {"event_seq": len(event_ids)}}, return_document=ReturnDocument.AFTER
        )
        if user is not None:
            first = user["event_seq"] - len(event_ids) + 1
            numbers |= {event_id: first + place for place, event_id in enumerate(event_ids)}
    return _store_numbers(numbers, now + timedelta(seconds=RING_AGAIN_SECONDS))


def _store_numbers(numbers: Mapping[str, int], next_check_at: datetime) -> dict[str, int]:
    if not numbers:
        return {}
    writes = [
        UpdateOne({"_id": event_id, "seq": None}, {"$set": {"seq": seq, "next_check_at": next_check_at}})
        for event_id, seq in numbers.items()
    ]
    rows = rows_of(Outbox)
    if rows.bulk_write(writes, ordered=False).modified_count == len(writes):
        return dict(numbers)
    stored = {row["_id"]: row["seq"] for row in rows.find({"_id": {"$in": list(numbers)}}, {"seq": 1})}
    return {event_id: seq for event_id, seq in numbers.items() if stored.get(event_id) == seq}


def mark_delivered(event_ids: Sequence[str]) -> None:
    """Tell that events were handed to the rooms."""
    hints_of(Outbox).update_many({"_id": {"$in": list(event_ids)}}, {"$set": {"delivered": True}})


def after(user_id: str, seq: int, limit: int) -> list[OutboxEvent]:
    """List a user's events after `seq`, oldest first."""
    query = {"user_id": user_id, "seq": {"$gt": seq}}
    return [_domain(row) for row in rows_of(Outbox).find(query).sort("seq", 1).limit(limit)]


def count_undelivered() -> int:
    """Count events that have not been handed on."""
    return rows_of(Outbox).count_documents({"delivered": False})


def _domain(row: Row) -> OutboxEvent:
    return from_row(OutboxEvent, row, "event_id")

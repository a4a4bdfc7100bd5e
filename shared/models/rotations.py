"""Rotations of the key that seals credentials, and the credentials they go through.

What a rotation has done is written on each credential in the write that did it, so that a page that runs twice
counts once and a rotation that was killed goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mongoengine import fields
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.models.base import BaseDocument
from shared.models.credentials import Credential, SealedCredential
from shared.models.mapping import Row, from_row, hints_of, rows_of, to_row

RING_SECONDS = 5


class RotationStatus(StrEnum):
    """PENDING while there are credentials to look at; FAILED where the workers' keys do not fit."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


_PENDING = str(RotationStatus.PENDING)


@dataclass(frozen=True, slots=True)
class Tally:
    """Credentials by what became of them: sealed anew, sealed so already, and not opened, by reason."""

    rotated: int = 0
    already: int = 0
    failed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RotationState:
    """A rotation to the key `key_id`."""

    rotation_id: str
    key_id: str
    by: str
    at: datetime
    status: RotationStatus
    next_check_at: datetime
    rotated: int = 0
    already: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    code: str = ""
    sentence: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of one credential: bytes for another key, or a code."""

    credential: SealedCredential
    sealed: bytes = b""
    code: str | None = None


class Rotation(BaseDocument):
    """Owner: the operator. Inserted by the command line, one at a time; workers write its progress."""

    rotation_id = fields.StringField(primary_key=True)
    key_id = fields.StringField(required=True)
    by = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)
    status = fields.StringField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    rotated = fields.IntField()
    already = fields.IntField()
    failed = fields.DictField()
    code = fields.StringField()
    sentence = fields.StringField()
    ended_at = fields.DateTimeField(null=True)

    meta = {
        "collection": "rotations",
        "indexes": [
            # One at a time: a unique row, not a query.
            {"fields": ["status"], "unique": True, "partialFilterExpression": {"status": _PENDING}},
            {"fields": ["at"], "expireAfterSeconds": 730 * 86400},
        ],
    }


def create_once(rotation: RotationState) -> bool:
    """Insert a rotation; False where one is under way."""
    try:
        rows_of(Rotation).insert_one(to_row(rotation, "rotation_id"))
    except DuplicateKeyError:
        return False
    return True


def find(rotation_id: str) -> RotationState | None:
    """Read one rotation."""
    return _domain(rows_of(Rotation).find_one({"_id": rotation_id}))


def find_pending() -> RotationState | None:
    """Read the rotation that is under way."""
    return _domain(rows_of(Rotation).find_one({"status": _PENDING}))


def take_due(now: datetime) -> list[str]:
    """Pick the rotation under way if it is due, and move its next look on."""
    query = {"status": _PENDING, "next_check_at": {"$lte": now}}
    picked = [row["_id"] for row in rows_of(Rotation).find(query, {"_id": 1})]
    if picked:
        later = now + timedelta(seconds=RING_SECONDS)
        hints_of(Rotation).update_many({"_id": {"$in": picked}}, {"$set": {"next_check_at": later}})
    return picked


def report(rotation_id: str, tally: Tally) -> None:
    """Write how far a rotation is."""
    hints_of(Rotation).update_one({"_id": rotation_id, "status": _PENDING}, {"$set": to_row(tally)})


def end(
    rotation_id: str,
    tally: Tally,
    at: datetime,
    *,
    status: RotationStatus = RotationStatus.DONE,
    code: str = "",
    sentence: str = "",
) -> None:
    """End a rotation, once."""
    change = {**to_row(tally), "status": str(status), "code": code, "sentence": sentence, "ended_at": at}
    rows_of(Rotation).update_one({"_id": rotation_id, "status": _PENDING}, {"$set": change})


def count_pending() -> int:
    """Count rotations that have not ended."""
    return rows_of(Rotation).count_documents({"status": _PENDING})


def next_page(rotation: RotationState, limit: int) -> list[SealedCredential]:
    """Read credentials that another key seals and that this rotation has not failed to open."""
    query = {
        "key_id": {"$ne": rotation.key_id},
        "$or": [{"rotation_id": {"$ne": rotation.rotation_id}}, {"rotation_code": None}],
    }
    return [
        from_row(SealedCredential, row, "credential_id")
        for row in rows_of(Credential).find(query).limit(limit)
    ]


def store(rotation: RotationState, page: Sequence[Resealed]) -> None:
    """Write what became of credentials, each only if it still is what was read: a newer one is left alone."""
    rows_of(Credential).bulk_write([_write(rotation, item) for item in page], ordered=False)


def tally_of(rotation: RotationState) -> Tally:
    """Count what a rotation has done so far."""
    mine: Row = {"rotation_id": rotation.rotation_id}
    rows = rows_of(Credential)
    rotated = rows.count_documents({**mine, "rotation_code": None, "key_id": rotation.key_id})
    stages: list[Row] = [
        {"$match": {**mine, "rotation_code": {"$ne": None}, "key_id": {"$ne": rotation.key_id}}},
        {"$group": {"_id": "$rotation_code", "count": {"$sum": 1}}},
    ]
    failed = {row["_id"]: row["count"] for row in rows.aggregate(stages)}
    return Tally(rotated, rows.count_documents({"key_id": rotation.key_id}) - rotated, failed)


def count_by_key() -> dict[str, int]:
    """Count all credentials by the key that seals them."""
    # Sorted first, so that the index alone is read.
    stages: list[Row] = [{"$sort": {"key_id": 1}}, {"$group": {"_id": "$key_id", "count": {"$sum": 1}}}]
    return {row["_id"]: row["count"] for row in rows_of(Credential).aggregate(stages)}


def _write(rotation: RotationState, item: Resealed) -> UpdateOne:
    was = item.credential
    change: Row = {"rotation_id": rotation.rotation_id, "rotation_code": item.code}
    if item.code is None:
        change |= {"key_id": rotation.key_id, "sealed": item.sealed}
    query = {"_id": was.credential_id, "key_id": was.key_id, "sealed": was.sealed}
    return UpdateOne(query, {"$set": change})


def _domain(row: Row | None) -> RotationState | None:
    return from_row(RotationState, row, "rotation_id") if row else None

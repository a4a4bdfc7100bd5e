"""Halts in force, one row per scope; history is in the audit log."""

from datetime import datetime

from mongoengine import fields
from pymongo.errors import DuplicateKeyError

from shared.domain.halts import Halt as HaltValue
from shared.domain.halts import HaltState
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, rows_of, to_row
from shared.models.together import Find, run


class Halt(BaseDocument):
    """Owner: the scope's owner. Written by web, command line and breakers; read before every wave."""

    scope = fields.StringField(primary_key=True)
    state = fields.StringField(required=True)
    reason = fields.StringField()
    at = fields.DateTimeField(required=True)

    meta = {"collection": "halts", "indexes": []}


class BreakerTrip(BaseDocument):
    """Owner: the scope's owner. Written by workers, once a scope and day; who resumes is not halted again that day."""

    trip_id = fields.StringField(primary_key=True)
    scope = fields.StringField(required=True)
    day = fields.StringField(required=True)
    reason = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)

    meta = {
        "collection": "breaker_trips",
        "indexes": [["scope"], {"fields": ["at"], "expireAfterSeconds": 400 * 86400}],
    }


def in_force() -> list[HaltValue]:
    """List all halts; few, read whole."""
    return run(finding_in_force())


def finding_in_force() -> Find[list[HaltValue]]:
    """Return the find of all halts."""
    return Find(
        Halt,
        {"state": {"$ne": str(HaltState.ACTIVE)}},
        lambda rows: [from_row(HaltValue, row, "scope") for row in rows],
    )


def set_halt(scope: str, state: HaltState, reason: str, at: datetime) -> None:
    """Put a scope into a state; ACTIVE resumes it."""
    row = to_row(HaltValue(scope=scope, state=state, reason=reason, at=at), "scope")
    rows_of(Halt).replace_one({"_id": scope}, row, upsert=True)


def set_if_active(scope: str, state: HaltState, reason: str, at: datetime) -> bool:
    """Put a scope that trades into a state; false where somebody has halted it already."""
    row = to_row(HaltValue(scope=scope, state=state, reason=reason, at=at), "scope")
    try:
        rows_of(Halt).replace_one({"_id": scope, "state": str(HaltState.ACTIVE)}, row, upsert=True)
    except DuplicateKeyError:
        return False
    return True


def has_tripped(scope: str, day: str) -> bool:
    """Tell whether the breaker of a scope has tripped on a day."""
    return rows_of(BreakerTrip).find_one({"_id": f"{scope}@{day}"}, {"_id": 1}) is not None


def tripped_since(since: datetime) -> dict[str, datetime]:
    """List the scopes whose breakers have tripped since a moment, each with the newest time."""
    rows = rows_of(BreakerTrip).find({"at": {"$gte": since}}, {"scope": 1, "at": 1}).sort("at", 1)
    return {row["scope"]: row["at"] for row in rows}


def record_trip(scope: str, day: str, reason: str, at: datetime) -> bool:
    """Note that a breaker has tripped; false where that is noted already."""
    row: Row = {"_id": f"{scope}@{day}", "scope": scope, "day": day, "reason": reason, "at": at}
    try:
        rows_of(BreakerTrip).insert_one(row)
    except DuplicateKeyError:
        return False
    return True

"""Halts in force, one row per scope; history is in the audit log."""

from datetime import datetime

from mongoengine import fields

from shared.domain.halts import Halt as HaltValue
from shared.domain.halts import HaltState
from shared.models.base import BaseDocument
from shared.models.mapping import from_row, rows_of, to_row
from shared.models.together import Find, run


class Halt(BaseDocument):
    """Owner: the scope's owner. Written by web, command line and breakers; read before every wave."""

    scope = fields.StringField(primary_key=True)
    state = fields.StringField(required=True)
    reason = fields.StringField()
    at = fields.DateTimeField(required=True)

    meta = {"collection": "halts", "indexes": []}


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

"""A user's second factor: the sealed seed, the last step used, recovery codes by their fingerprints, and tries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mongoengine import fields
from pymongo.errors import DuplicateKeyError

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, rows_of

MOST_TRIES = 5
TRIES_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class FactorRecord:
    """A second factor in force."""

    user_id: str
    sealed_seed: bytes
    confirmed_at: datetime
    last_step: int = 0
    recovery: tuple[str, ...] = ()


class SecondFactor(BaseDocument):
    """Owner: a user. Written by web and the command line; the seed is sealed and recovery codes are fingerprints."""

    user_id = fields.StringField(primary_key=True)
    sealed_seed = fields.BinaryField(required=True)
    confirmed_at = fields.DateTimeField(required=True)
    last_step = fields.LongField(default=0)
    recovery = fields.ListField(fields.StringField())
    tries = fields.ListField(fields.DateTimeField())

    meta = {"collection": "second_factors", "indexes": []}


def find(user_id: str) -> FactorRecord | None:
    """Read a user's second factor."""
    row = rows_of(SecondFactor).find_one({"_id": user_id}, {"tries": 0})
    return from_row(FactorRecord, row, "user_id") if row else None


def put(user_id: str, sealed_seed: bytes, step: int, recovery: list[str], now: datetime) -> bool:
    """Put a seed in force whose code of `step` was shown; false where the user has a second factor already."""
    row: Row = {"_id": user_id, "sealed_seed": sealed_seed, "confirmed_at": now, "last_step": step}
    try:
        rows_of(SecondFactor).insert_one({**row, "recovery": recovery, "tries": []})
    except DuplicateKeyError:
        return False
    return True


def begin_try(user_id: str, now: datetime) -> bool:
    """Count a try before a code is looked at; false where five were made within fifteen minutes."""
    since = now - TRIES_WITHIN
    rows_of(SecondFactor).update_one({"_id": user_id}, {"$pull": {"tries": {"$lte": since}}})
    free = {"_id": user_id, f"tries.{MOST_TRIES - 1}": {"$exists": False}}
    return rows_of(SecondFactor).update_one(free, {"$push": {"tries": now}}).modified_count == 1


def use_step(user_id: str, step: int) -> bool:
    """Spend a code's time step: true for one asker only, and never for a step that is not after the last one."""
    query = {"_id": user_id, "last_step": {"$lt": step}}
    change = {"$set": {"last_step": step, "tries": []}}
    return rows_of(SecondFactor).update_one(query, change).modified_count == 1


def use_recovery(user_id: str, fingerprint: str) -> bool:
    """Spend a recovery code: true for one asker only."""
    query = {"_id": user_id, "recovery": fingerprint}
    change: Row = {"$pull": {"recovery": fingerprint}, "$set": {"tries": []}}
    return rows_of(SecondFactor).update_one(query, change).modified_count == 1


def replace_recovery(user_id: str, recovery: list[str]) -> bool:
    """Put new recovery codes in the place of all old ones."""
    change = {"$set": {"recovery": recovery}}
    return rows_of(SecondFactor).update_one({"_id": user_id}, change).matched_count == 1


def remove(user_id: str) -> bool:
    """Take a user's second factor away."""
    return rows_of(SecondFactor).delete_one({"_id": user_id}).deleted_count == 1

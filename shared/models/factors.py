"""A user's second factor: the sealed seed, the last step used, recovery codes by their fingerprints, and tries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mongoengine import fields

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, rows_of

MOST_TRIES = 5
TRIES_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class FactorRecord:
    """A second factor; one that is not confirmed yet protects nothing and may be replaced."""

    user_id: str
    sealed_seed: bytes
    confirmed_at: datetime | None = None
    last_step: int = 0
    recovery: tuple[str, ...] = ()


class SecondFactor(BaseDocument):
    """Owner: a user. Written by web and the command line; the seed is sealed and recovery codes are fingerprints."""

    user_id = fields.StringField(primary_key=True)
    sealed_seed = fields.BinaryField(required=True)
    confirmed_at = fields.DateTimeField(null=True)
    last_step = fields.LongField(default=0)
    recovery = fields.ListField(fields.StringField())
    tries = fields.ListField(fields.DateTimeField())

    meta = {"collection": "second_factors", "indexes": []}


def find(user_id: str) -> FactorRecord | None:
    """Read a user's second factor, confirmed or not."""
    row = rows_of(SecondFactor).find_one({"_id": user_id}, {"tries": 0})
    return from_row(FactorRecord, row, "user_id") if row else None


def propose(user_id: str, sealed_seed: bytes) -> bool:
    """Store a seed that a first code must confirm; false where a confirmed one is in force."""
    query = {"_id": user_id, "confirmed_at": None}
    born: Row = {"last_step": 0, "recovery": [], "tries": []}
    change = {"$set": {"sealed_seed": sealed_seed, "confirmed_at": None}, "$setOnInsert": born}
    if rows_of(SecondFactor).find_one({"_id": user_id, "confirmed_at": {"$ne": None}}, {"_id": 1}):
        return False
    rows_of(SecondFactor).update_one(query, change, upsert=True)
    return True


def confirm(user_id: str, sealed_seed: bytes, step: int, recovery: list[str], now: datetime) -> bool:
    """Put the proposed seed in force; false where another was proposed meanwhile, or one is in force."""
    query = {"_id": user_id, "confirmed_at": None, "sealed_seed": sealed_seed}
    change: Row = {"confirmed_at": now, "last_step": step, "recovery": recovery, "tries": []}
    return rows_of(SecondFactor).update_one(query, {"$set": change}).modified_count == 1


def begin_try(user_id: str, now: datetime) -> bool:
    """Count a try before a code is looked at; false where five were made within fifteen minutes."""
    since = now - TRIES_WITHIN
    rows_of(SecondFactor).update_one({"_id": user_id}, {"$pull": {"tries": {"$lte": since}}})
    free = {"_id": user_id, f"tries.{MOST_TRIES - 1}": {"$exists": False}}
    return rows_of(SecondFactor).update_one(free, {"$push": {"tries": now}}).modified_count == 1


def use_step(user_id: str, step: int) -> bool:
    """Spend a code's time step: true for one asker only, and never for a step that is not after the last one."""
    query = {"_id": user_id, "confirmed_at": {"$ne": None}, "last_step": {"$lt": step}}
    change = {"$set": {"last_step": step, "tries": []}}
    return rows_of(SecondFactor).update_one(query, change).modified_count == 1


def use_recovery(user_id: str, fingerprint: str) -> bool:
    """Spend a recovery code: true for one asker only."""
    query = {"_id": user_id, "confirmed_at": {"$ne": None}, "recovery": fingerprint}
    change: Row = {"$pull": {"recovery": fingerprint}, "$set": {"tries": []}}
    return rows_of(SecondFactor).update_one(query, change).modified_count == 1


def replace_recovery(user_id: str, recovery: list[str]) -> bool:
    """Put new recovery codes in the place of all old ones."""
    query = {"_id": user_id, "confirmed_at": {"$ne": None}}
    return rows_of(SecondFactor).update_one(query, {"$set": {"recovery": recovery}}).matched_count == 1


def remove(user_id: str) -> bool:
    """Take a user's second factor away."""
    return rows_of(SecondFactor).delete_one({"_id": user_id}).deleted_count == 1

"""Numbers that only grow, whoever asks for them."""

from mongoengine import fields
from pymongo import ReturnDocument

from shared.models.base import BaseDocument
from shared.models.mapping import hints_of, rows_of


class Counter(BaseDocument):
    """Owner: the operator. Written by workers, and whoever appends to the audit log; one row per kind of number, for good."""

    name = fields.StringField(primary_key=True)
    last = fields.LongField(required=True)

    meta = {"collection": "counters", "indexes": []}


def last_of(name: str) -> int:
    """Return the last number of a kind; 0 where it has not begun."""
    row = rows_of(Counter).find_one({"_id": name})
    return int(row["last"]) if row else 0


def raise_to(name: str, number: int, *, wait: bool = True) -> None:
    """Let a kind of number stand at `number`, unless it stands higher already. `wait` as in `shared.models.durable`."""
    rows = rows_of(Counter) if wait else hints_of(Counter)
    rows.update_one({"_id": name}, {"$max": {"last": number}}, upsert=True)


def next_numbers(name: str, count: int) -> int:
    """Take so many numbers and return the last of them; they follow one another."""
    # A counter that begins, or begins again after a loss, begins above everything it can have given before.
    begun = {"$ifNull": ["$last", {"$toLong": "$$NOW"}]}
    row = rows_of(Counter).find_one_and_update(
        {"_id": name},
        [{"$set": {"last": {"$add": [begun, count]}}}],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        raise RuntimeError("an upsert answers with its row")
    return int(row["last"])

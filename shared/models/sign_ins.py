"""Sign-ins that were begun and are at Discord now: bound to the browser that began them, answered once, in ten minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mongoengine import fields

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, millisecond, rows_of

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """A sign-in under way; `visitor` tells the browser that began it, `target` is where it goes on to."""

    state_hash: str
    visitor: str
    target: str
    expires_at: datetime


class SignIn(BaseDocument):
    """Owner: nobody yet. Written by web as a browser leaves for Discord, removed as it comes back; retention 10 minutes."""

    state_hash = fields.StringField(primary_key=True)
    visitor = fields.StringField(required=True)
    target = fields.StringField(required=True)
    expires_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "sign_ins",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


def begin(state: str, visitor: str, target: str, now: datetime) -> None:
    """Record that a browser leaves with this state; the state itself is stored nowhere."""
    expires_at = millisecond(now) + LIFETIME
    row: Row = {"_id": _hash_of(state), "visitor": visitor, "target": target, "expires_at": expires_at}
    rows_of(SignIn).insert_one(row)


def take(state: str, visitor: str, now: datetime) -> SignInRecord | None:
    """Use up a sign-in: the first asker alone has it, and only the browser that began it, in time.

    A state that comes back to another browser is used up too: it has been seen where it does not belong.
    """
    row = rows_of(SignIn).find_one_and_delete({"_id": _hash_of(state)})
    if row is None:
        return None
    found = from_row(SignInRecord, row, "state_hash")
    return found if found.visitor == visitor and found.expires_at > now else None


def _hash_of(state: str) -> str:
    return sha256(state.encode()).hexdigest()

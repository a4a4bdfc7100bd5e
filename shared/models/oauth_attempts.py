"""Logins at OAuth providers that are under way: each is one session's, for ten minutes, and is answered once.

The state itself is not stored: whoever reads the database cannot answer in another's name.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from mongoengine import fields
from pymongo import ReturnDocument

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, rows_of, to_row

LIFETIME = timedelta(minutes=10)
# Some time longer, so that who comes late is told so.
_KEPT_SECONDS = 86_400


class Unanswerable(StrEnum):
    """Why an answer belongs to no login that is under way."""

    UNKNOWN = "unknown"
    USED = "used"
    LATE = "late"
    ANOTHERS = "anothers"


class OAuthAttempt(BaseDocument):
    """Owner: a user. Written by web: once when a login begins, once when it is answered."""

    state_hash = fields.StringField(primary_key=True)
    session_hash = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    provider = fields.StringField(required=True)
    environment = fields.StringField(required=True)
    verifier = fields.BinaryField(required=True)
    redirect_uri = fields.StringField(required=True)
    account_id = fields.StringField(null=True)
    name = fields.StringField()
    expires_at = fields.DateTimeField(required=True)
    used_at = fields.DateTimeField(null=True)

    meta = {
        "collection": "oauth_attempts",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": _KEPT_SECONDS}],
    }


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login; `verifier` is sealed for `state_hash`; `account_id` is the account that it connects again, if any."""

    state_hash: str
    session_hash: str
    user_id: str
    provider: str
    environment: str
    verifier: bytes
    redirect_uri: str
    expires_at: datetime
    account_id: str | None = None
    name: str = ""
    used_at: datetime | None = None


def hash_of(secret: str) -> str:
    """Return what is stored of a state or a session's id."""
    return sha256(secret.encode()).hexdigest()


def begin(attempt: Attempt) -> None:
    """Record that a login begins."""
    rows_of(OAuthAttempt).insert_one(to_row(attempt, "state_hash"))


def take(state: str, session_id: str, user_id: str, provider: str, now: datetime) -> Attempt | Unanswerable:
    """Answer a login, once; only in the session and by the user that began it, at its provider, and in time."""
    mine = {"session_hash": hash_of(session_id), "user_id": user_id, "provider": provider}
    waiting = {"_id": hash_of(state), **mine, "used_at": None, "expires_at": {"$gt": now}}
    row = rows_of(OAuthAttempt).find_one_and_update(
        waiting, {"$set": {"used_at": now}}, return_document=ReturnDocument.AFTER
    )
    if row is not None:
        return _domain(row)
    known = rows_of(OAuthAttempt).find_one({"_id": hash_of(state)})
    if known is None:
        return Unanswerable.UNKNOWN
    if any(known[name] != value for name, value in mine.items()):
        return Unanswerable.ANOTHERS
    return Unanswerable.USED if known["used_at"] is not None else Unanswerable.LATE


def _domain(row: Row) -> Attempt:
    return from_row(Attempt, row, "state_hash")

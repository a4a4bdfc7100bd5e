"""Logins under way at another party: one row from the way out to the way back, bound to who began it, used once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mongoengine import fields

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, millisecond, rows_of

ATTEMPT_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that was begun; `binding` is who began it, `purpose` what for, `detail` what must come back unchanged."""

    attempt_id: str
    purpose: str
    binding: str
    detail: dict[str, str]
    expires_at: datetime
    sealed: bytes = b""


class OAuthAttempt(BaseDocument):
    """Owner: the session that began it. Written by web, removed at its first use; retention 10 minutes."""

    attempt_id = fields.StringField(primary_key=True)
    purpose = fields.StringField(required=True)
    binding = fields.StringField(required=True)
    detail = fields.DictField()
    sealed = fields.BinaryField()
    expires_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "oauth_attempts",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


def attempt_id_of(state: str) -> str:
    """Return the id of the attempt that has this state; the state itself is stored nowhere."""
    return sha256(state.encode()).hexdigest()


def begin(
    state: str,
    purpose: str,
    binding: str,
    now: datetime,
    *,
    detail: dict[str, str] | None = None,
    sealed: bytes = b"",
) -> None:
    """Record that a login has begun."""
    row: Row = {
        "_id": attempt_id_of(state),
        "purpose": purpose,
        "binding": binding,
        "detail": detail or {},
        "sealed": sealed,
        "expires_at": millisecond(now) + ATTEMPT_LIFETIME,
    }
    rows_of(OAuthAttempt).insert_one(row)


def take(state: str, purpose: str, binding: str, now: datetime) -> Attempt | None:
    """Use up an attempt: the first asker alone has it, and only who began it, for what, in time.

    A state that comes back to another session is used up too: it has been seen where it does not belong.
    """
    row = rows_of(OAuthAttempt).find_one_and_delete({"_id": attempt_id_of(state)})
    if row is None:
        return None
    attempt = from_row(Attempt, row, "attempt_id")
    is_theirs = attempt.purpose == purpose and attempt.binding == binding
    return attempt if is_theirs and attempt.expires_at > now else None

"""Who is signed in where: one row a session, found by the hash of a token that only the browser holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mongoengine import fields

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, millisecond, rows_of

IDLE = timedelta(minutes=30)
"""A session that nobody uses for so long has ended."""
ABSOLUTE = timedelta(hours=12)
"""No session lasts longer, used or not."""
_SEEN_EVERY = timedelta(minutes=1)
_MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session; `confirmed_at` is when the second factor was last shown in it, `expires_at` its end if unused."""

    session_id: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ends_at: datetime
    address: str = ""
    agent: str = ""
    confirmed_at: datetime | None = None


class BrowserSession(BaseDocument):
    """Owner: a user. Written by web: its id is the SHA-256 of the browser's token; retention until it has expired."""

    session_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    created_at = fields.DateTimeField(required=True)
    seen_at = fields.DateTimeField(required=True)
    expires_at = fields.DateTimeField(required=True)
    ends_at = fields.DateTimeField(required=True)
    confirmed_at = fields.DateTimeField(null=True)
    address = fields.StringField()
    agent = fields.StringField()

    meta = {
        "collection": "browser_sessions",
        "indexes": [
            ["user_id", "-seen_at"],
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }


def id_of(token: str) -> str:
    """Return the id of the session whose browser holds `token`; the token itself is stored nowhere."""
    return sha256(token.encode()).hexdigest()


def begin(
    token: str,
    user_id: str,
    now: datetime,
    *,
    address: str = "",
    agent: str = "",
    confirmed_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> str:
    """Insert a session and return its id; `ends_at` is that of the session it takes the place of."""
    at = millisecond(now)
    ends_at = ends_at or at + ABSOLUTE
    row: Row = {
        "_id": id_of(token),
        "user_id": user_id,
        "created_at": at,
        "seen_at": at,
        "expires_at": min(at + IDLE, ends_at),
        "ends_at": ends_at,
        "confirmed_at": confirmed_at,
        "address": address,
        "agent": agent,
    }
    rows_of(BrowserSession).insert_one(row)
    return str(row["_id"])


def find_alive(token: str, now: datetime) -> SessionRecord | None:
    """Read the session of a token, if it has not ended; the database removes ended ones only within a minute."""
    query = {"_id": id_of(token), "expires_at": {"$gt": now}, "ends_at": {"$gt": now}}
    row = rows_of(BrowserSession).find_one(query)
    return from_row(SessionRecord, row, "session_id") if row else None


def keep_alive(session: SessionRecord, now: datetime) -> None:
    """Note that a session is used, at most once a minute."""
    if now - session.seen_at < _SEEN_EVERY:
        return
    at = millisecond(now)
    change = {"seen_at": at, "expires_at": min(at + IDLE, session.ends_at)}
    rows_of(BrowserSession).update_one({"_id": session.session_id}, {"$set": change})


def end(user_id: str, session_id: str) -> bool:
    """End one of a user's sessions; false where it is none of theirs or has ended already."""
    return rows_of(BrowserSession).delete_one({"_id": session_id, "user_id": user_id}).deleted_count == 1


def end_all(user_id: str, *, but: str | None = None) -> int:
    """End a user's sessions, all or all but one, and return how many."""
    query: Row = {"user_id": user_id} if but is None else {"user_id": user_id, "_id": {"$ne": but}}
    return rows_of(BrowserSession).delete_many(query).deleted_count


def alive_of(user_id: str, now: datetime) -> list[SessionRecord]:
    """List a user's sessions, the last used first."""
    query = {"user_id": user_id, "expires_at": {"$gt": now}, "ends_at": {"$gt": now}}
    rows = rows_of(BrowserSession).find(query).sort("seen_at", -1).limit(_MOST_LISTED)
    return [from_row(SessionRecord, row, "session_id") for row in rows]

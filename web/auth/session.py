"""The session: a signed cookie that holds a user id and nothing else of worth."""

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import cast

from flask import g, session

from shared.models.mapping import rows_of
from shared.models.users import User

_USER_ID = "user_id"
_SESSION_ID = "session_id"


@dataclass(frozen=True, slots=True)
class Follower:
    """The signed-in user, as pages need it."""

    user_id: str
    name: str
    time_zone: str
    display_currency: str
    is_admin: bool = False


def begin_session(user_id: str) -> None:
    """Sign a user in; what the visitor's session held before is dropped."""
    session.clear()
    session.permanent = True
    session[_USER_ID] = user_id
    session[_SESSION_ID] = token_urlsafe(24)


def end_session() -> None:
    """Sign out."""
    session.clear()


def read_follower() -> Follower | None:
    """Read the signed-in user; None where nobody is, or where the user is gone."""
    user_id = session.get(_USER_ID)
    if not isinstance(user_id, str):
        return None
    row = rows_of(User).find_one({"_id": user_id})
    if row is None:
        return None
    return Follower(
        user_id=row["_id"],
        name=row["name"],
        time_zone=row.get("time_zone") or "UTC",
        display_currency=row.get("display_currency") or "USD",
        is_admin=bool(row.get("is_admin")),
    )


def current_follower() -> Follower:
    """Return the user of a request whose route is marked `follower`."""
    return cast(Follower, g.follower)


def current_session_id() -> str:
    """Return the id of the signed-in session: what a login at another party is bound to."""
    return cast(str, session[_SESSION_ID])

"""Who is signed in: the browser holds a random token in its signed cookie, the database holds everything else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import cast

from flask import g, request, session

from shared.models import sessions
from shared.models.mapping import rows_of
from shared.models.sessions import SessionRecord
from shared.models.users import User
from web.formatting import moment

FRESH = timedelta(minutes=10)
"""So long after a code of the second factor the most dangerous pages open without another one."""
ADMIN_FRESH = timedelta(minutes=60)
"""So long it opens the house's own pages to an admin."""

_TOKEN = "sid"  # noqa: S105 - a name
_TOKEN_BYTES = 32
_VISITOR = "visitor"
_AGENT_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Follower:
    """The signed-in user, as pages need it."""

    user_id: str
    name: str
    time_zone: str
    display_currency: str
    is_admin: bool = False


def begin_session(user_id: str) -> str:
    """Sign a user in under a new token and return the session's id; what the visitor's cookie held is dropped."""
    return _begin(user_id, moment())


def confirm_session() -> None:
    """Note that the second factor was shown: the session goes on under a new token, and ends when it would have."""
    now, old = moment(), current_session()
    _begin(old.user_id, now, confirmed_at=now, ends_at=old.ends_at)
    sessions.end(old.user_id, old.session_id)


def end_session() -> None:
    """Sign out: the token is worth nothing from now on, whoever has a copy of it."""
    found = _read_session()
    if found is not None:
        sessions.end(found.user_id, found.session_id)
    session.clear()
    g.pop("browser_session", None)


def read_follower() -> Follower | None:
    """Read the signed-in user; None where nobody is, the session has ended, or the user is gone or disabled."""
    found = _read_session()
    row = rows_of(User).find_one({"_id": found.user_id}) if found else None
    if found is None or row is None or row.get("is_disabled"):
        return None
    sessions.keep_alive(found, moment())
    return Follower(
        user_id=row["_id"],
        name=row["name"],
        time_zone=row.get("time_zone") or "UTC",
        display_currency=row.get("display_currency") or "USD",
        is_admin=bool(row.get("is_admin")),
    )


def current_follower() -> Follower:
    """Return the user of a request whose route is not public."""
    return cast(Follower, g.follower)


def current_session() -> SessionRecord:
    """Return the session of a request whose route is not public."""
    found = _read_session()
    if found is None:
        raise LookupError("nobody is signed in")
    return found


def current_session_id() -> str:
    """Return the id of the signed-in session: what a login at another party is bound to."""
    return current_session().session_id


def is_confirmed(within: timedelta) -> bool:
    """Tell whether the second factor was shown in this session, and not longer ago than that."""
    found = _read_session()
    return found is not None and found.confirmed_at is not None and moment() - found.confirmed_at < within


def visitor() -> str:
    """Return what tells this browser from all others before anybody is signed in: random, in its signed cookie."""
    if not isinstance(session.get(_VISITOR), str):
        session[_VISITOR] = token_urlsafe(_TOKEN_BYTES)
    return cast(str, session[_VISITOR])


def _begin(
    user_id: str, now: datetime, *, confirmed_at: datetime | None = None, ends_at: datetime | None = None
) -> str:
    token = token_urlsafe(_TOKEN_BYTES)
    session_id = sessions.begin(
        token,
        user_id,
        now,
        address=request.remote_addr or "",
        agent=request.headers.get("User-Agent", "")[:_AGENT_CHARACTERS],
        confirmed_at=confirmed_at,
        ends_at=ends_at,
    )
    # An id that the visitor brought is never taken over, and a form of before is worth nothing.
    session.clear()
    session.permanent = True
    session[_TOKEN] = token
    g.pop("browser_session", None)
    return session_id


def _read_session() -> SessionRecord | None:
    if "browser_session" not in g:
        token = session.get(_TOKEN)
        g.browser_session = sessions.find_alive(token, moment()) if isinstance(token, str) else None
    return cast("SessionRecord | None", g.browser_session)

"""Sessions as a sign-in would have begun them, for tests that are not about signing in."""

from datetime import UTC, datetime
from secrets import token_urlsafe

from shared.models import sessions


def begin_session(user_id: str, *, is_confirmed: bool = False) -> str:
    """Insert a session of a user and return the token that a browser's signed cookie would hold under `sid`."""
    token, now = token_urlsafe(32), datetime.now(UTC)
    sessions.begin(token, user_id, now, confirmed_at=now if is_confirmed else None)
    return token

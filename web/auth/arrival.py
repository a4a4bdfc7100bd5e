"""Somebody has shown who they are: their user, their session, and on the first day ten thousand of paper money."""

from datetime import datetime

from shared.domain.accounts import Environment
from shared.domain.identifiers import event_id, first_account_id
from shared.logs import get_logger
from shared.models import connections
from shared.models.mapping import millisecond
from shared.models.records import append_usage
from shared.models.users import arrive, note_login
from shared.oauth.discord import DiscordProfile
from shared.settings import Settings
from web.accounts import connecting
from web.auditing import audit
from web.auth.session import begin_session
from web.formatting import moment

log = get_logger(__name__)

FIRST_VENUE = "binance"
FIRST_NAME = "Paper account"


class AccountDisabled(Exception):
    """Raised where a disabled user signs in."""


def welcome(profile: DiscordProfile, settings: Settings) -> str:
    """Sign in who comes from Discord and return the user's id; raises AccountDisabled.

    Safe to redo at every step: a user is found again by the Discord id, the first account by an id that derives from
    the user, and only then is the login noted.
    """
    now = millisecond(moment())
    found = arrive(profile.discord_id, profile.name, profile.avatar, now)
    if found.is_disabled:
        audit("login.refused", found.user_id, actor=found.user_id, detail={"reason": "disabled"})
        raise AccountDisabled
    if found.is_first:
        _open_first_account(found.user_id, settings, now)
    note_login(found.user_id, now)
    enter(found.user_id, "discord")
    return found.user_id


def enter(user_id: str, door: str) -> None:
    """Begin a session and write it down; `door` says how the user came in."""
    session_id = begin_session(user_id)
    audit("login", session_id, actor=user_id, detail={"door": door})
    append_usage(event_id("usage.login", session_id, 0), user_id, "login", session_id, moment())
    log.info("login", user_id=user_id, door=door)


def _open_first_account(user_id: str, settings: Settings, now: datetime) -> None:
    if connections.of_user(user_id):
        return  # the command line has made one
    venue = connecting.venues_in_force(settings)[FIRST_VENUE]
    environment = Environment.PAPER
    row = connecting.new_account(first_account_id(user_id), user_id, FIRST_NAME, venue, environment, now)
    detail = {"venue": venue.name, "environment": str(environment), "by": "first login"}
    connecting.store_account(row, None, None, user_id, detail=detail)

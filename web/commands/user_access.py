"""`flask users disable | enable | sign-out | reset-second-factor | admin`: who gets in, decided by the operator."""

from collections.abc import Callable

import click

from shared.models import factors, sessions
from shared.models.factors import SecondFactor
from shared.models.mapping import Row, rows_of
from shared.models.sessions import BrowserSession
from shared.models.users import User
from web.commands.answers import show_done
from web.commands.frame import Command, F, json_option
from web.commands.lookups import find_user
from web.commands.session import audit, now, open_database


def _user_option(command: F) -> F:
    return click.option("--user", "user_text", required=True, help="Id, Discord id or name.")(command)


@click.command("disable", cls=Command)
@_user_option
@json_option
def disable(*, user_text: str, as_json: bool) -> None:
    """Let a user sign in no more and end their sessions; entries are stopped by `halt --scope user:ID`."""
    _change(user_text, {"is_disabled": True}, "user.disable", "may not sign in any more", as_json=as_json)


@click.command("enable", cls=Command)
@_user_option
@json_option
def enable(*, user_text: str, as_json: bool) -> None:
    """Let a user sign in again."""
    _change(user_text, {"is_disabled": False}, "user.enable", "may sign in again", as_json=as_json)


@click.command("admin", cls=Command)
@_user_option
@click.option("--grant/--revoke", "is_admin", required=True, help="Give or take the role.")
@json_option
def admin(*, user_text: str, is_admin: bool, as_json: bool) -> None:
    """Give or take the admin's role; the user's sessions end, so that none goes on with another role."""
    told = "is an admin now" if is_admin else "is no admin any more"
    _change(user_text, {"is_admin": is_admin}, "user.admin", told, as_json=as_json)


@click.command("sign-out", cls=Command)
@_user_option
@json_option
def sign_out(*, user_text: str, as_json: bool) -> None:
    """End every session of a user."""
    _change(user_text, {}, "user.sign_out", "is signed out everywhere", as_json=as_json)


@click.command("reset-second-factor", cls=Command)
@_user_option
@json_option
def reset_second_factor(*, user_text: str, as_json: bool) -> None:
    """Take a user's second factor away, after you have made sure who asks: they set up a new one."""
    _change(
        user_text,
        {},
        "user.reset_second_factor",
        "has no second factor any more",
        before=factors.remove,
        as_json=as_json,
    )


def _change(
    user_text: str,
    fields: Row,
    action: str,
    told: str,
    *,
    as_json: bool,
    before: Callable[[str], object] | None = None,
) -> None:
    open_database(User, BrowserSession, SecondFactor)
    user = find_user(user_text)
    if fields:
        rows_of(User).update_one({"_id": user["_id"]}, {"$set": fields})
    if before is not None:
        before(user["_id"])
    # After the change: a session that begins in between is ended too.
    ended = sessions.end_all(user["_id"])
    audit(action, user["_id"], {name: str(value) for name, value in fields.items()}, now())
    row = {"user_id": user["_id"], **fields, "sessions_ended": ended}
    show_done(row, f"{user['name']} {told}; {ended} sessions ended.", as_json=as_json)

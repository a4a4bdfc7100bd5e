"""`flask users`: a person by their Discord identity, before or without a first login."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from pymongo.errors import DuplicateKeyError

from shared.domain.plans import Tier
from shared.models.base import new_id
from shared.models.mapping import Row, rows_of
from shared.models.users import User
from web.commands.answers import show_done
from web.commands.frame import CommandError, Group, json_option
from web.commands.lookups import check_identifier, check_name, find_user
from web.commands.session import audit, now, open_database
from web.commands.user_access import admin, disable, enable, reset_second_factor, sign_out

_CURRENCY = re.compile(r"[A-Z]{3,5}")


def check_time_zone(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Read `--time-zone`."""
    try:
        return None if text is None else ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(f"{text!r} is no time zone (Europe/Berlin, America/New_York, UTC)") from None


def check_currency(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Read `--display-currency`."""
    if text is None or _CURRENCY.fullmatch(text.upper()):
        return text and text.upper()
    raise click.BadParameter(f"{text!r} is no currency (USD, EUR, USDT)")


@click.group("users", cls=Group)
def users() -> None:
    """People who follow, signal or run this."""


@users.command("create")
@click.option("--discord-id", required=True, callback=check_identifier, help="Their Discord id.")
@click.option("--name", required=True, callback=check_name, help="The name to show.")
@click.option("--tier", type=click.Choice([str(tier) for tier in Tier]), default="free", show_default=True)
@click.option("--admin", is_flag=True, help="May see and stop everything.")
@json_option
def create(*, discord_id: str, name: str, tier: str, admin: bool, as_json: bool) -> None:
    """Create a user; a Discord id has one user."""
    open_database(User)
    row = create_user(discord_id, name, tier, is_admin=admin)
    answer = {"id": row["_id"], "user_id": row["_id"], "discord_id": discord_id, "name": name, "tier": tier}
    show_done(
        {**answer, "is_admin": admin, "created_at": row["created_at"]},
        f"User {name} created: {row['_id']}",
        as_json=as_json,
    )


@users.command("set")
@click.option("--user", "user_text", required=True, help="Id, Discord id or name.")
@click.option(
    "--time-zone", callback=check_time_zone, help="Where the user's day begins, such as Europe/Berlin."
)
@click.option(
    "--display-currency", callback=check_currency, help="In which accounts are summed, such as EUR."
)
@click.option("--tier", type=click.Choice([str(tier) for tier in Tier]))
@json_option
def set_(
    *, user_text: str, time_zone: str | None, display_currency: str | None, tier: str | None, as_json: bool
) -> None:
    """Change a user's zone, currency or plan."""
    given = {"time_zone": time_zone, "display_currency": display_currency, "tier": tier}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise click.UsageError("name what to change: --time-zone, --display-currency or --tier")
    open_database(User)
    user = find_user(user_text)
    rows_of(User).update_one({"_id": user["_id"]}, {"$set": changes})
    before = {name: str(user.get(name) or "") for name in changes}
    audit("user.set", user["_id"], {}, now(), before=before, after=changes)
    told = ", ".join(f"{name} {value}" for name, value in changes.items())
    show_done({"user_id": user["_id"], **changes}, f"{user['name']}: {told}", as_json=as_json)


for command in (disable, enable, admin, sign_out, reset_second_factor):
    users.add_command(command)


def create_user(discord_id: str, name: str, tier: str, *, is_admin: bool) -> Row:
    """Insert a user and note it in the audit log.

    Raises
    ------
    CommandError
        If the Discord id has a user already.
    """
    at = now()
    row = user_row(new_id(), discord_id, name, tier, is_admin=is_admin) | {"created_at": at}
    try:
        rows_of(User).insert_one(row)
    except DuplicateKeyError:
        raise CommandError(f"a user with Discord id {discord_id} exists already") from None
    audit("user.create", row["_id"], {"discord_id": discord_id, "tier": tier, "admin": str(is_admin)}, at)
    return row


def user_row(user_id: str, discord_id: str, name: str, tier: str, *, is_admin: bool) -> Row:
    """Write a new user as it is stored, without its time."""
    return {
        "_id": user_id,
        "discord_id": discord_id,
        "name": name,
        "tier": tier,
        "is_admin": is_admin,
        "time_zone": "UTC",
        "display_currency": "USD",
        "is_disabled": False,
        "signals_today": {},
    }

"""`flask providers set | approve | refuse | followers`: who may follow a provider, and who does."""

import click

from shared.domain.bots import BotState
from shared.domain.following import FollowState, Visibility
from shared.models import follows, rights
from shared.models.bots import TradingBot
from shared.models.follows import Follow
from shared.models.mapping import Row, from_row, rows_of
from shared.models.providers import Provider, ProviderTerms, set_visibility
from shared.models.users import Membership, User
from web.commands.answers import show_done, show_rows
from web.commands.frame import Command, F, WrongUse, json_option
from web.commands.lookups import check_identifier, find_provider, find_user
from web.commands.session import ACTOR, audit, now, open_database

_COLUMNS = ("user_id", "name", "approval", "active_bots", "may_follow", "why_not")


def _provider_option(command: F) -> F:
    return click.option("--provider", "provider_text", required=True, help="Id or name.")(command)


def _user_option(command: F) -> F:
    return click.option("--user", "user_text", required=True, help="Id, Discord id or name.")(command)


@click.command("set", cls=Command)
@_provider_option
@click.option("--visibility", required=True, type=click.Choice([str(each) for each in Visibility]))
@click.option(
    "--role-id", "role_ids", multiple=True, callback=check_identifier, help="With `role`: who bears one."
)
@json_option
def change(*, provider_text: str, visibility: str, role_ids: tuple[str, ...], as_json: bool) -> None:
    """Say who may follow: anybody, the server's members, bearers of a role, or those the provider approves.

    Who loses the right by it enters nothing from now on, and its bots are paused within a day; cover and exits go on.
    """
    wanted = Visibility(visibility)
    if (wanted is Visibility.ROLE) is not bool(role_ids):
        raise WrongUse("--role-id belongs to --visibility role, and that needs at least one")
    open_database(Provider)
    provider = find_provider(provider_text)
    roles = list(dict.fromkeys(role_ids))
    set_visibility(provider["_id"], wanted, roles)
    was = {"visibility": provider["visibility"], "role_ids": ",".join(provider.get("role_ids") or ())}
    after = {"visibility": visibility, "role_ids": ",".join(roles)}
    audit("provider.visibility", provider["_id"], {}, now(), before=was, after=after)
    row = {"provider_id": provider["_id"], "visibility": visibility, "role_ids": roles}
    show_done(row, f"{provider['name']} may be followed by: {visibility}.", as_json=as_json)


@click.command("approve", cls=Command)
@_provider_option
@_user_option
@json_option
def approve(*, provider_text: str, user_text: str, as_json: bool) -> None:
    """Let a user follow a provider that approves its followers."""
    _decide(provider_text, user_text, FollowState.APPROVED, as_json=as_json)


@click.command("refuse", cls=Command)
@_provider_option
@_user_option
@json_option
def refuse(*, provider_text: str, user_text: str, as_json: bool) -> None:
    """Let a user follow it no more, or not at all; cover and exits go on."""
    _decide(provider_text, user_text, FollowState.REFUSED, as_json=as_json)


@click.command("followers", cls=Command)
@_provider_option
@json_option
def followers(*, provider_text: str, as_json: bool) -> None:
    """Show who follows or has asked to, what the provider said, and who has lost the right."""
    open_database(Provider, TradingBot, Follow, Membership)
    terms = from_row(ProviderTerms, find_provider(provider_text), "provider_id")
    rows = _followers(terms)
    show_rows(rows, _COLUMNS, as_json=as_json, empty="Nobody follows this provider yet.")


def _decide(provider_text: str, user_text: str, state: FollowState, *, as_json: bool) -> None:
    open_database(Provider, Follow)
    provider, user = find_provider(provider_text), find_user(user_text)
    at = now()
    follows.decide(user["_id"], provider["_id"], state, ACTOR, at)
    audit(f"provider.{state}", provider["_id"], {"user_id": user["_id"]}, at)
    row = {"provider_id": provider["_id"], "user_id": user["_id"], "state": str(state), "at": at}
    show_done(row, f"{provider['name']} has {state} {user['name']}.", as_json=as_json)


def _followers(terms: ProviderTerms) -> list[Row]:
    said = {record.user_id: str(record.state) for record in follows.of_provider(terms.provider_id)}
    active: dict[str, int] = {}
    query = {"provider_id": terms.provider_id, "state": str(BotState.ACTIVE)}
    for row in rows_of(TradingBot).find(query, {"user_id": 1}):
        active[row["user_id"]] = active.get(row["user_id"], 0) + 1
    user_ids = sorted({*said, *active})
    names = {row["_id"]: row["name"] for row in rows_of(User).find({"_id": {"$in": user_ids}}, {"name": 1})}
    lacking = {user_id: rights.why_not(terms, user_id) for user_id in user_ids}
    return [
        {
            "user_id": user_id,
            "name": names.get(user_id, ""),
            "approval": said.get(user_id, ""),
            "active_bots": active.get(user_id, 0),
            "may_follow": lacking[user_id] is None,
            "why_not": lacking[user_id] or "",
        }
        for user_id in user_ids
    ]

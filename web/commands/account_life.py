"""`flask accounts show|test|disconnect|revoke-all`: how accounts are connected, and the end of it."""

from collections.abc import Iterator

import click

from shared.brokers.catalogue import list_venues
from shared.domain.accounts import AccountStatus
from shared.models import connections
from shared.models.accounts import Account
from shared.models.connections import Connection
from shared.models.credentials import Credential
from shared.models.mapping import Row
from shared.models.trades import Trade
from shared.tasks import TaskName, enqueue
from web.accounts import connecting
from web.accounts.changes import disconnect_all_of
from web.accounts.views import account_view
from web.commands.answers import show_done, show_rows
from web.commands.frame import CommandError, json_option
from web.commands.lookups import find_account, find_user
from web.commands.session import ACTOR, now, open_database

PAGE = 200
BY_OPERATOR = "The operator disconnected it. It is not traded on any more, and its key was forgotten here."
_SHOWN = ("id", "name", "venue", "environment", "status", "reason", "login", "rights", "checked_at")

leave_open_option = click.option(
    "--leave-open", is_flag=True, help="Disconnect although something is open: it is not watched any more."
)


@click.command("show")
@click.option("--user", "user_text", required=True, help="Id, Discord id or name.")
@json_option
def show(*, user_text: str, as_json: bool) -> None:
    """Show a user's accounts: status and reason, how they are connected, what their keys may do."""
    settings = open_database(Account)
    venues = list_venues(settings.venue_adapters, settings.live_venues)
    held = connections.of_user(find_user(user_text)["_id"])
    rows = (_row(item, account_view(item, venues, 0).text) for item in held)
    show_rows(rows, _SHOWN, as_json=as_json, empty="No accounts.")


@click.command("test")
@click.option("--account", "account_text", required=True, help="Id or unique name.")
@json_option
def test(*, account_text: str, as_json: bool) -> None:
    """Ask a worker to look at an account's key now; `accounts show` tells what it found."""
    open_database(Account)
    account = find_account(account_text)
    if not connections.ask_check(account["user_id"], account["_id"], now()):
        raise CommandError(f"{account['name']} is disconnected: connect it again")
    enqueue(TaskName.ACCOUNTS_CHECK, [account["_id"]])
    show_done({"id": account["_id"]}, f"A worker looks at the key of {account['name']} now", as_json=as_json)


@click.command("disconnect")
@click.option("--account", "account_text", required=True, help="Id or unique name.")
@leave_open_option
@json_option
def disconnect(*, account_text: str, leave_open: bool, as_json: bool) -> None:
    """Stop an account for good and forget its key; a login is taken back at its provider."""
    open_database(Account, Credential, Trade)
    account = find_account(account_text)
    held = connections.find(account["_id"])
    stopped = _stop([held] if held is not None else [], leave_open=leave_open)
    show_done(
        {"id": account["_id"], "count": len(stopped)},
        f"{account['name']} {'is disconnected' if stopped else 'was disconnected before'}",
        as_json=as_json,
    )


@click.command("revoke-all")
@click.option("--user", "user_text", help="Id, Discord id or name.")
@click.option("--everyone", is_flag=True, help="All accounts of this installation.")
@leave_open_option
@json_option
def revoke_all(*, user_text: str | None, everyone: bool, leave_open: bool, as_json: bool) -> None:
    """Stop all accounts of a user, or of everyone, and forget all their keys."""
    if (user_text is None) == (not everyone):
        raise CommandError("say whose: --user U or --everyone")
    open_database(Account, Credential, Trade)
    pages = _all_pages() if user_text is None else iter([connections.of_user(find_user(user_text)["_id"])])
    stopped: list[str] = []
    for page in pages:
        stopped += _stop(page, leave_open=leave_open)
    show_done(
        {"count": len(stopped), "ids": stopped}, f"{len(stopped)} accounts disconnected", as_json=as_json
    )


def _stop(held: list[Connection], *, leave_open: bool) -> list[str]:
    connected = [item for item in held if item.status is not AccountStatus.REVOKED]
    counts = connecting.open_trades([item.account_id for item in connected]) if connected else {}
    busy = [item.name for item in connected if counts.get(item.account_id)]
    if busy and not leave_open:
        raise CommandError(
            f"something is open on {', '.join(busy[:3])}: close it first, or say --leave-open; nothing was disconnected"
        )
    return disconnect_all_of(connected, ACTOR, BY_OPERATOR)


def _all_pages() -> Iterator[list[Connection]]:
    after = ""
    while page := connections.all_connected(after, PAGE):
        yield page
        after = page[-1].account_id


def _row(held: Connection, text: str) -> Row:
    return {
        "id": held.account_id,
        "name": held.name,
        "venue": held.venue,
        "environment": held.environment,
        "status": str(held.status),
        "reason": text,
        "login": held.login,
        "rights": held.key_rights,
        "checked_at": held.key_checked_at,
        "is_waiting": held.is_waiting,
    }

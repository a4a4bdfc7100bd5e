"""`flask accounts connect`: a follower's account at a venue, its key sealed before it is stored."""

from decimal import Decimal
from pathlib import Path

import click
from pydantic import SecretStr

from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.money import parse_decimal
from shared.models.accounts import Account
from shared.models.base import new_id
from shared.models.credentials import Credential
from shared.models.mapping import Row, rows_of
from shared.tasks import TaskName, enqueue
from shared.vault import PublicKeys, VaultError
from web.accounts.rows import MAX_BALANCE, account_row, credential_row, needs_credentials
from web.commands.answers import show_done
from web.commands.frame import CommandError, Group, json_option
from web.commands.lookups import check_name, find_offer, find_user
from web.commands.secret_files import read_credentials
from web.commands.session import audit, now, open_database, record_use

environment_option = click.option(
    "--environment", required=True, type=click.Choice([str(environment) for environment in Environment])
)


def check_balance(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Decimal | None:
    """Read `--balance`: a positive amount of paper money."""
    if text is None:
        return None
    try:
        balance = parse_decimal(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if not 0 < balance <= MAX_BALANCE:
        raise click.BadParameter(f"must be above 0 and at most {MAX_BALANCE:f}")
    return balance


@click.group("accounts", cls=Group)
def accounts() -> None:
    """Followers' accounts at venues."""


@accounts.command("connect")
@click.option("--user", "user_text", required=True, help="Id, Discord id or name.")
@click.option("--venue", "venue_name", required=True)
@environment_option
@click.option(
    "--credentials-file",
    type=click.Path(path_type=Path),
    help="JSON with what the venue's login takes, mostly api_key and secret; - reads standard input.",
)
@click.option("--balance", callback=check_balance, help="Paper money to begin with (default 10000).")
@click.option("--name", callback=check_name, help="The name to show (default: venue and environment).")
@json_option
def connect(
    *,
    user_text: str,
    venue_name: str,
    environment: str,
    credentials_file: Path | None,
    balance: Decimal | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Connect an account and ask the workers to read its balance."""
    settings = open_database(Account, Credential)
    venue, kind = find_offer(settings, venue_name, environment)
    credentials = _read_needed_credentials(venue, kind, credentials_file)
    user = find_user(user_text)
    check_balance_is_ours(venue, kind, balance)
    at = now()
    row = account_row(
        new_id(), user["_id"], name or f"{venue.title} {kind}", venue, kind, at, balance=balance
    )
    if credentials is not None:
        keys = parse_public_keys(settings.credential_public_keys)
        sealed = seal_credential(keys, new_id(), row, credentials)
        rows_of(Credential).insert_one(sealed)
        row |= {"credential_id": sealed["_id"], "login": "key"}
    rows_of(Account).insert_one(row)
    audit("account.connect", row["_id"], {"venue": venue.name, "environment": str(kind)}, at)
    record_use("account_connected", user["_id"], row["_id"], at)
    enqueue(TaskName.ACCOUNTS_REFRESH, [row["_id"]])
    shown = ("user_id", "name", "venue", "environment", "status", "quote_asset", "opening_balance")
    show_done(
        {"id": row["_id"], "account_id": row["_id"], **{key: row[key] for key in shown}},
        f"Account {row['name']} connected for {user['name']}: {row['_id']}",
        as_json=as_json,
    )


def check_balance_is_ours(venue: Venue, environment: Environment, balance: Decimal | None) -> None:
    """Raise CommandError for an opening balance of an account whose money is not ours to make up."""
    if balance is not None and environment is not Environment.PAPER:
        raise CommandError(
            f"--balance is for paper accounts: {venue.title} says what is on a {environment} one"
        )


def seal_credential(keys: PublicKeys, credential_id: str, account: Row, credentials: SecretStr) -> Row:
    """Seal a key pair for one account and write it as it is stored; raises CommandError without a key."""
    owner = account["_id"], account["user_id"]
    try:
        return credential_row(keys, credential_id, owner, credentials, account["created_at"])
    except VaultError as error:
        raise CommandError(str(error)) from None


def parse_public_keys(words: tuple[str, ...]) -> PublicKeys:
    """Read CREDENTIAL_PUBLIC_KEYS; raises CommandError that names the bad one."""
    try:
        return PublicKeys.parse(words)
    except VaultError as error:
        raise CommandError(f"CREDENTIAL_PUBLIC_KEYS: {error}") from None


def _read_needed_credentials(venue: Venue, environment: Environment, path: Path | None) -> SecretStr | None:
    if needs_credentials(venue, environment):
        if path is None:
            raise CommandError(f"{venue.title} {environment} needs a key: give --credentials-file")
        return read_credentials(path, venue)
    if path is not None:
        raise CommandError("a paper account takes no key: leave --credentials-file out")
    return None

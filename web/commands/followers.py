"""`flask followers create`: many users, accounts and bots at once, for load tests; safe to repeat.

Follower i is always the same user `load-<i>`, with the same account on a venue and the same bot for a
provider, because their ids derive from these: what exists already is left as it is.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import click

from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.bots import Sizing
from shared.domain.identifiers import load_follower_id
from shared.domain.plans import Tier
from shared.models.accounts import Account
from shared.models.base import BaseDocument
from shared.models.bots import TradingBot
from shared.models.credentials import Credential
from shared.models.mapping import Row, rows_of
from shared.models.signals import insert_many_once
from shared.models.users import User
from shared.tasks import TaskName, enqueue
from shared.vault import PublicKeys
from web.accounts.rows import account_row, needs_credentials
from web.commands.accounts import (
    check_balance,
    check_balance_is_ours,
    environment_option,
    parse_public_keys,
    seal_credential,
)
from web.commands.answers import show_done, show_rows
from web.commands.bots import TermsCommand, new_bot_row, terms_options
from web.commands.frame import Group, json_option
from web.commands.lookups import find_offer, find_provider
from web.commands.secret_files import write_credentials
from web.commands.session import audit, now, open_database
from web.commands.users import user_row

_CHUNK = 1000
_REFRESHED_TOGETHER = 50
_MAX_FOLLOWERS = 100_000
_COLUMNS = ("name", "user_id", "account_id", "trading_bot_id", "created")


@dataclass(frozen=True, slots=True)
class Batch:
    """What every follower of one call has in common; `keys` is None where no credential is needed."""

    provider_id: str
    venue: Venue
    environment: Environment
    sizing: Sizing
    settings: Mapping[str, Any]
    balance: Decimal | None
    keys: PublicKeys | None
    at: datetime


@click.group("followers", cls=Group)
def followers() -> None:
    """Followers by the thousand, for load tests."""


@followers.command("create", cls=TermsCommand)
@click.option("--count", required=True, type=click.IntRange(1, _MAX_FOLLOWERS), help="How many, numbered on.")
@click.option(
    "--first", default=0, type=click.IntRange(0, _MAX_FOLLOWERS), help="The first one's number (default 0)."
)
@click.option("--provider", "provider_text", required=True, help="Id or name.")
@click.option("--venue", "venue_name", required=True)
@environment_option
@click.option("--balance", callback=check_balance, help="Paper money to begin with (default 10000).")
@click.option("--quiet", is_flag=True, help="Only the summary.")
@terms_options
@json_option
def create(  # noqa: PLR0913 - one argument an option
    *,
    count: int,
    first: int,
    provider_text: str,
    venue_name: str,
    environment: str,
    balance: Decimal | None,
    quiet: bool,
    sizing: Sizing,
    settings: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Create followers of a provider, each with an account and an active bot."""
    configuration = open_database(User, Account, Credential, TradingBot)
    venue, kind = find_offer(configuration, venue_name, environment)
    check_balance_is_ours(venue, kind, balance)
    keys = parse_public_keys(configuration.credential_public_keys) if needs_credentials(venue, kind) else None
    provider = find_provider(provider_text)
    batch = Batch(provider["_id"], venue, kind, sizing, settings, balance, keys, now())
    started = time.monotonic()
    rows = list(_create_all(batch, range(first, first + count)))
    created = sum(row["created"] for row in rows)
    detail = {"count": str(count), "provider_id": batch.provider_id, "venue": venue.name}
    audit("followers.create", venue.name, detail, batch.at)
    if not quiet:
        show_rows(rows, _COLUMNS, as_json=as_json, empty="")
        return
    seconds = round(time.monotonic() - started, 1)
    show_done(
        {"created": created, "existing": count - created, "seconds": seconds},
        f"{created} followers created, {count - created} existed, in {seconds} s",
        as_json=as_json,
    )


def _create_all(batch: Batch, numbers: range) -> Iterator[Row]:
    for start in range(0, len(numbers), _CHUNK):
        yield from _create_chunk(batch, numbers[start : start + _CHUNK])


def _create_chunk(batch: Batch, numbers: Sequence[int]) -> Iterator[Row]:
    """Insert what is missing, in the order in which the rows name one another."""
    users = [_user(number) | {"created_at": batch.at} for number in numbers]
    accounts = [_account(batch, number) for number in numbers]
    bots = [_bot(batch, number) for number in numbers]
    new_accounts = _missing(Account, accounts)
    insert_many_once(User, _missing(User, users))
    insert_many_once(Credential, _credentials(batch, new_accounts))
    insert_many_once(Account, new_accounts)
    new_bots = _missing(TradingBot, bots)
    insert_many_once(TradingBot, new_bots)
    for first in range(0, len(new_accounts), _REFRESHED_TOGETHER):
        part = new_accounts[first : first + _REFRESHED_TOGETHER]
        enqueue(TaskName.ACCOUNTS_REFRESH, [account["_id"] for account in part])
    created = {row["_id"] for row in new_bots}
    for user, bot in zip(users, bots, strict=True):
        yield {
            "name": user["name"],
            "user_id": user["_id"],
            "account_id": bot["account_id"],
            "trading_bot_id": bot["_id"],
            "created": bot["_id"] in created,
        }


def _user(number: int) -> Row:
    name = f"load-{number}"
    return user_row(load_follower_id("user", number), name, name, str(Tier.PREMIUM), is_admin=False)


def _account(batch: Batch, number: int) -> Row:
    row = account_row(
        _account_id(batch, number),
        load_follower_id("user", number),
        f"load-{number}",
        batch.venue,
        batch.environment,
        batch.at,
        balance=batch.balance,
    )
    if batch.keys is not None:
        row["credential_id"] = load_follower_id("credential", number, row["_id"])
    return row


def _account_id(batch: Batch, number: int) -> str:
    return load_follower_id("account", number, batch.venue.name, batch.environment)


def _bot(batch: Batch, number: int) -> Row:
    parts = {
        "user_id": load_follower_id("user", number),
        "provider_id": batch.provider_id,
        "account_id": _account_id(batch, number),
    }
    bot_id = load_follower_id("bot", number, parts["provider_id"], parts["account_id"])
    return new_bot_row(bot_id, parts, batch.sizing, batch.settings, batch.at)


def _credentials(batch: Batch, accounts: Sequence[Row]) -> Iterator[Row]:
    if batch.keys is None:
        return
    for account in accounts:
        number = account["name"].removeprefix("load-")
        secret = write_credentials(**_login(batch.venue, number))
        yield seal_credential(batch.keys, account["credential_id"], account, secret)


def _login(venue: Venue, number: str) -> dict[str, str]:
    if venue.private_key:
        # No key can be made up that only its venue knows: these bear a token.
        return {"access_token": f"load-token-{number}"}
    login = {"api_key": f"load-{number}", "secret": f"load-secret-{number}"}
    wants_passphrase = "passphrase" in venue.credentials[0]
    return login | ({"passphrase": f"load-passphrase-{number}"} if wants_passphrase else {})


def _missing(document: type[BaseDocument], rows: Sequence[Row]) -> list[Row]:
    wanted = [row["_id"] for row in rows]
    present = {row["_id"] for row in rows_of(document).find({"_id": {"$in": wanted}}, {"_id": 1})}
    return [row for row in rows if row["_id"] not in present]

"""`flask bots`, and its verb `create`: a user's standing instruction to follow a provider on an account."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import click

from shared.domain.bot_settings import list_settings, read_settings
from shared.domain.bots import BotSettings, BotState, Sizing, parse_sizing
from shared.domain.bots import TradingBot as BotTerms
from shared.domain.following import Visibility
from shared.models import follows, rights
from shared.models.base import new_id
from shared.models.bots import TradingBot, bot_row
from shared.models.follows import Follow
from shared.models.mapping import Row, from_row, rows_of
from shared.models.providers import ProviderTerms
from shared.models.users import Membership
from web.commands.answers import plain, show_done, show_rows
from web.commands.frame import Command, CommandError, F, Group, json_option
from web.commands.lookups import find_account, find_provider, find_user
from web.commands.session import audit, now, open_database, record_use


class TermsCommand(Command):
    """A command with `--set`: `--set help` lists the settings, whatever else is missing."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Answer `--set help` before anything is required."""
        asked = "--set=help" in args or ("--set", "help") in pairwise(args)
        if asked:
            columns = ("name", "default", "form", "meaning")
            show_rows(
                [plain(terms) for terms in list_settings()], columns, as_json="--json" in args, empty=""
            )
            ctx.exit()
        return super().parse_args(ctx, args)


def check_sizing(_context: click.Context, _parameter: click.Parameter, text: str) -> Sizing:
    """Read `--sizing`."""
    try:
        return parse_sizing(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def check_settings(
    _context: click.Context, _parameter: click.Parameter, assignments: Sequence[str]
) -> dict[str, Any]:
    """Read all `--set NAME=VALUE`."""
    try:
        return read_settings(assignments)
    except ValueError as error:
        raise click.BadParameter(f"{error} (--set help lists all)") from None


def terms_options(command: F) -> F:
    """Add `--sizing` and `--set`."""
    command = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        callback=check_settings,
        help="A limit or filter; help lists them.",
    )(command)
    return click.option(
        "--sizing",
        required=True,
        callback=check_sizing,
        help="fixed:100 (quote units), percent:2 (of equity), risk:1 (percent to the stop) or kelly.",
    )(command)


@click.group("bots", cls=Group)
def bots() -> None:
    """Trading bots: provider × account × sizing × limits."""


@bots.command("create", cls=TermsCommand)
@click.option("--user", "user_text", required=True, help="Id, Discord id or name.")
@click.option("--provider", "provider_text", required=True, help="Id or name.")
@click.option("--account", "account_text", required=True, help="Id, or a name of the user's own.")
@terms_options
@json_option
def create(
    *,
    user_text: str,
    provider_text: str,
    account_text: str,
    sizing: Sizing,
    settings: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Create a trading bot; it is active at once, if its user may follow the provider."""
    open_database(TradingBot, Membership, Follow)
    user = find_user(user_text)
    provider = find_provider(provider_text)
    _check_right(provider, user)
    account = find_account(account_text, user["_id"])
    same = {"user_id": user["_id"], "provider_id": provider["_id"], "account_id": account["_id"]}
    existing = rows_of(TradingBot).find_one({**same, "state": {"$ne": str(BotState.STOPPED)}})
    if existing is not None:
        raise CommandError(
            f"{user['name']} follows {provider['name']} on this account already: {existing['_id']}"
        )
    at = now()
    row = new_bot_row(new_id(), same, sizing, settings, at)
    rows_of(TradingBot).insert_one(row)
    audit("bot.create", row["_id"], {**same, "sizing": str(sizing)}, at)
    record_use("bot_created", user["_id"], row["_id"], at)
    record_use("follow", user["_id"], f"{provider['_id']}:{account['_id']}", at)
    show_done(
        {"id": row["_id"], "trading_bot_id": row["_id"], **same, **_shown(row, sizing)},
        f"{user['name']} follows {provider['name']} with {sizing}: {row['_id']}",
        as_json=as_json,
    )


def _check_right(provider: Row, user: Row) -> None:
    terms = from_row(ProviderTerms, provider, "provider_id")
    refusal = rights.why_not(terms, user["_id"])
    if refusal is None:
        return
    if terms.visibility is Visibility.APPROVAL:
        # It is asked by that: `providers followers` shows who waits.
        follows.ask_once(user["_id"], terms.provider_id, now())
    raise CommandError(f"{user['name']} may not follow {terms.name}: {refusal}")


def new_bot_row(
    trading_bot_id: str, parts: Mapping[str, str], sizing: Sizing, settings: Mapping[str, Any], at: datetime
) -> Row:
    """Write a new, active bot as it is stored, with the settings of its own.

    `parts` are its user's, provider's and account's ids.
    """
    terms = BotTerms(
        trading_bot_id=trading_bot_id,
        state=BotState.ACTIVE,
        sizing=sizing,
        settings=BotSettings(**settings),
        own=tuple(settings),
        user_id=parts["user_id"],
        provider_id=parts["provider_id"],
        account_id=parts["account_id"],
    )
    return bot_row(terms) | {"created_at": at}


def _shown(row: Row, sizing: Sizing) -> dict[str, Any]:
    return {"state": row["state"], "sizing": str(sizing), "settings": row["settings"]}

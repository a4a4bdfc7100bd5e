"""`flask providers reach`: who follows a provider where, and how long one signal takes to all of them at a venue's limit."""

from collections import Counter

import click

from shared.brokers.weights import LIMITS, fan_out_seconds
from shared.domain.accounts import AccountStatus
from shared.domain.bots import BotState
from shared.models.accounts import Account
from shared.models.bots import TradingBot
from shared.models.mapping import Row, rows_of
from shared.models.providers import Provider
from web.commands.answers import show_rows
from web.commands.frame import Command, json_option
from web.commands.lookups import find_provider
from web.commands.session import open_database

_COLUMNS = ("venue", "environment", "followers", "limit_seconds")
_EMPTY = "Nobody follows this provider yet."


@click.command("reach", cls=Command)
@click.option("--provider", "provider_text", required=True, help="Id or name.")
@json_option
def reach(*, provider_text: str, as_json: bool) -> None:
    """Show how many active followers a signal reaches at each venue, and what its limit makes of them.

    `limit_seconds` is the time until the last entry is covered when every follower enters, at the venue's published
    limit and with EGRESS_ADDRESSES addresses; who comes past a signal's age gets EXPIRED with RATE_LIMIT. Empty where the
    venue publishes no limit.
    """
    settings = open_database(Provider, TradingBot, Account)
    provider = find_provider(provider_text)
    addresses = max(len(settings.egress_addresses), 1)
    counted = _count(provider["_id"])
    rows = [_row(*place, followers, addresses) for place, followers in sorted(counted.items())]
    show_rows(rows, _COLUMNS, as_json=as_json, empty=_EMPTY)


def _count(provider_id: str) -> "Counter[tuple[str, str]]":
    following = {"provider_id": provider_id, "state": str(BotState.ACTIVE)}
    account_ids = rows_of(TradingBot).distinct("account_id", following)
    active = {"_id": {"$in": account_ids}, "status": str(AccountStatus.ACTIVE)}
    found = rows_of(Account).find(active, {"venue": 1, "environment": 1})
    return Counter((row["venue"], row["environment"]) for row in found)


def _row(venue: str, environment: str, followers: int, addresses: int) -> Row:
    # Paper money is ours: no venue counts its orders.
    limits = None if environment == "paper" else LIMITS.get(venue)
    seconds = None if limits is None else fan_out_seconds(limits, followers, addresses)
    return {"venue": venue, "environment": environment, "followers": followers, "limit_seconds": seconds}

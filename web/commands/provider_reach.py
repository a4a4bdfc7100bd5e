"""`flask providers reach`: who follows a provider where, and how long one signal takes to all of them at a venue's limit."""

from collections import Counter

import click

from shared.brokers.catalogue import list_venues
from shared.brokers.venue import Venue
from shared.domain.accounts import AccountStatus, Environment
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
    venues = list_venues(settings.venue_adapters, settings.live_venues)
    rows = [
        _row(venues.get(venue), venue, environment, followers, addresses)
        for (venue, environment), followers in sorted(counted.items())
    ]
    show_rows(rows, _COLUMNS, as_json=as_json, empty=_EMPTY)


def _count(provider_id: str) -> "Counter[tuple[str, str]]":
    following = {"provider_id": provider_id, "state": str(BotState.ACTIVE)}
    account_ids = rows_of(TradingBot).distinct("account_id", following)
    active = {"_id": {"$in": account_ids}, "status": str(AccountStatus.ACTIVE)}
    found = rows_of(Account).find(active, {"venue": 1, "environment": 1})
    return Counter((row["venue"], row["environment"]) for row in found)


def _row(known: Venue | None, venue: str, environment: str, followers: int, addresses: int) -> Row:
    limits = None if known is None else known.limits(Environment(environment))
    seconds = None if limits is None else limits.fan_out_seconds(followers, addresses)
    return {"venue": venue, "environment": environment, "followers": followers, "limit_seconds": seconds}

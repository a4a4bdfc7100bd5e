"""What planning reads once for a chunk of followers: accounts, people, trades, halts, settings, prices, days."""

from collections.abc import Collection as Many
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.accounts import Account
from shared.domain.bots import TradingBot
from shared.domain.facts import Session
from shared.domain.halts import Halt
from shared.domain.instruments import Instrument
from shared.domain.layers import Level, with_settings_in_force
from shared.domain.trades import AliveTrade
from shared.models import accounts, halts, layers, market, rights, trades, users
from shared.models.together import run_together
from shared.models.users import Person
from worker.context import Context, utc_now
from worker.pipeline.day_results import Days, Venue, days_of
from worker.pipeline.planning import Planning
from worker.sessions import session_of

LONGEST_DAY = timedelta(hours=26)
"""No day of any user began longer ago, whatever the zone and however the clocks were moved."""


@dataclass(frozen=True, slots=True)
class World:
    """What was read; `bots` trade with the settings that are in force for them."""

    bots: list[TradingBot]
    accounts: dict[str, Account]
    people: dict[str, Person]
    may_follow: frozenset[str]
    trades: dict[str, list[AliveTrade]]
    halts: list[Halt]
    instruments: dict[Venue, Instrument | None]
    prices: dict[Venue, tuple[Decimal, Decimal] | None]
    prices_at_post: dict[Venue, Decimal | None]
    days: Days
    sessions: dict[str, Session]


def read_world(context: Context, planning: Planning, bots: Sequence[TradingBot]) -> World:
    """Read the world of these followers in one round trip, and what the market says."""
    now, user_ids = utc_now(), {bot.user_id for bot in bots}
    found, people, trading, in_force, suggested, of_users, of_accounts = run_together(
        accounts.finding_of_users(user_ids),
        users.finding_people(user_ids, now),
        trades.finding_of_users(user_ids, now - LONGEST_DAY),
        halts.finding_in_force(),
        layers.finding(Level.PROVIDER, [planning.terms.provider_id]),
        layers.finding(Level.USER, user_ids),
        layers.finding(Level.ACCOUNT, {bot.account_id for bot in bots}),
    )
    instruments, prices = _market(context, planning, {_venue(account) for account in found.values()})
    provider = suggested.get(planning.terms.provider_id)
    ready = [
        with_settings_in_force(
            bot, layers.known(provider, of_users.get(bot.user_id), of_accounts.get(bot.account_id))
        )
        for bot in bots
    ]
    return World(
        bots=ready,
        accounts=found,
        people=people,
        may_follow=rights.who_may_follow(planning.terms, user_ids),
        trades=trading,
        halts=in_force,
        instruments=instruments,
        prices=prices,
        prices_at_post=_prices_at_post(planning, instruments),
        days=days_of(context, people, found, trading),
        sessions=_sessions(_exchanges(context, ready, found, instruments), now),
    )


def _venue(account: Account) -> Venue:
    return account.venue, account.environment


def _market(
    context: Context, planning: Planning, venues: Many[Venue]
) -> tuple[dict[Venue, Instrument | None], dict[Venue, tuple[Decimal, Decimal] | None]]:
    instruments: dict[Venue, Instrument | None] = dict.fromkeys(venues)
    prices: dict[Venue, tuple[Decimal, Decimal] | None] = dict.fromkeys(venues)
    if planning.symbol is not None:
        for venue in venues:
            instruments[venue] = context.instruments(*venue, [planning.symbol]).get(planning.symbol)
            if instruments[venue] is not None:
                quote = context.fresh_quotes(*venue, [planning.symbol]).get(planning.symbol)
                prices[venue] = (quote.bid, quote.ask) if quote else None
    return instruments, prices


def _prices_at_post(
    planning: Planning, instruments: dict[Venue, Instrument | None]
) -> dict[Venue, Decimal | None]:
    """Return what the market asked when the message came, where it names no price itself."""
    if planning.signal.entry:
        return {}
    return {
        venue: market.price_before(*venue, instrument.symbol, planning.message.posted_at)
        for venue, instrument in instruments.items()
        if instrument is not None
    }


def _exchanges(
    context: Context,
    bots: Sequence[TradingBot],
    found: dict[str, Account],
    instruments: dict[Venue, Instrument | None],
) -> set[str]:
    """List the exchanges whose hours matter: those that bots keep to, and those that bound their venues."""
    wanted = {bot.settings.exchange for bot in bots}
    for account in {_venue(account): account for account in found.values()}.values():
        row = context.capabilities(account, instruments.get(_venue(account)))
        wanted.add(row.calendar if row else "")
    return wanted - {""}


def _sessions(exchanges: Many[str], now: datetime) -> dict[str, Session]:
    return {exchange: session_of(exchange, now) for exchange in exchanges}

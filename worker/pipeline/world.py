"""What planning reads once for a chunk of followers: accounts, people, trades, halts, settings, prices, days."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.accounts import Account
from shared.domain.bots import TradingBot
from shared.domain.facts import Session
from shared.domain.halts import Halt
from shared.domain.instruments import Instrument
from shared.domain.layers import Level, with_settings_in_force
from shared.domain.option_contracts import weekly_contracts
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


Place = tuple[str, str, str | None]
"""What is traded where: venue, environment, symbol; None for a contract that nobody has decided."""


@dataclass(frozen=True, slots=True)
class World:
    """What was read; `bots` trade with the settings that are in force for them, `symbols` is what each would trade."""

    bots: list[TradingBot]
    accounts: dict[str, Account]
    people: dict[str, Person]
    may_follow: frozenset[str]
    trades: dict[str, list[AliveTrade]]
    halts: list[Halt]
    symbols: dict[str, str | None]
    instruments: dict[Place, Instrument | None]
    prices: dict[Place, tuple[Decimal, Decimal] | None]
    prices_at_post: dict[Place, Decimal | None]
    days: Days
    sessions: dict[str, Session]

    def place_of(self, bot: TradingBot) -> Place:
        """Return what a bot would trade, and where."""
        return (*_venue(self.accounts[bot.account_id]), self.symbols[bot.trading_bot_id])


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
    provider = suggested.get(planning.terms.provider_id)
    ready = [
        with_settings_in_force(
            bot, layers.known(provider, of_users.get(bot.user_id), of_accounts.get(bot.account_id))
        )
        for bot in bots
    ]
    symbols = _symbols(context, planning, ready, found)
    places = {
        (*_venue(found[bot.account_id]), symbols[bot.trading_bot_id])
        for bot in ready
        if bot.account_id in found
    }
    instruments, prices = _market(context, places)
    return World(
        bots=ready,
        accounts=found,
        people=people,
        may_follow=rights.who_may_follow(planning.terms, user_ids),
        trades=trading,
        halts=in_force,
        symbols=symbols,
        instruments=instruments,
        prices=prices,
        prices_at_post=_prices_at_post(planning, instruments),
        days=days_of(context, people, found, trading),
        sessions=_sessions(_exchanges(context, ready, found, instruments), now),
    )


def _venue(account: Account) -> Venue:
    return account.venue, account.environment


def _symbols(
    context: Context, planning: Planning, bots: Sequence[TradingBot], found: Mapping[str, Account]
) -> dict[str, str | None]:
    """Return what each bot would trade: what the message names, or the contract that the bot's own rule takes."""
    if planning.symbol is not None:
        return dict.fromkeys((bot.trading_bot_id for bot in bots), planning.symbol)
    today = planning.message.posted_at.astimezone(UTC).date()
    chosen: dict[tuple[Venue, int], str | None] = {}
    symbols: dict[str, str | None] = {}
    for bot in bots:
        account, days = found.get(bot.account_id), bot.settings.option_min_days
        if account is None:
            symbols[bot.trading_bot_id] = None
            continue
        rule = (_venue(account), days)
        if rule not in chosen:
            chosen[rule] = _listed(context, rule[0], weekly_contracts(planning.signal, today, days))
        symbols[bot.trading_bot_id] = chosen[rule]
    return symbols


def _listed(context: Context, venue: Venue, contracts: Sequence[str]) -> str | None:
    """Return the first contract that a venue lists; the first of all where it lists none, so that the receipt names it."""
    if not contracts:
        return None
    listed = context.instruments(*venue, contracts)
    return next((symbol for symbol in contracts if symbol in listed), contracts[0])


def _market(
    context: Context, places: Many[Place]
) -> tuple[dict[Place, Instrument | None], dict[Place, tuple[Decimal, Decimal] | None]]:
    instruments: dict[Place, Instrument | None] = dict.fromkeys(places)
    prices: dict[Place, tuple[Decimal, Decimal] | None] = dict.fromkeys(places)
    for place in places:
        venue, environment, symbol = place
        if symbol is not None:
            instruments[place] = context.instruments(venue, environment, [symbol]).get(symbol)
            if instruments[place] is not None:
                quote = context.fresh_quotes(venue, environment, [symbol]).get(symbol)
                prices[place] = (quote.bid, quote.ask) if quote else None
    return instruments, prices


def _prices_at_post(
    planning: Planning, instruments: dict[Place, Instrument | None]
) -> dict[Place, Decimal | None]:
    """Return what the market asked when the message came, where it names no price itself."""
    if planning.signal.entry:
        return {}
    return {
        place: market.price_before(*place[:2], instrument.symbol, planning.message.posted_at)
        for place, instrument in instruments.items()
        if instrument is not None
    }


def _exchanges(
    context: Context,
    bots: Sequence[TradingBot],
    found: dict[str, Account],
    instruments: dict[Place, Instrument | None],
) -> set[str]:
    """List the exchanges whose hours matter: those that bots keep to, and those that bound their venues."""
    wanted = {bot.settings.exchange for bot in bots}
    known = {_venue(account): account for account in found.values()}
    for (venue, environment, _), instrument in instruments.items():
        row = context.capabilities(known[venue, environment], instrument)
        wanted.add(row.calendar if row else "")
    return wanted - {""}


def _sessions(exchanges: Many[str], now: datetime) -> dict[str, Session]:
    return {exchange: session_of(exchange, now) for exchange in exchanges}

"""The day's results of accounts and users: from trades, the newest quotes and, where a position is older, its fills."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.accounts import Account
from shared.domain.day_result import DayResult, Quotes, day_result, opened_before, together
from shared.domain.facts import UsersDay
from shared.domain.fills import fold_fills
from shared.domain.money import ZERO
from shared.domain.trades import AliveTrade
from shared.domain.values import changed
from shared.models import fills, fundings
from shared.models.users import Person
from worker.context import Context, utc_now
from worker.rates import Rates

QUOTE_MAX_AGE_SECONDS = 60
Venue = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Days:
    """The day's result by account, and by user over all of the user's accounts; an account without a balance has none."""

    by_account: dict[str, DayResult]
    by_user: dict[str, UsersDay]


def days_of(
    context: Context,
    people: Mapping[str, Person],
    accounts: Mapping[str, Account],
    trades: Mapping[str, Sequence[AliveTrade]],
) -> Days:
    """Fold the day of these people; `accounts` are all of theirs, `trades` by account those alive or closed lately."""
    counted = {
        account_id: _of_today(trades.get(account_id, ()), people[account.user_id].day.starts_at)
        for account_id, account in accounts.items()
        if account.user_id in people
    }
    quotes = _quotes(context, accounts, counted)
    by_account: dict[str, DayResult] = {}
    for account_id, listed in counted.items():
        account = accounts[account_id]
        venue = (account.venue, account.environment)
        known = _with_multipliers(context, venue, listed)
        before = _realised_before(context, venue, known, people[account.user_id].day.starts_at)
        result = day_result(account, known, quotes.get(venue, {}), before)
        if result is not None:
            by_account[account_id] = result
    return Days(by_account, _by_user(context, people, accounts, by_account))


def _of_today(listed: Sequence[AliveTrade], starts_at: datetime) -> list[AliveTrade]:
    return [trade for trade in listed if trade.closed_at is None or trade.closed_at >= starts_at]


def _quotes(
    context: Context, accounts: Mapping[str, Account], counted: Mapping[str, Sequence[AliveTrade]]
) -> dict[Venue, Quotes]:
    symbols: dict[Venue, set[str]] = {}
    for account_id, listed in counted.items():
        held = {trade.symbol for trade in listed if trade.held}
        if held:
            account = accounts[account_id]
            symbols.setdefault((account.venue, account.environment), set()).update(held)
    return {
        venue: {
            symbol: (quote.bid, quote.ask)
            for symbol, quote in context.quotes.read(*venue, wanted, utc_now(), QUOTE_MAX_AGE_SECONDS).items()
        }
        for venue, wanted in symbols.items()
    }


def _with_multipliers(context: Context, venue: Venue, listed: Sequence[AliveTrade]) -> list[AliveTrade]:
    rules = context.instruments(*venue, {trade.symbol for trade in listed if trade.held})
    return [
        changed(trade, multiplier=rule.multiplier)
        if (rule := rules.get(trade.symbol)) is not None and rule.multiplier != trade.multiplier
        else trade
        for trade in listed
    ]


def _realised_before(
    context: Context, venue: Venue, listed: Sequence[AliveTrade], starts_at: datetime
) -> dict[str, Decimal]:
    """Return what trades from before today had realised when it began; fills are read only where a part has left.

    Funding counts on the day on which it was paid.
    """
    old = [trade for trade in listed if opened_before(trade, starts_at)]
    geared = [trade.trade_id for trade in old if trade.leverage is not None]
    paid = fundings.sums_of(geared, starts_at) if geared else {}
    before = {
        trade.trade_id: trade.realised_pnl - trade.funding + paid.get(trade.trade_id, ZERO) for trade in old
    }
    left = [trade for trade in old if trade.exited]
    if not left:
        return before
    found = fills.before([trade.trade_id for trade in left], starts_at)
    rules = context.instruments(*venue, {trade.symbol for trade in left})
    for trade in left:
        rule = rules.get(trade.symbol)
        earlier = found.get(trade.trade_id, [])
        if rule is not None:
            fold = fold_fills(earlier, trade.side, rule).realised_pnl if earlier else ZERO
            before[trade.trade_id] = fold + paid.get(trade.trade_id, ZERO)
    return before


def _by_user(
    context: Context,
    people: Mapping[str, Person],
    accounts: Mapping[str, Account],
    by_account: Mapping[str, DayResult],
) -> dict[str, UsersDay]:
    owned: dict[str, list[Account]] = {}
    for account in accounts.values():
        if account.user_id in people and account.account_id in by_account:
            owned.setdefault(account.user_id, []).append(account)
    rates = Rates(context)
    return {
        user_id: _sum(people[user_id], listed, by_account, rates)
        for user_id, listed in owned.items()
        if len(listed) > 1
    }


def _sum(
    person: Person, listed: Iterable[Account], by_account: Mapping[str, DayResult], rates: Rates
) -> UsersDay:
    mine = [(account.quote_asset, by_account[account.account_id]) for account in listed]
    assets = {asset for asset, _ in mine}
    if len(assets) == 1:
        # In one currency no rate matters.
        return UsersDay(together(result for _, result in mine), assets.pop())
    currency = person.display_currency
    found = {asset: rates.find(asset, currency) for asset in sorted(assets)}
    lacking = [asset for asset, rate in found.items() if rate is None]
    if lacking:
        return UsersDay(None, currency, lacks=f"no rate of {', '.join(lacking)} in {currency}")
    told = ", ".join(str(rate) for rate in found.values() if rate is not None and rate.asset != currency)
    in_one = [result.in_currency(rate.value) for asset, result in mine if (rate := found[asset]) is not None]
    return UsersDay(together(in_one), currency, rates=told)

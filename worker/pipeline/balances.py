"""Read balances; what filled orders had reserved is given back by a read that began after their end."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic

from shared.brokers.base import Balance, Broker, Quote
from shared.brokers.margin import MarginBroker
from shared.brokers.weights import Call
from shared.domain.accounts import Account, AccountStatus
from shared.domain.errors import TradeError
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.order_status import TERMINAL
from shared.domain.signals import Side
from shared.domain.trades import Trade
from shared.logs import get_logger
from shared.models import accounts, market, orders, trades
from shared.models.accounts import BalanceRead
from shared.models.mapping import millisecond
from worker.context import Context, utc_now
from worker.limits import Pot, Urgency
from worker.notify.events import account_events, ring_events
from worker.pipeline.breaker import watch_losses
from worker.pipeline.budget import affordable, ask_side_by_side
from worker.pipeline.external import suspect
from worker.pipeline.keys import REFUSED_KEY, check_keys

log = get_logger(__name__)

READ_SECONDS = 8.0
PAGE = 500
AT_ONCE = 100
PATIENT_SECONDS = 20.0
"""How long a snapshot lets signals go first: a task has a limit, and balances that nobody reads grow too old to plan with."""


def refresh(context: Context, account_ids: Sequence[str]) -> int:
    """Read the balances of accounts from their venues and store them with their time; return how many came."""
    known = list(accounts.find_many(account_ids).values())
    barred = check_keys(context, [account for account in known if account.balance_at is None])
    known = [account for account in known if account.account_id not in barred]
    _open_paper_accounts(context, known)
    alive = trades.alive_of_accounts([account.account_id for account in known])
    started = millisecond(utc_now())
    ended = _ended_intents(known)
    answers = _read(context, known)
    reads = [
        BalanceRead(account.account_id, *quote_pot(account, found), started, ended.get(account.account_id, ()))
        for account, found in zip(known, answers, strict=True)
        if found is not None
    ]
    accounts.record_balances(reads)
    held = {a.account_id: found for a, found in zip(known, answers, strict=True) if found is not None}
    suspect(context, alive, held)
    ring_events(account_events(known, started))
    return len(reads)


def snapshot(context: Context) -> str:
    """Read balances that are getting old and store a point of every account's equity."""
    after, count = "", 0
    now, began = utc_now(), monotonic()
    while page := accounts.all_active(after, PAGE):
        old = [
            a.account_id
            for a in page
            if a.balance_at is None or now - a.balance_at > _refresh_after(context, a)
        ]
        for start in range(0, len(old), AT_ONCE):
            if monotonic() - began < PATIENT_SECONDS:
                context.step_back()
            refresh(context, old[start : start + AT_ONCE])
        _record_equity(context, [a.account_id for a in page], now)
        watch_losses(context, {a.user_id for a in page}, now)
        after, count = page[-1].account_id, count + len(page)
        if len(page) < PAGE:
            break
    return f"{count} accounts"


def _refresh_after(context: Context, account: Account) -> timedelta:
    # Well before it is too old to plan with, so that a signal seldom waits for it.
    return context.balance_max_age(account) / 4


def _open_paper_accounts(context: Context, known: Sequence[Account]) -> None:
    for account in known:
        if (
            account.environment == "paper"
            and account.opening_balance is not None
            and account.balance_at is None
        ):
            context.paper_store.create_account(account.account_id, account.opening_balance, utc_now())


def _ended_intents(known: Sequence[Account]) -> dict[str, list[str]]:
    """Return, by account, which of its reservations are of orders that have ended and been carried on."""
    ended: dict[str, list[str]] = {}
    for order in orders.find_entries([intent for account in known for intent in account.reservations]):
        if order.status in TERMINAL and not order.unsettled:
            ended.setdefault(order.account_id, []).append(order.intent_id)
    return ended


def _read(context: Context, known: Sequence[Account]) -> list[Sequence[Balance] | None]:
    """Read balances as far as the venues' limits allow; None for who was not read."""

    def pot_of(account: Account) -> Pot:
        return context.pot(account.venue, account.environment, account.account_id)

    asked = affordable(context, known, pot_of, Call.BALANCES, urgency=Urgency.SNAPSHOT)
    answers = context.loop.run(_read_all(context, asked, pot_of), READ_SECONDS * 2 + 5)
    by_id = {account.account_id: found for account, found in zip(asked, answers, strict=True)}
    return [by_id.get(account.account_id) for account in known]


async def _read_all(
    context: Context, known: Sequence[Account], pot_of: Callable[[Account], Pot]
) -> list[Sequence[Balance] | None]:
    async def read(account: Account) -> Sequence[Balance] | None:
        try:
            return await asyncio.wait_for(holdings(context.broker(account)), READ_SECONDS)
        except (TradeError, TimeoutError) as error:
            log.warning("account.balance_failed", account_id=account.account_id, error=str(error)[:200])
            if isinstance(error, TradeError) and error.code == "UNAUTHORIZED":
                barring = (account.account_id, AccountStatus.NEEDS_REAUTH, REFUSED_KEY)
                await asyncio.to_thread(accounts.set_status, *barring)
            return None

    return await ask_side_by_side(context, known, pot_of, read, patience_seconds=READ_SECONDS)


async def holdings(broker: Broker) -> Sequence[Balance]:
    """Read what an account holds; a position on margin stands beside the assets, by its symbol, negative where short."""
    held = await broker.fetch_balances()
    if not isinstance(broker, MarginBroker):
        return held
    positions = await broker.fetch_positions()
    signed = [(p.symbol, p.quantity if p.side is Side.BUY else -p.quantity) for p in positions]
    return [*held, *(Balance(symbol, quantity, ZERO) for symbol, quantity in signed)]


def quote_pot(account: Account, balances: Sequence[Balance]) -> tuple[Decimal, Decimal]:
    """Return total and free of the account's quote asset."""
    for balance in balances:
        if balance.asset == account.quote_asset:
            return balance.total, balance.free
    return ZERO, ZERO


def _record_equity(context: Context, account_ids: Sequence[str], now: datetime) -> None:
    """Equity is cash plus what open trades are worth at the newest quotes; on margin that is their result."""
    alive = trades.alive_of_accounts(account_ids)
    for account in accounts.find_many(account_ids).values():
        if account.balance_total is None:
            continue
        equity = account.balance_total
        symbols = {trade.symbol for trade in alive[account.account_id] if trade.held}
        quotes = context.fresh_quotes(account.venue, account.environment, symbols)
        rules = context.instruments(account.venue, account.environment, symbols)
        for trade in alive[account.account_id]:
            if trade.held and trade.symbol in quotes and trade.symbol in rules:
                equity += _worth(trade, rules[trade.symbol], quotes[trade.symbol])
        market.record_equity(account.account_id, account.user_id, now, account.balance_total, equity)


def _worth(trade: Trade, rule: Instrument, quote: Quote) -> Decimal:
    price = quote.bid if trade.side is Side.BUY else quote.ask
    if trade.leverage is None:
        return rule.notional(trade.held, price)
    move = price - (trade.entry_average or price)
    return rule.notional(trade.held, move if trade.side is Side.BUY else -move)

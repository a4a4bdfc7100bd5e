"""Holds what the venue did against what we say of it: at any moment, and once everything has come to rest."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shared.domain.order_status import LIVE, RESTING, TERMINAL, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.receipts import Verdict
from shared.domain.trades import Trade, TradeStatus
from shared.models import accounts, fills, signals
from shared.models.commands import Command
from shared.models.mapping import rows_of
from shared.models.messages import Message
from tests.integration.worker.binance.play import BY_HAND, SYMBOLS, Play

ZERO = Decimal(0)
OPEN = {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
FAILED = {"task.failed", "wave.unrecorded"}
CRUMB = Decimal(5)
"""The venue's minimum: what is worth less cannot be sold alone."""


@dataclass(frozen=True)
class Theirs:
    """One of our orders as the venue has it."""

    quantity: Decimal
    executed: Decimal
    is_open: bool


@dataclass
class Books:
    """Both sides' books, ours read first: the venue may only know more."""

    orders: list[Order]
    trades: list[Trade]
    theirs: dict[str, Theirs] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def executed(self, orders: Iterable[Order]) -> Decimal:
        return sum((self.theirs[o.order_id].executed for o in orders if o.order_id in self.theirs), ZERO)


def read_books(play: Play) -> Books:
    """Read both sides."""
    books = Books(play.orders(), play.trades())
    ours = {order.order_id for order in books.orders}
    rows = [row for key in play.keys for row in play.desk.venue.orders(key)]
    names = Counter(row["clientOrderId"] for row in rows)
    books.complaints += [f"{name} was accepted {times} times" for name, times in names.items() if times > 1]
    for row in rows:
        name = row["clientOrderId"]
        if name in ours:
            amounts = Decimal(row["origQty"]), Decimal(row["executedQty"])
            books.theirs[name] = Theirs(*amounts, row["status"] in OPEN)
        elif not name.startswith(BY_HAND):
            books.complaints.append(f"nobody asked for {name}")
    return books


def at_any_moment(play: Play, entries: Iterable[Any]) -> list[str]:
    """What must hold after every step."""
    books = read_books(play)
    found = books.complaints
    found += [f"{entry['event']}: {entry}" for entry in entries if entry["event"] in FAILED]
    by_intent: dict[str, list[Order]] = defaultdict(list)
    by_trade: dict[str, list[Order]] = defaultdict(list)
    for order in books.orders:
        by_intent[order.intent_id].append(order)
        by_trade[order.trade_id].append(order)
        known = books.theirs.get(order.order_id)
        if order.filled_quantity > (known.executed if known else ZERO):
            found.append(f"{order.purpose} has fills that the venue does not know")
    for attempts in by_intent.values():
        found += _of_intent(attempts, books)
    for own in by_trade.values():
        bought = books.executed(o for o in own if o.purpose is Purpose.ENTRY)
        sold = books.executed(o for o in own if o.purpose is not Purpose.ENTRY)
        if sold > bought:
            found.append(f"sold {sold} of {bought}")
    for bot in play.bots:
        account = accounts.find(bot.account_id)
        assert account is not None
        found += ["a reservation is negative" for held in account.reservations.values() if held.notional < 0]
    return found


def _of_intent(attempts: list[Order], books: Books) -> list[str]:
    there = [books.theirs[o.order_id] for o in attempts if o.order_id in books.theirs]
    found = []
    if sum(order.is_open for order in there) > 1:
        found.append(f"{attempts[0].purpose} works twice at the venue")
    taken = sum((o.quantity if o.is_open else o.executed for o in there), ZERO)
    if taken > attempts[0].quantity:
        found.append(f"{attempts[0].purpose} of {attempts[0].quantity} took {taken}")
    return found


def at_rest(play: Play) -> list[str]:
    """What must hold once nothing moves any more."""
    books = read_books(play)
    found = books.complaints
    for order in books.orders:
        found += _of_order(order, books)
    for trade in books.trades:
        found += _of_trade(trade, [o for o in books.orders if o.trade_id == trade.trade_id], books)
    found += _of_accounts(play, books) + _of_closes(play, books)
    for document in (Message, Command):
        waiting = rows_of(document).count_documents({"status": "pending"})
        found += [f"{waiting} of {document.__name__} never ended"] if waiting else []
    return found


def _of_order(order: Order, books: Books) -> list[str]:
    found = []
    named = f"{order.purpose} {order.order_id[:6]} {order.status}"
    known = books.theirs.get(order.order_id, Theirs(ZERO, ZERO, is_open=False))
    listed = sum((fill.quantity for fill in fills.of_orders([order.order_id])), ZERO)
    if not known.executed == order.filled_quantity == listed:
        found.append(
            f"{named}: the venue filled {known.executed}, we {order.filled_quantity}, ledger {listed}"
        )
    if known.is_open != (order.status in LIVE):
        found.append(f"{named}: open at the venue is {known.is_open}")
    if order.status in TERMINAL - {OrderStatus.FILLED} and not order.code:
        found.append(f"{named} without a reason")
    return found


def _of_trade(trade: Trade, own: list[Order], books: Books) -> list[str]:
    found = []
    named = f"trade {trade.trade_id[:6]} {trade.status}"
    bought = books.executed(o for o in own if o.purpose is Purpose.ENTRY)
    sold = books.executed(o for o in own if o.purpose is not Purpose.ENTRY)
    if (trade.entered, trade.exited) != (bought, sold):
        found.append(f"{named}: {trade.entered}-{trade.exited}, the venue has {bought}-{sold}")
    if trade.held < ZERO:
        found.append(f"{named} holds {trade.held}")
    live = [o for o in own if o.status in LIVE]
    if trade.status is TradeStatus.OPEN and trade.resting + trade.managed != trade.coverable:
        found.append(f"{named}: {trade.resting} rests for {trade.coverable}")
    if trade.status is TradeStatus.OPEN and not trade.coverable and not live:
        found.append(f"{named} has nothing left and goes on")
    if trade.is_over and live:
        found.append(f"{named} has live orders")
    if trade.is_over and trade.coverable:
        found.append(f"{named} holds {trade.coverable}")
    if trade.exit_cause is not None and not trade.is_over:
        found.append(f"{named}: the exit {trade.exit_cause} never came")
    return found


def _of_closes(play: Play, books: Books) -> list[str]:
    receipts = [r for message_id in play.closes for r in signals.receipts_of_message(message_id)]
    closed = {r.trade_id for r in receipts if r.outcome is Verdict.PASSED}
    going_on = [trade for trade in books.trades if trade.trade_id in closed and not trade.is_over]
    return [f"trade {trade.trade_id[:6]} goes on after its close" for trade in going_on]


def _of_accounts(play: Play, books: Books) -> list[str]:
    found = []
    for bot, key in zip(play.bots, play.keys, strict=True):
        account = accounts.find(bot.account_id)
        assert account is not None
        working = {
            o.intent_id
            for o in books.orders
            if o.account_id == bot.account_id and o.purpose is Purpose.ENTRY and o.status in RESTING
        }
        if account.reservations.keys() != working:
            found.append(f"{len(account.reservations)} reservations for {len(working)} working entries")
        for symbol in SYMBOLS:
            own = (t.held for t in books.trades if (t.account_id, t.symbol) == (bot.account_id, symbol))
            there = play.at_venue(key, symbol, "free", "locked")
            difference = sum(own, ZERO) - there
            is_crumb = play.is_by_hand and abs(difference) * play.prices[symbol] < CRUMB
            if difference and not is_crumb:
                found.append(f"the account holds {there} {symbol}, we say {there + difference}")
    return found


def describe(play: Play) -> list[str]:
    """Say how everything stands, for whoever reads a complaint."""
    books = read_books(play)
    told = []
    for trade in books.trades:
        told.append(
            f"{trade.symbol} {trade.status} {trade.close_reason} held {trade.held} external {trade.external} "
            f"coverable {trade.coverable} resting {trade.resting} stop {trade.stop_price} needs {trade.needs_cover} "
            f"exit {trade.exit_cause} {trade.exit_fraction} gone {trade.gone_since}"
        )
        told += [
            f"  {o.order_id[:6]} #{o.attempt} {o.purpose}{o.leg} {o.status} {o.code} {o.filled_quantity}/{o.quantity}"
            f" at {o.limit_price or o.stop_price} asked {o.cancel_requested} unsettled {o.unsettled}"
            f" {books.theirs.get(o.order_id)}"
            for o in books.orders
            if o.trade_id == trade.trade_id
        ]
    return told

"""The Overview put together: which part of the page is made from which reading of the database."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis

from shared.domain.accounts import Account
from shared.domain.receipts import Receipt
from shared.models import halts, market
from web.auth.session import Follower
from web.dashboard import queries
from web.dashboard.book import Book, read_book
from web.dashboard.money_views import Curve, MoneyView, draw_curve, money_views
from web.dashboard.profile_views import describe_profile
from web.dashboard.receipt_views import ReceiptView, receipt_views
from web.dashboard.signal_views import Context, SignalRow, signal_rows
from web.dashboard.status_views import (
    CoverSummary,
    HaltBanner,
    Notice,
    cover_summary,
    halt_banners,
    notices,
)
from web.dashboard.trade_views import TradeCard, WaitingEntry, trade_cards, waiting_entries
from web.repository import OwnRows

SIGNALS_SHOWN = 25
MOST_CARDS = 4
FIRST_CARDS = 2
"""With more than `MOST_CARDS` open, only these stand in full: what is open stays on one screen."""
LATEST_LOOKED_AT = 3
SIGNALS_SINCE = timedelta(days=14)
CURVE_SINCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StatusPart:
    """Halts, money, cover and what needs a look."""

    banners: tuple[HaltBanner, ...]
    moneys: tuple[MoneyView, ...]
    curve: Curve | None
    cover: CoverSummary
    notices: tuple[Notice, ...]
    waiting: int
    latest: SignalRow | None


@dataclass(frozen=True, slots=True)
class TradesPart:
    """Open trades and entries that wait; the first `cards_in_full` stand as cards, the rest as rows."""

    cards: tuple[TradeCard, ...]
    cards_in_full: int
    waiting: tuple[WaitingEntry, ...]
    has_bots: bool


@dataclass(frozen=True, slots=True)
class SignalsPart:
    """The newest messages; `shows_all` includes those that are no signals."""

    rows: tuple[SignalRow, ...]
    shows_all: bool
    has_bots: bool


@dataclass(frozen=True, slots=True)
class AccountsPart:
    """The user's accounts, for the side bar."""

    accounts: tuple[Account, ...]


class OverviewReader:
    """Reads for one request; the book is read once, whichever parts are asked for."""

    def __init__(self, follower: Follower, client: redis.Redis, now: datetime, *, shows_all: bool) -> None:
        self._follower = follower
        self._own = OwnRows(follower.user_id)
        self._client = client
        self._now = now
        self._shows_all = shows_all
        self._book: Book | None = None

    def book(self) -> Book:
        """Return the user's book."""
        if self._book is None:
            self._book = read_book(self._follower, self._client, self._now)
        return self._book

    def status(self) -> StatusPart:
        """Build the part that answers whether all is well."""
        book = self.book()
        cards = trade_cards(book, self._now)
        moneys = money_views(book, self._now)
        accounts = [a.account_id for a in book.accounts if moneys and a.quote_asset == moneys[0].unit]
        points = market.equity_curve(accounts, self._now - CURVE_SINCE) if accounts else []
        rows = self.rows(LATEST_LOOKED_AT)
        return StatusPart(
            banners=tuple(halt_banners(halts.in_force(), book, self._follower.user_id, book.community_ids)),
            moneys=tuple(moneys),
            curve=draw_curve(points),
            cover=cover_summary(cards),
            notices=tuple(notices(book, moneys, cards)),
            waiting=len(waiting_entries(book, self._now)),
            latest=rows[0] if rows else None,
        )

    def trades(self) -> TradesPart:
        """Build the part that shows what is open."""
        book = self.book()
        cards = trade_cards(book, self._now)
        return TradesPart(
            cards=tuple(cards),
            cards_in_full=len(cards) if len(cards) <= MOST_CARDS else FIRST_CARDS,
            waiting=tuple(waiting_entries(book, self._now)),
            has_bots=bool(book.provider_names),
        )

    def signals(self) -> SignalsPart:
        """Build the part that shows what just happened."""
        return SignalsPart(
            rows=tuple(self.rows(queries.MOST_MESSAGES)[:SIGNALS_SHOWN]),
            shows_all=self._shows_all,
            has_bots=bool(queries.followed_providers(self._own)),
        )

    def accounts(self) -> AccountsPart:
        """Build the part that lists the accounts."""
        return AccountsPart(tuple(queries.accounts_of(self._own)))

    def rows(self, limit: int) -> list[SignalRow]:
        """Return the newest messages with what became of each, from the `limit` newest revisions."""
        providers = queries.followed_providers(self._own)
        since = self._now - SIGNALS_SINCE
        messages = queries.newest_messages(self._own, since, with_noise=self._shows_all, limit=limit)
        receipts = queries.receipts_of_messages(self._own, {m.message_id for m in messages})
        by_message: dict[tuple[str, str], list[Receipt]] = defaultdict(list)
        for receipt in receipts:
            by_message[receipt.channel_id, receipt.message_id].append(receipt)
        context = Context(
            provider_names={p.provider_id: p.name for p in providers},
            provider_habits={p.provider_id: describe_profile(p.profile) for p in providers},
            channel_providers={c: p.provider_id for p in providers for c in p.channel_ids},
            readings=queries.readings({m.signal_id for m in messages if m.signal_id}),
            receipts=by_message,
            trades=queries.trades_by_id(self._own, {r.trade_id for r in receipts if r.trade_id}),
        )
        return signal_rows(messages, context)


def read_receipts(follower: Follower, row_id: str) -> list[ReceiptView] | None:
    """Build the receipts of one message for the user; None where the message is not theirs to see."""
    own = OwnRows(follower.user_id)
    message = queries.find_message_for(own, row_id)
    if message is None:
        return None
    receipts = [
        receipt
        for receipt in queries.receipts_of_messages(own, {message.message_id})
        if receipt.channel_id == message.channel_id
    ]
    orders = queries.orders_of_trades(own, {r.trade_id for r in receipts if r.trade_id})
    accounts = {account.account_id: account.name for account in queries.accounts_of(own)}
    return receipt_views(receipts, orders, accounts)


PARTS: dict[str, Callable[[OverviewReader], object]] = {
    "status": OverviewReader.status,
    "trades": OverviewReader.trades,
    "signals": OverviewReader.signals,
    "accounts": OverviewReader.accounts,
}

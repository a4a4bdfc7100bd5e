"""Open trades and waiting entries as the Overview shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import HUNDRED, ZERO
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.signals import Side
from shared.domain.trades import StopSource, Trade, TradeStatus
from web.dashboard.book import Book, multiplier_of
from web.dashboard.ladder import Ladder, Level, MarkKind, draw_ladder
from web.dashboard.money_views import value_trade
from web.dashboard.quotes import PriceNow
from web.formatting import decimals_of, quantity

MAX_NAKED_SECONDS = 10
"""How long a stop may be on its way before the position is called naked (DESIGN 6)."""

_STOP_SOURCES = {
    StopSource.MESSAGE: "from the message",
    StopSource.DEFAULT: "your default",
    StopSource.UPDATE: "moved by the provider",
    StopSource.USER: "set by you",
}
_WAITING = {
    OrderStatus.INITIALIZED: "about to be sent",
    OrderStatus.SUBMITTED: "sent, not yet answered",
    OrderStatus.UNKNOWN: "outcome unknown, being looked up",
    OrderStatus.ACCEPTED: "resting at the venue",
    OrderStatus.PARTIALLY_FILLED: "partly filled, the rest is resting",
    OrderStatus.PENDING_CANCEL: "being cancelled",
}


class CoverState(StrEnum):
    """COVERED has a stop for all of it, COVERING has one on its way, NAKED has none in time, DUST needs none."""

    COVERED = "covered"
    COVERING = "covering"
    NAKED = "naked"
    DUST = "dust"


@dataclass(frozen=True, slots=True)
class CoverView:
    """How well one position is covered, and since when it is not."""

    state: CoverState
    text: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PriceView:
    """A price as it is shown: when it was seen, whether it is old, whether it is synthetic."""

    price: Decimal | None
    at: datetime | None
    is_stale: bool
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class TradeCard:
    """One open trade; money in `unit`, prices with `decimals`."""

    trade_id: str
    symbol: str
    is_long: bool
    provider: str
    account: str
    environment: str
    opened_at: datetime | None
    unit: str
    decimals: int
    held: Decimal
    base: str
    value: Decimal
    entry: Decimal
    now: PriceView
    open_pnl: Decimal | None
    realised: Decimal
    r_now: Decimal | None
    stop_price: Decimal | None
    stop_source: str
    risk: Decimal
    risk_r: Decimal | None
    locked: Decimal
    cover: CoverView
    ladder: Ladder | None
    targets_done: int
    targets: int
    is_leaving: bool
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingEntry:
    """One entry that waits for its price or its answer."""

    order_id: str
    symbol: str
    is_long: bool
    provider: str
    text: str
    quantity: Decimal
    filled: Decimal
    base: str
    price: Decimal | None
    decimals: int
    distance_percent: Decimal | None
    stop_price: Decimal | None
    expires_at: datetime | None
    at: datetime


def trade_cards(book: Book, now: datetime) -> list[TradeCard]:
    """Build the cards of open trades: those that are not covered come first, then the newest."""
    names = {account.account_id: account.name for account in book.accounts}
    cards = [
        _card(trade, book, names.get(trade.account_id, ""), now)
        for trade in book.trades
        if trade.status is TradeStatus.OPEN
    ]
    urgency = {CoverState.NAKED: 0, CoverState.COVERING: 1}
    return sorted(cards, key=lambda card: urgency.get(card.cover.state, 2))


def waiting_entries(book: Book, now: datetime) -> list[WaitingEntry]:
    """List entries that are not filled yet, newest first."""
    trades = {trade.trade_id: trade for trade in book.trades}
    waiting = [
        _waiting(order, trades[trade_id], book, now)
        for trade_id, orders in book.orders.items()
        for order in orders
        if order.purpose is Purpose.ENTRY and order.status in LIVE
    ]
    return sorted(waiting, key=lambda entry: entry.at, reverse=True)


def cover_of(trade: Trade, now: datetime) -> CoverView:
    """Judge a trade's cover from what rests at the venue and what we watch ourselves."""
    if trade.coverable <= ZERO:
        if trade.held > ZERO and trade.naked_since is None:
            return CoverView(CoverState.DUST, "Too small to cover")
        if trade.naked_since is None:
            return CoverView(CoverState.COVERED, "Nothing left to cover")
    uncovered = trade.coverable - trade.resting - trade.managed
    if uncovered <= ZERO and trade.naked_since is None:
        where = "at the venue" if trade.managed <= ZERO else "watched by us"
        if trade.managed > ZERO and trade.resting > ZERO:
            where = "at the venue and watched by us"
        return CoverView(CoverState.COVERED, f"Stop {where}")
    since = trade.naked_since or trade.opened_at or now
    if now - since < timedelta(seconds=MAX_NAKED_SECONDS):
        return CoverView(CoverState.COVERING, "Stop on its way", since)
    return CoverView(CoverState.NAKED, f"No stop for {quantity(max(uncovered, ZERO))}", since)


def price_view(quote: PriceNow | None, side: Side, now: datetime) -> PriceView:
    """Show the price at which a position of `side` could be closed now."""
    if quote is None:
        return PriceView(None, None, is_stale=True, is_synthetic=False)
    return PriceView(quote.to_leave(side), quote.at, quote.is_stale(now), quote.synthetic)


def describe_entry(order: Order) -> str:
    """Say in a few words what an entry waits for."""
    if order.cancel_requested:
        return "being cancelled"
    return _WAITING.get(order.status, str(order.status).lower())


def _card(trade: Trade, book: Book, account: str, now: datetime) -> TradeCard:
    quote = book.price_of(trade)
    seen = price_view(quote, trade.side, now)
    valued = value_trade(trade, seen.price)
    entry = trade.entry_average or trade.planned_entry
    decimals = _decimals(trade, quote)
    one_r = _initial_risk(trade)
    gained = None if valued.open_pnl is None else valued.open_pnl + trade.realised_pnl
    orders = book.orders.get(trade.trade_id, [])
    done = _filled_targets(orders)
    return TradeCard(
        trade_id=trade.trade_id,
        symbol=trade.symbol,
        is_long=trade.side is Side.BUY,
        provider=book.provider_names.get(trade.provider_id, "Provider"),
        account=account,
        environment=trade.environment,
        opened_at=trade.opened_at,
        unit=book.unit_of(trade),
        decimals=decimals,
        held=trade.held,
        base=trade.symbol.partition("/")[0] if "/" in trade.symbol else _unit_word(trade.symbol),
        value=valued.value,
        entry=entry,
        now=seen,
        open_pnl=valued.open_pnl,
        realised=trade.realised_pnl,
        r_now=gained / one_r if one_r and gained is not None else None,
        stop_price=trade.stop_price,
        stop_source=_STOP_SOURCES[trade.stop_source],
        risk=valued.risk,
        risk_r=valued.risk / one_r if one_r else None,
        locked=valued.locked,
        cover=cover_of(trade, now),
        ladder=draw_ladder(trade.side, _levels(trade, entry, seen.price, done), decimals),
        targets_done=len(done),
        targets=len(trade.targets),
        is_leaving=trade.exit_cause is not None,
        errors=trade.errors,
    )


def _decimals(trade: Trade, quote: PriceNow | None) -> int:
    if quote is not None:
        return decimals_of(quote.bid, quote.ask)
    return min(decimals_of(trade.stop_price, trade.planned_entry, *(t.price for t in trade.targets)), 8)


def _levels(trade: Trade, entry: Decimal, price: Decimal | None, done: set[int]) -> list[Level]:
    levels = [] if trade.stop_price is None else [Level(MarkKind.STOP, "Stop", trade.stop_price)]
    levels.append(Level(MarkKind.ENTRY, "Entry", entry))
    levels += [
        Level(MarkKind.TARGET, f"Target {i + 1}", target.price, is_done=i in done)
        for i, target in enumerate(trade.targets)
    ]
    if price is not None:
        levels.append(Level(MarkKind.NOW, "Now", price))
    return levels


def _filled_targets(orders: Sequence[Order]) -> set[int]:
    return {o.leg for o in orders if o.purpose is Purpose.TARGET and o.status is OrderStatus.FILLED}


def _initial_risk(trade: Trade) -> Decimal | None:
    """Return the money of 1 R: what was entered, times the way to the first stop."""
    entry = trade.entry_average or trade.planned_entry
    if trade.initial_stop_price is None or entry == trade.initial_stop_price or not trade.entered:
        return None
    return abs(entry - trade.initial_stop_price) * trade.entered * multiplier_of(trade.symbol)


def _waiting(order: Order, trade: Trade, book: Book, now: datetime) -> WaitingEntry:
    quote = book.price_of(trade)
    wanted = order.limit_price or order.stop_price
    current = None if quote is None or quote.is_stale(now) else quote.to_leave(trade.side.opposite)
    text = describe_entry(order)
    if order.order_type is OrderType.MARKET:
        text = f"at market, {text}"
    return WaitingEntry(
        order_id=order.order_id,
        symbol=order.symbol,
        is_long=order.side is Side.BUY,
        provider=book.provider_names.get(trade.provider_id, "Provider"),
        text=text,
        quantity=order.quantity,
        filled=order.filled_quantity,
        base=order.symbol.partition("/")[0] if "/" in order.symbol else _unit_word(order.symbol),
        price=wanted,
        decimals=decimals_of(quote.bid, quote.ask) if quote else decimals_of(wanted),
        distance_percent=(wanted - current) / current * HUNDRED if wanted and current else None,
        stop_price=trade.stop_price,
        expires_at=order.expires_at,
        at=order.created_at,
    )


def _unit_word(symbol: str) -> str:
    return "contracts" if multiplier_of(symbol) > 1 else "shares"

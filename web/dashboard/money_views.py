"""Balance, equity, today's result and open risk, per currency; a number that is not known stays unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.accounts import Account, AccountStatus
from shared.domain.money import HUNDRED, ZERO
from shared.domain.signals import Side
from shared.domain.trades import Trade, TradeStatus
from web.dashboard.book import Book, multiplier_of
from web.dashboard.queries import DayFills

CURVE_POINTS = 60
_CURVE_WIDTH, _CURVE_HEIGHT = 240, 56


@dataclass(frozen=True, slots=True)
class Curve:
    """A small equity curve: SVG points in a 240 × 56 box, and how far it moved."""

    points: str
    area: str
    change: Decimal
    since: datetime


@dataclass(frozen=True, slots=True)
class MoneyView:
    """One currency's totals; `None` where a balance or a price is not known."""

    unit: str
    equity: Decimal | None
    cash: Decimal | None
    free: Decimal | None
    open_pnl: Decimal | None
    realised_today: Decimal
    today_percent: Decimal | None
    at_risk: Decimal
    at_risk_percent: Decimal | None
    positions: int
    is_paper: bool
    is_synthetic: bool
    is_stale: bool
    balance_at: datetime | None


@dataclass(frozen=True, slots=True)
class Valued:
    """An open trade at the price now."""

    value: Decimal
    open_pnl: Decimal | None
    risk: Decimal
    locked: Decimal


def value_trade(trade: Trade, price: Decimal | None) -> Valued:
    """Value what is held of a trade, and what is lost or kept if its stop is hit."""
    sign = 1 if trade.side is Side.BUY else -1
    entry = trade.entry_average or trade.planned_entry
    multiplier = multiplier_of(trade.symbol)
    to_stop = ZERO
    if trade.stop_price is not None:
        to_stop = (trade.stop_price - entry) * trade.held * sign * multiplier
    return Valued(
        value=(price if price is not None else entry) * trade.held * multiplier,
        open_pnl=None if price is None else (price - entry) * trade.held * sign * multiplier,
        risk=max(-to_stop, ZERO),
        locked=max(to_stop, ZERO),
    )


def money_views(book: Book, now: datetime) -> list[MoneyView]:
    """Sum the book per currency, the currency with the most accounts first."""
    units = [account.quote_asset for account in book.accounts if account.status is not AccountStatus.REVOKED]
    order = sorted(set(units), key=lambda unit: (-units.count(unit), unit))
    return [_money_of(unit, book, now) for unit in order]


def realised_of_day(fills: Sequence[DayFills], trades: dict[str, Trade]) -> Decimal:
    """Return what a day's exits earned against their trades' entry averages, after the day's commission."""
    total = ZERO
    for fill in fills:
        trade = trades.get(fill.trade_id)
        if trade is None:
            continue
        multiplier = multiplier_of(trade.symbol)
        is_base = fill.commission_asset == trade.symbol.partition("/")[0]
        total -= fill.commission_value * multiplier if is_base else fill.commission
        if not fill.is_entry and trade.entry_average is not None:
            gained = (fill.value - trade.entry_average * fill.quantity) * multiplier
            total += gained if trade.side is Side.BUY else -gained
    return total


def draw_curve(points: Sequence[tuple[datetime, Decimal]]) -> Curve | None:
    """Draw equity over time; None before there are two points."""
    if len(points) < 2:
        return None
    step = max(len(points) // CURVE_POINTS, 1)
    chosen = [*points[::step], points[-1]] if (len(points) - 1) % step else list(points[::step])
    values = [value for _, value in chosen]
    low, high = min(values), max(values)
    span = (high - low) or Decimal(1)
    usable = _CURVE_HEIGHT - 8
    drawn = [
        f"{_CURVE_WIDTH * i / (len(chosen) - 1):.1f},{4 + usable * (1 - float((value - low) / span)):.1f}"
        for i, value in enumerate(values)
    ]
    line = " ".join(drawn)
    return Curve(
        points=line,
        area=f"0,{_CURVE_HEIGHT} {line} {_CURVE_WIDTH},{_CURVE_HEIGHT}",
        change=values[-1] - values[0],
        since=chosen[0][0],
    )


def _money_of(unit: str, book: Book, now: datetime) -> MoneyView:
    # What was disconnected is not read any more: its last balance is nobody's money now.
    connected = [a for a in book.accounts if a.status is not AccountStatus.REVOKED]
    accounts = {a.account_id: a for a in connected if a.quote_asset == unit}
    trades = [t for t in book.trades if t.account_id in accounts and t.status is TradeStatus.OPEN]
    prices = {trade.trade_id: book.price_of(trade) for trade in trades}
    valued = []
    for trade in trades:
        quote = prices[trade.trade_id]
        valued.append(value_trade(trade, quote.to_leave(trade.side) if quote else None))
    held = sum(
        (v.value if t.side is Side.BUY else -v.value for t, v in zip(trades, valued, strict=True)), ZERO
    )
    is_known = all(a.balance_total is not None for a in accounts.values())
    since_read = _flow_since_read(book, accounts)
    cash = sum((a.balance_total or ZERO for a in accounts.values()), since_read) if is_known else None
    free = sum((a.available() or ZERO for a in accounts.values()), ZERO) if is_known else None
    equity = cash + held if cash is not None else None
    day_trades = {i: t for i, t in book.day_trades.items() if t.account_id in accounts}
    realised = realised_of_day(book.day_fills, day_trades)
    at_risk = sum((v.risk for v in valued), ZERO)
    gains = [v.open_pnl for v in valued if v.open_pnl is not None]
    before = equity - realised - sum(gains, ZERO) if equity is not None else None
    return MoneyView(
        unit=unit,
        equity=equity,
        cash=cash,
        free=free,
        open_pnl=sum(gains, ZERO) if len(gains) == len(valued) else None,
        realised_today=realised,
        today_percent=realised / before * HUNDRED if before else None,
        at_risk=at_risk,
        at_risk_percent=at_risk / equity * HUNDRED if equity else None,
        positions=len(trades),
        is_paper=all(a.environment == "paper" for a in accounts.values()),
        is_synthetic=any(q.synthetic for q in prices.values() if q is not None),
        is_stale=any(q is None or q.is_stale(now) for q in prices.values()),
        balance_at=min((a.balance_at for a in accounts.values() if a.balance_at), default=None),
    )


def _flow_since_read(book: Book, accounts: dict[str, Account]) -> Decimal:
    """Return what fills later than their account's balance have added to its cash."""
    flow = ZERO
    trades = {**book.day_trades, **{trade.trade_id: trade for trade in book.trades}}
    for fill in book.unread_fills:
        trade = trades.get(fill.trade_id)
        account = accounts.get(trade.account_id) if trade else None
        if account is None or account.balance_at is None or fill.at <= account.balance_at:
            continue
        paid = fill.quantity * fill.price * multiplier_of(fill.symbol)
        flow += -paid if fill.side is Side.BUY else paid
        if fill.commission_asset == account.quote_asset:
            flow -= fill.commission
    return flow

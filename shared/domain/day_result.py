"""What an account has won or lost today, and what it is worth: realised and open, fees included.

Realised is what today's exits brought over what their part cost, less commissions; open is what positions would bring
at the market now. The opening equity is what is there now without today's result, so that it needs no record of
midnight and is the same after a restart; money paid in or out during the day counts as if it had been there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.accounts import Account
from shared.domain.money import HUNDRED, ZERO
from shared.domain.signals import Side
from shared.domain.trades import AliveTrade

Quotes = Mapping[str, tuple[Decimal, Decimal]]
"""(bid, ask) by symbol."""


@dataclass(frozen=True, slots=True)
class DayResult:
    """One day's result in one currency; `unpriced` counts positions without a quote, taken at their stop."""

    realised: Decimal
    open: Decimal
    equity: Decimal
    unpriced: int = 0

    @property
    def total(self) -> Decimal:
        """Realised and open together; negative is a loss."""
        return self.realised + self.open

    @property
    def opening(self) -> Decimal:
        """The equity with which the day began."""
        return self.equity - self.total

    @property
    def loss_percent(self) -> Decimal:
        """The loss in percent of the opening equity, zero for a win; 100 where nothing was there to begin with."""
        if self.total >= ZERO:
            return ZERO
        return -self.total / self.opening * HUNDRED if self.opening > ZERO else HUNDRED

    def in_currency(self, rate: Decimal) -> "DayResult":
        """Return the same result where one unit is worth `rate` of another currency."""
        return DayResult(self.realised * rate, self.open * rate, self.equity * rate, self.unpriced)


def day_result(
    account: Account, trades: Iterable[AliveTrade], quotes: Quotes, realised_before: Mapping[str, Decimal]
) -> DayResult | None:
    """Fold an account's trades that are alive or closed today; None without a balance.

    `realised_before`: what trades from before today had realised when it began, by trade id. The cash is the venue's
    own; an entry whose money is still reserved may not be in it yet, so that of its position only the result counts.
    """
    if account.balance_total is None:
        return None
    reserved = {held.trade_id for held in account.reservations.values()}
    realised = opened = worth = ZERO
    unpriced = 0
    for trade in trades:
        realised += trade.realised_pnl - realised_before.get(trade.trade_id, ZERO)
        if not trade.held or trade.entry_average is None:
            continue
        price, is_priced = _price(trade, quotes)
        unpriced += not is_priced
        move = price - trade.entry_average
        result = (move if trade.side is Side.BUY else -move) * trade.held * trade.multiplier
        opened += result
        # On margin nothing was paid but the margin, which is still there.
        is_paid = trade.trade_id not in reserved and trade.side is Side.BUY and trade.leverage is None
        worth += price * trade.held * trade.multiplier if is_paid else result
    return DayResult(realised, opened, account.balance_total + worth, unpriced)


def together(results: Iterable[DayResult]) -> DayResult:
    """Sum results that are in one currency."""
    listed = list(results)
    return DayResult(
        sum((result.realised for result in listed), ZERO),
        sum((result.open for result in listed), ZERO),
        sum((result.equity for result in listed), ZERO),
        sum(result.unpriced for result in listed),
    )


def open_risk(trades: Iterable[AliveTrade], now_reserved: Iterable[str]) -> Decimal:
    """Return what positions lose from here if every stop is hit, measured from their entries, in the quote asset.

    Trades whose entry is still reserved are left out: their whole risk is in the reservation. A stop beyond the entry
    risks nothing.
    """
    left_out = frozenset(now_reserved)
    return sum((_risk(trade) for trade in trades if trade.trade_id not in left_out), ZERO)


def _risk(trade: AliveTrade) -> Decimal:
    if trade.entry_average is None or not trade.held:
        return ZERO
    if trade.stop_price is None:
        return trade.entry_average * trade.held * trade.multiplier
    distance = trade.entry_average - trade.stop_price
    distance = distance if trade.side is Side.BUY else -distance
    return max(distance, ZERO) * trade.held * trade.multiplier


def _price(trade: AliveTrade, quotes: Quotes) -> tuple[Decimal, bool]:
    """Return what the position could be left at; its stop, or nothing at all, where nobody knows."""
    quote = quotes.get(trade.symbol)
    if quote is not None:
        return quote[0] if trade.side is Side.BUY else quote[1], True
    return (trade.stop_price if trade.stop_price is not None else ZERO), False


def opened_before(trade: AliveTrade, moment: datetime) -> bool:
    """Tell whether a part of the trade's realised result may belong to an earlier day."""
    return trade.opened_at is not None and trade.opened_at < moment

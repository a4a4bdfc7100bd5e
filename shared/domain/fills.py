"""Fills folded: a position and a trade's result are sums over fills, never set by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.orders import Order, Purpose
from shared.domain.signals import Side


@dataclass(frozen=True)
class Fill:
    """One execution of one of our orders; `is_entry` tells which way it moves its trade."""

    fill_id: str
    trade_id: str
    order_id: str
    symbol: str
    side: Side
    is_entry: bool
    quantity: Decimal
    price: Decimal
    commission: Decimal
    commission_asset: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TradeFold:
    """Sums over a trade's fills; money in the quote asset, `held` in units of the base asset."""

    entered: Decimal
    exited: Decimal
    entry_average: Decimal | None
    exit_average: Decimal | None
    base_commission: Decimal
    quote_commission: Decimal
    realised_pnl: Decimal
    first_entry_at: datetime | None
    last_exit_at: datetime | None

    @property
    def held(self) -> Decimal:
        """What is left of the position after exits and commission taken in the base asset."""
        return self.entered - self.exited - self.base_commission


def missing_fills(orders: Iterable[Order], fills: Iterable[Fill]) -> list[Fill]:
    """Return one provisional fill for each order whose venue has told more than its executions add up to.

    It has the order's average price and no commission yet; it is never stored, and the executions replace it as
    they come.
    """
    known: dict[str, list[Fill]] = {}
    for fill in fills:
        known.setdefault(fill.order_id, []).append(fill)
    return [
        provisional
        for order in orders
        if (provisional := _missing_fill(order, known.get(order.order_id, []))) is not None
    ]


def _missing_fill(order: Order, known: list[Fill]) -> Fill | None:
    quantity = order.filled_quantity - sum((fill.quantity for fill in known), ZERO)
    average = order.average_fill_price
    if quantity <= ZERO or average is None:
        return None
    value = order.filled_quantity * average - sum((fill.quantity * fill.price for fill in known), ZERO)
    return Fill(
        fill_id=f"provisional:{order.order_id}",
        trade_id=order.trade_id,
        order_id=order.order_id,
        symbol=order.symbol,
        side=order.side,
        is_entry=order.purpose is Purpose.ENTRY,
        quantity=quantity,
        price=value / quantity if value > ZERO else average,
        commission=ZERO,
        commission_asset="",
        at=order.accepted_at or order.sent_at or order.created_at,
    )


def fold_fills(fills: Iterable[Fill], side: Side, instrument: Instrument) -> TradeFold:
    """Sum a trade's fills; realised P&L is after all commission, on the part that was exited."""
    entered = exited = entry_value = exit_value = base_fees = quote_fees = ZERO
    first_entry: datetime | None = None
    last_exit: datetime | None = None
    for fill in fills:
        if fill.is_entry:
            entered += fill.quantity
            entry_value += fill.quantity * fill.price
            first_entry = fill.at if first_entry is None else min(first_entry, fill.at)
        else:
            exited += fill.quantity
            exit_value += fill.quantity * fill.price
            last_exit = fill.at if last_exit is None else max(last_exit, fill.at)
        if fill.commission_asset == instrument.base:
            base_fees += fill.commission
        else:
            quote_fees += fill.commission
    entry_average = entry_value / entered if entered else None
    exit_average = exit_value / exited if exited else None
    gross = ZERO
    if entry_average is not None and exit_average is not None:
        move = exit_average - entry_average
        gross = (move if side is Side.BUY else -move) * exited * instrument.multiplier
    base_cost = base_fees * (entry_average or ZERO) * instrument.multiplier
    return TradeFold(
        entered=entered,
        exited=exited,
        entry_average=entry_average,
        exit_average=exit_average,
        base_commission=base_fees,
        quote_commission=quote_fees,
        realised_pnl=gross - quote_fees - base_cost if exited else -quote_fees - base_cost,
        first_entry_at=first_entry,
        last_exit_at=last_exit,
    )

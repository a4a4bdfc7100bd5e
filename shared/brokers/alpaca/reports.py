"""Alpaca's JSON as reports: every amount from text to Decimal, every time aware."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.brokers.alpaca.symbols import asset_class_of, same_symbol
from shared.brokers.base import Balance, Quote
from shared.brokers.codes import OrderNote
from shared.domain.instruments import AssetClass
from shared.domain.money import ZERO, parse_decimal
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side

_STATUS = {
    **dict.fromkeys(
        (
            "new",
            "accepted",
            "pending_new",
            "accepted_for_bidding",
            "held",
            "stopped",
            "suspended",
            "calculated",
            "pending_replace",
            # Until the next session; an order for the day is then told as expired.
            "done_for_day",
        ),
        OrderStatus.ACCEPTED,
    ),
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    "canceled": OrderStatus.CANCELED,
    "replaced": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}
_OPEN = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_CANCEL})
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_IMMEDIATE = frozenset({"ioc", "fok"})
MONEY = "USD"
# What a taker pays in the lowest tier. The venue books what it really took once a day and does not tell it with a
# fill; nobody in that tier or above pays more, so what we take as held is never more than what is there.
CRYPTO_FEE = Decimal("0.0025")
_is_finer = re.compile(r"(\.\d{6})\d+")


def read_order(row: Any, symbol: str, client_order_id: str | None = None) -> OrderReport:
    """Read an order, without its fills; where an id is given it must be the one that was asked about."""
    if client_order_id is not None and row["client_order_id"] != client_order_id:
        raise ValueError("the answer is about another order")
    if not same_symbol(row["symbol"], symbol):
        raise ValueError("the answer is about another symbol")
    filled, average = parse_decimal(row["filled_qty"]), row["filled_avg_price"]
    status = _STATUS[row["status"]]
    if status is OrderStatus.ACCEPTED and filled:
        status = OrderStatus.PARTIALLY_FILLED
    return OrderReport(
        client_order_id=row["client_order_id"],
        venue_order_id=row["id"],
        symbol=symbol,
        status=status,
        filled_quantity=filled,
        average_fill_price=parse_decimal(average) if average is not None else None,
        at=moment(row["updated_at"]),
        accepted_at=moment(row["submitted_at"]),
        code=_note(row, status),
        open_quantity=parse_decimal(row["qty"]) - filled if status in _OPEN else ZERO,
    )


def read_fills(
    rows: Iterable[Any], symbol: str, client_order_id: str | None = None
) -> tuple[FillReport, ...]:
    """Read executions, each once and by time; they do not tell our ids themselves."""
    unique = {row["id"]: row for row in rows}
    found = [_read_fill(row, symbol, client_order_id) for row in unique.values()]
    return tuple(sorted(found, key=lambda fill: (fill.at, fill.venue_fill_id)))


def read_balances(account: Any, positions: Any) -> tuple[Balance, ...]:
    """Read the cash and what is held; of the cash, what may be spent without a loan and is not bespoken.

    A follower with a margin account is lent nothing: buying power beyond the cash does not count.
    """
    cash = parse_decimal(account["cash"])
    powers = [account.get(name) for name in ("buying_power", "non_marginable_buying_power")]
    free = min([cash, *(parse_decimal(power) for power in powers if power is not None)])
    held = (
        Balance(_asset(row), parse_decimal(row["qty"]), parse_decimal(row["qty_available"]))
        for row in positions
    )
    return (Balance(MONEY, cash, max(free, ZERO)), *held)


def read_quotes(quotes: Any, wanted: Iterable[str], at: datetime) -> tuple[Quote, ...]:
    """Read the best prices of those `wanted`, as they stood when they came; one without both sides is left out."""
    found = (
        Quote(symbol, parse_decimal(str(row["bp"])), parse_decimal(str(row["ap"])), at)
        for symbol in wanted
        if (row := quotes.get(symbol)) is not None
    )
    return tuple(quote for quote in found if quote.bid > ZERO and quote.ask > ZERO)


def moment(text: str) -> datetime:
    """Read a time of the venue's, which may have nine decimals of a second."""
    read = datetime.fromisoformat(_is_finer.sub(r"\1", text))
    if read.tzinfo is None:
        raise ValueError("a time without its zone")
    return read


def _note(row: Any, status: OrderStatus) -> str | None:
    if status is OrderStatus.CANCELED and row["time_in_force"] not in _IMMEDIATE:
        return OrderNote.CANCELED_BY_REQUEST
    ended = status in {OrderStatus.CANCELED, OrderStatus.EXPIRED}
    return OrderNote.IMMEDIATE_ONLY if ended and row["time_in_force"] in _IMMEDIATE else None


def _read_fill(row: Any, symbol: str, client_order_id: str | None) -> FillReport:
    side = _SIDES[row["side"]]
    quantity, price = parse_decimal(row["qty"]), parse_decimal(row["price"])
    commission, asset = ZERO, MONEY
    if asset_class_of(symbol) is AssetClass.CRYPTO:
        base, _, quote = symbol.partition("/")
        # Taken from what is received.
        commission, asset = (
            (quantity * CRYPTO_FEE, base) if side is Side.BUY else (quantity * price * CRYPTO_FEE, quote)
        )
    return FillReport(
        venue_fill_id=row["id"],
        venue_order_id=row["order_id"],
        client_order_id=client_order_id,
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=price,
        commission=commission,
        commission_asset=asset,
        at=moment(row["transaction_time"]),
    )


def _asset(row: Any) -> str:
    symbol: str = row["symbol"]
    if row["asset_class"] == "crypto":
        return symbol.partition("/")[0] if "/" in symbol else symbol.removesuffix(MONEY)
    return symbol

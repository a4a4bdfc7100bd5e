"""Binance's JSON as reports: every amount from text to Decimal, every time aware."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.brokers.base import Balance, KeyRights, Quote
from shared.brokers.codes import OrderNote
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side

_STATUS = {
    "NEW": OrderStatus.ACCEPTED,
    "PENDING_NEW": OrderStatus.ACCEPTED,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "PENDING_CANCEL": OrderStatus.PENDING_CANCEL,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
_OPEN = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_CANCEL})
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALONE = -1
_AT_MARKET = frozenset({"MARKET", "STOP_LOSS"})
_IMMEDIATE = frozenset({"IOC", "FOK"})


def read_placed(row: Any, symbol: str, client_order_id: str) -> OrderReport:
    """Read the full answer to a new order; it must be the one that was sent."""
    if row["clientOrderId"] != client_order_id:
        raise ValueError("the answer is about another order")
    at = moment(row["transactTime"])
    side, order_id = _SIDES[row["side"]], str(row["orderId"])
    fills = tuple(
        FillReport(
            venue_fill_id=str(fill["tradeId"]),
            venue_order_id=order_id,
            client_order_id=client_order_id,
            symbol=symbol,
            side=side,
            quantity=Decimal(fill["qty"]),
            price=Decimal(fill["price"]),
            commission=Decimal(fill["commission"]),
            commission_asset=fill["commissionAsset"],
            at=at,
        )
        for fill in row.get("fills", ())
    )
    return _read_order(row, symbol, client_order_id, at=at, accepted_at=at, fills=fills)


def read_listed(row: Any, symbol: str) -> OrderReport:
    """Read an order as look-ups and lists show it, without its fills."""
    updated_at, created_at = moment(row["updateTime"]), moment(row["time"])
    return _read_order(row, symbol, row["clientOrderId"], at=updated_at, accepted_at=created_at)


def read_canceled(said: Any, symbol: str, client_order_id: str) -> OrderReport:
    """Read the answer to a cancel: of a pair it tells both legs, of which one is asked for."""
    rows = said.get("orderReports", [said])
    (row,) = (row for row in rows if row["origClientOrderId"] == client_order_id)
    return _read_order(row, symbol, client_order_id, at=moment(row["transactTime"]), accepted_at=None)


def read_fills(rows: Any, symbol: str, client_order_id: str | None = None) -> tuple[FillReport, ...]:
    """Read executions, each once and in order of their ids; they do not tell our ids themselves."""
    unique = {row["id"]: row for row in rows}
    return tuple(_read_fill(unique[number], symbol, client_order_id) for number in sorted(unique))


def read_balances(said: Any) -> tuple[Balance, ...]:
    """Read what an account holds."""
    rows = ((row["asset"], Decimal(row["free"]), Decimal(row["locked"])) for row in said["balances"])
    return tuple(Balance(asset, free + locked, free) for asset, free, locked in rows)


def read_restrictions(said: Any) -> KeyRights:
    """Read what a key may do, as its restrictions tell."""
    return KeyRights(said["enableSpotAndMarginTrading"], said["enableWithdrawals"], said["ipRestrict"])


def read_account_rights(said: Any) -> KeyRights:
    """Read what an account may do: all that a sandbox tells of a key, and whether that may withdraw it does not."""
    return KeyRights(said["canTrade"], None, None)


def read_quotes(rows: Iterable[Any], wanted: dict[str, str], at: datetime) -> tuple[Quote, ...]:
    """Read the best prices of the venue's symbols that are `wanted`, under ours; an empty book is left out."""
    found = (
        Quote(wanted[row["symbol"]], Decimal(row["bidPrice"]), Decimal(row["askPrice"]), at)
        for row in rows
        if row["symbol"] in wanted
    )
    return tuple(quote for quote in found if quote.bid > ZERO and quote.ask > ZERO)


def read_last_price(said: Any) -> Decimal:
    """Read the price of the last trade."""
    return Decimal(said["price"])


def moment(milliseconds: int) -> datetime:
    """Read a time of the venue's."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(at: datetime) -> int:
    """Write a time as the venue does."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _read_order(
    row: Any,
    symbol: str,
    client_order_id: str,
    *,
    at: datetime,
    accepted_at: datetime | None,
    fills: tuple[FillReport, ...] = (),
) -> OrderReport:
    status = _STATUS[row["status"]]
    filled, spent = Decimal(row["executedQty"]), Decimal(row["cummulativeQuoteQty"])
    return OrderReport(
        client_order_id=client_order_id,
        venue_order_id=str(row["orderId"]),
        symbol=symbol,
        status=status,
        filled_quantity=filled,
        average_fill_price=spent / filled if filled else None,
        at=at,
        accepted_at=accepted_at,
        code=_note(row, status),
        fills=fills,
        open_quantity=Decimal(row["origQty"]) - filled if status in _OPEN else ZERO,
    )


def _note(row: Any, status: OrderStatus) -> str | None:
    if status is OrderStatus.CANCELED:
        return OrderNote.CANCELED_BY_REQUEST
    if status is not OrderStatus.EXPIRED:
        return None
    if row["orderListId"] != _ALONE and not Decimal(row["executedQty"]):
        return OrderNote.PAIRED_EXIT_WORKED
    is_immediate = row["type"] in _AT_MARKET or row["timeInForce"] in _IMMEDIATE
    return OrderNote.IMMEDIATE_ONLY if is_immediate else None


def _read_fill(row: Any, symbol: str, client_order_id: str | None) -> FillReport:
    return FillReport(
        venue_fill_id=str(row["id"]),
        venue_order_id=str(row["orderId"]),
        client_order_id=client_order_id,
        symbol=symbol,
        side=Side.BUY if row["isBuyer"] else Side.SELL,
        quantity=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["commission"]),
        commission_asset=row["commissionAsset"],
        at=moment(row["time"]),
    )

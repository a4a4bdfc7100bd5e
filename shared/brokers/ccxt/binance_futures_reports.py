"""The JSON of Binance's futures as reports: every amount from text to Decimal, every time aware.

A waiting order is told by its own id until it is triggered, and from then on by that of the order it has become: the
executions bear that one.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.brokers.base import Balance, KeyRights
from shared.brokers.ccxt.binance_futures_orders import name_algo
from shared.brokers.ccxt.binance_reports import moment
from shared.brokers.codes import OrderNote
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side

_STATUS = {
    "NEW": OrderStatus.ACCEPTED,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
_ALGO_STATUS = {
    "NEW": OrderStatus.ACCEPTED,
    "TRIGGERING": OrderStatus.ACCEPTED,
    "TRIGGERED": OrderStatus.ACCEPTED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
}
_OPEN = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})
_IMMEDIATE = frozenset({"IOC", "FOK"})
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
# One that was triggered and has come to nothing for so long protects nobody: cover is placed anew. Should it work
# after all, it only reduces.
_STUCK_AFTER = timedelta(seconds=30)


def read_placed(row: Any, symbol: str, client_order_id: str) -> OrderReport:
    """Read the answer to a new order; it must be the one that was sent. Executions are asked for apart."""
    if row["clientOrderId"] != client_order_id:
        raise ValueError("the answer is about another order")
    return _read_order(row, symbol, client_order_id, accepted_at=moment(row["updateTime"]))


def read_listed(row: Any, symbol: str, client_order_id: str | None = None) -> OrderReport:
    """Read an order as look-ups and lists show it, without its fills; under our id where it has one of its own."""
    return _read_order(row, symbol, client_order_id or row["clientOrderId"], accepted_at=moment(row["time"]))


def read_canceled(row: Any, symbol: str, client_order_id: str) -> OrderReport:
    """Read the answer to a cancel, which does not tell when the order was taken."""
    return _read_order(row, symbol, client_order_id, accepted_at=None)


def read_algo(row: Any, symbol: str, now: datetime, client_order_id: str | None = None) -> OrderReport:
    """Read a waiting order that has become no other; where one is named, the answer must be about that."""
    if client_order_id not in (None, row["clientAlgoId"]):
        raise ValueError("the answer is about another order")
    status, at = _ALGO_STATUS[row["algoStatus"]], moment(row["updateTime"])
    if row["algoStatus"] == "TRIGGERING" and now - at > _STUCK_AFTER:
        status = OrderStatus.REJECTED
    return OrderReport(
        client_order_id=row["clientAlgoId"],
        venue_order_id=name_algo(row["algoId"]),
        symbol=symbol,
        status=status,
        filled_quantity=ZERO,
        average_fill_price=None,
        at=at,
        accepted_at=moment(row["createTime"]),
        code=OrderNote.CANCELED_BY_REQUEST if status is OrderStatus.CANCELED else None,
        open_quantity=Decimal(row["quantity"]) if status in _OPEN else ZERO,
    )


def read_actual_id(row: Any) -> str | None:
    """Read the id of the order that a waiting one has become; None before."""
    found = str(row.get("actualOrderId") or "")
    return found if found.strip("0") else None


def as_of_algo(report: OrderReport, row: Any) -> OrderReport:
    """Tell of an order that it has come of a waiting one: it bears that one's id, and was taken when that was."""
    return replace(report, client_order_id=row["clientAlgoId"], accepted_at=moment(row["createTime"]))


def read_fills(rows: Any, symbol: str, client_order_id: str | None = None) -> tuple[FillReport, ...]:
    """Read executions, each once and in order of their ids; they do not tell our ids themselves."""
    unique = {row["id"]: row for row in rows}
    return tuple(_read_fill(unique[number], symbol, client_order_id) for number in sorted(unique))


def read_balances(said: Any) -> tuple[Balance, ...]:
    """Read what an account holds of each asset that it has any of.

    The total is the wallet: what was realized, without what open positions would bring now, which whoever values a
    trade adds himself. Free is what the venue lets new orders use: less margin, and never more than open losses leave.
    """
    rows = ((row["asset"], Decimal(row["balance"]), Decimal(row["availableBalance"])) for row in said)
    return tuple(Balance(asset, total, free) for asset, total, free in rows if total or free)


def read_restrictions(said: Any) -> KeyRights:
    """Read what a key may do, as its restrictions tell."""
    return KeyRights(said["enableFutures"], said["enableWithdrawals"], said["ipRestrict"])


def read_account_rights(said: Any) -> KeyRights:
    """Read what an account may do: all that a sandbox tells of a key."""
    return KeyRights(said["canTrade"], None, None)


def _read_order(row: Any, symbol: str, client_order_id: str, *, accepted_at: datetime | None) -> OrderReport:
    status = _STATUS[row["status"]]
    filled = Decimal(row["executedQty"])
    return OrderReport(
        client_order_id=client_order_id,
        venue_order_id=str(row["orderId"]),
        symbol=symbol,
        status=status,
        filled_quantity=filled,
        average_fill_price=Decimal(row["cumQuote"]) / filled if filled else None,
        at=moment(row["updateTime"]),
        accepted_at=accepted_at,
        code=_note(row, status),
        open_quantity=Decimal(row["origQty"]) - filled if status in _OPEN else ZERO,
    )


def _note(row: Any, status: OrderStatus) -> str | None:
    if status is OrderStatus.CANCELED:
        return OrderNote.CANCELED_BY_REQUEST
    is_immediate = row["type"] == "MARKET" or row["timeInForce"] in _IMMEDIATE
    return OrderNote.IMMEDIATE_ONLY if status is OrderStatus.EXPIRED and is_immediate else None


def _read_fill(row: Any, symbol: str, client_order_id: str | None) -> FillReport:
    return FillReport(
        venue_fill_id=str(row["id"]),
        venue_order_id=str(row["orderId"]),
        client_order_id=client_order_id,
        symbol=symbol,
        side=_SIDES[row["side"]],
        quantity=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["commission"]),
        commission_asset=row["commissionAsset"],
        at=moment(row["time"]),
    )

"""Kraken's JSON as reports: every amount from text to Decimal, every time aware."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.brokers.codes import OrderNote
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side

_WORKING = frozenset({"pending", "open"})
_ENDED = {"canceled": OrderStatus.CANCELED, "expired": OrderStatus.EXPIRED}
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_ASKED_FOR = "User requested"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_order(venue_order_id: str, row: Any, symbol: str, at: datetime) -> OrderReport:
    """Read an order as look-ups and lists show it, without its fills; `at` is when it was asked for.

    Raises KeyError, ValueError or TypeError for what is not such an order.
    """
    wanted, filled = Decimal(row["vol"]), Decimal(row["vol_exec"])
    status = _status(row["status"], wanted, filled)
    is_open = status in {OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED}
    by_request = status is OrderStatus.CANCELED and row.get("reason") == _ASKED_FOR
    return OrderReport(
        client_order_id=row["cl_ord_id"],
        venue_order_id=venue_order_id,
        symbol=symbol,
        status=status,
        filled_quantity=filled,
        average_fill_price=Decimal(row["price"]) if filled else None,
        at=at if is_open else moment(row["closetm"]),
        accepted_at=moment(row["opentm"]),
        code=OrderNote.CANCELED_BY_REQUEST if by_request else None,
        open_quantity=wanted - filled if is_open else ZERO,
    )


def read_fill(venue_fill_id: str, row: Any, symbol: str, client_order_id: str | None) -> FillReport:
    """Read an execution; its fee is in the quote asset, as each of our orders asks for it.

    Raises KeyError, ValueError or TypeError for what is not such an execution.
    """
    return FillReport(
        venue_fill_id=venue_fill_id,
        venue_order_id=row["ordertxid"],
        client_order_id=client_order_id,
        symbol=symbol,
        side=_SIDES[row["type"]],
        quantity=Decimal(row["vol"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["fee"]),
        commission_asset=symbol.partition("/")[2],
        at=moment(row["time"]),
    )


def moment(seconds: str) -> datetime:
    """Read a time of the venue's: seconds since 1970 with a fraction, to the microsecond below."""
    return _EPOCH + timedelta(microseconds=int(Decimal(seconds) * 1_000_000))


def _status(word: str, wanted: Decimal, filled: Decimal) -> OrderStatus:
    if word in _WORKING:
        return OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.ACCEPTED
    if word == "closed":
        # Closed with a rest: the rest is gone, whoever took it.
        return OrderStatus.FILLED if filled == wanted else OrderStatus.CANCELED
    return _ENDED[word]

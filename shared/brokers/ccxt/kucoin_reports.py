"""KuCoin's JSON as reports: every amount from text to Decimal, every time aware."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.brokers.codes import OrderNote
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side

_WAITS = "NEW"
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_order(row: Any, symbol: str) -> OrderReport:
    """Read an order without a stop, or one whose stop was met, without its fills.

    Raises KeyError, ValueError or TypeError for what is not such an order.
    """
    wanted, filled = Decimal(row["size"]), Decimal(row["dealSize"])
    status = _status(is_active=row["active"], wanted=wanted, filled=filled)
    is_open = row["active"]
    return OrderReport(
        client_order_id=row["clientOid"],
        venue_order_id=row["id"],
        symbol=symbol,
        status=status,
        filled_quantity=filled,
        average_fill_price=Decimal(row["dealFunds"]) / filled if filled else None,
        at=moment(row["lastUpdatedAt"]),
        accepted_at=moment(row["createdAt"]),
        code=_note(row) if status is OrderStatus.CANCELED else None,
        open_quantity=wanted - filled if is_open else ZERO,
    )


def read_stop(row: Any, symbol: str, at: datetime) -> OrderReport | None:
    """Read an order that waits for its stop; None for one that waits no more: the other family tells its fate.

    `at` is when it was asked for. Raises KeyError, ValueError or TypeError for what is not such an order.
    """
    if row["status"] != _WAITS:
        return None
    return OrderReport(
        client_order_id=row["clientOid"],
        venue_order_id=row["id"],
        symbol=symbol,
        status=OrderStatus.ACCEPTED,
        filled_quantity=ZERO,
        average_fill_price=None,
        at=at,
        accepted_at=moment(row["createdAt"]),
        open_quantity=Decimal(row["size"]),
    )


def read_fill(row: Any, symbol: str, client_order_id: str | None) -> FillReport:
    """Read an execution; raises KeyError, ValueError or TypeError for what is not one."""
    return FillReport(
        # The trade's own id is the same for both of its sides, the record's is not.
        venue_fill_id=str(row["id"]),
        venue_order_id=row["orderId"],
        client_order_id=client_order_id,
        symbol=symbol,
        side=_SIDES[row["side"]],
        quantity=Decimal(row["size"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["fee"]),
        commission_asset=row["feeCurrency"],
        at=moment(row["createdAt"]),
    )


def moment(milliseconds: Any) -> datetime:
    """Read a time of the venue's: whole milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=int(milliseconds))


def _status(*, is_active: Any, wanted: Decimal, filled: Decimal) -> OrderStatus:
    if not isinstance(is_active, bool):
        raise TypeError("an order is active or it is not")
    if filled == wanted:
        return OrderStatus.FILLED
    if not is_active:
        return OrderStatus.CANCELED
    return OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.ACCEPTED


def _note(row: Any) -> OrderNote:
    is_immediate = row["type"] == "market" or row["timeInForce"] in {"IOC", "FOK"}
    return OrderNote.IMMEDIATE_ONLY if is_immediate else OrderNote.CANCELED_BY_REQUEST

"""KuCoin's JSON as reports: every amount from text to Decimal, every time aware."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.brokers.base import Balance, KeyRights, Quote
from shared.brokers.codes import OrderNote
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side

_WAITS = "NEW"
_TRIGGERED = "TRIGGERED"
_MAY_TRADE, _MAY_WITHDRAW = frozenset({"Spot", "Trade"}), frozenset({"Transfer", "Withdrawal"})
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_order(row: Any, symbol: str) -> OrderReport:
    """Read an order without a stop, or one whose stop was met, without its fills.

    Raises KeyError, ValueError or TypeError for what is not such an order.
    """
    wanted, filled = Decimal(row["size"]), Decimal(row["dealSize"])
    is_open = row["active"]
    if not wanted and not is_open:
        # An order of somebody else's for an amount of money names no quantity.
        wanted = filled
    status = _status(is_active=is_open, wanted=wanted, filled=filled)
    return OrderReport(
        client_order_id=row["clientOid"] or "",
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
        client_order_id=row["clientOid"] or "",
        venue_order_id=row["id"],
        symbol=symbol,
        status=OrderStatus.ACCEPTED,
        filled_quantity=ZERO,
        average_fill_price=None,
        at=at,
        accepted_at=moment(row["createdAt"]),
        open_quantity=Decimal(row["size"]),
    )


def was_met(row: Any) -> bool:
    """Tell whether the venue says of an order that its stop was met."""
    return bool(row["status"] == _TRIGGERED)


def triggered_at(row: Any) -> datetime | None:
    """Read when an order's stop was met; None where it was not, or where the venue does not say when."""
    told = row.get("stopTriggerTime")
    return moment(told) if was_met(row) and told is not None else None


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


def read_fills(
    rows: Iterable[Any], symbol: str, client_order_id: str | None = None
) -> tuple[FillReport, ...]:
    """Read executions, each once and in order of their records; they do not tell our ids themselves."""
    unique = {int(row["id"]): row for row in rows}
    return tuple(read_fill(unique[number], symbol, client_order_id) for number in sorted(unique))


def read_balances(rows: Iterable[Any]) -> tuple[Balance, ...]:
    """Read what an account holds."""
    found = (Balance(row["currency"], Decimal(row["balance"]), Decimal(row["available"])) for row in rows)
    return tuple(balance for balance in found if balance.total)


def read_rights(said: Any) -> KeyRights:
    """Read what a key may do."""
    granted = {word.strip() for word in said["permission"].split(",")}
    return KeyRights(bool(granted & _MAY_TRADE), bool(granted & _MAY_WITHDRAW), bool(said.get("ipWhitelist")))


def read_quotes(rows: Iterable[Any], wanted: Mapping[str, str], at: datetime) -> tuple[Quote, ...]:
    """Read the best prices of the venue's symbols that are `wanted`, under ours; an empty side is left out."""
    found = (
        Quote(wanted[row["symbol"]], Decimal(row["buy"] or 0), Decimal(row["sell"] or 0), at)
        for row in rows
        if row["symbol"] in wanted
    )
    return tuple(quote for quote in found if quote.bid > ZERO and quote.ask > ZERO)


def milliseconds(at: datetime) -> int:
    """Write a time as the venue does."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


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

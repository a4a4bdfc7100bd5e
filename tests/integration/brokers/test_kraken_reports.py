"""Kraken's orders and executions, read exactly; no request is sent here."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.kraken_reports import moment, read_fill, read_order
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport
from shared.domain.signals import Side

ASKED_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
ROW = {
    "cl_ord_id": "6d1b345e",
    "status": "open",
    "opentm": "1733815269.370054",
    "vol": "0.50000000",
    "vol_exec": "0.00000000",
    "price": "0.00000",
}
ENDED = {"closetm": "1733815270.5"}
PARTLY = {"vol_exec": "0.20000000", "price": "101.50000"}


def _read(**changes: Any) -> OrderReport:
    return read_order("OXVPSU-Q726F-L3SDEP", {**ROW, **changes}, "BTC/USD", ASKED_AT)


def test_an_open_order_is_read_whole() -> None:
    assert _read() == OrderReport(
        client_order_id="6d1b345e",
        venue_order_id="OXVPSU-Q726F-L3SDEP",
        symbol="BTC/USD",
        status=OrderStatus.ACCEPTED,
        filled_quantity=Decimal(0),
        average_fill_price=None,
        at=ASKED_AT,
        accepted_at=datetime(2024, 12, 10, 7, 21, 9, 370_054, tzinfo=UTC),
        open_quantity=Decimal("0.5"),
    )


@pytest.mark.parametrize(
    ("changes", "status", "open_quantity", "code"),
    [
        (PARTLY, OrderStatus.PARTIALLY_FILLED, "0.3", None),
        ({"status": "pending"}, OrderStatus.ACCEPTED, "0.5", None),
        ({"status": "closed", **ENDED, "vol_exec": "0.5", "price": "101"}, OrderStatus.FILLED, "0", None),
        ({"status": "closed", **ENDED, **PARTLY}, OrderStatus.CANCELED, "0", None),
        ({"status": "expired", **ENDED}, OrderStatus.EXPIRED, "0", None),
        ({"status": "canceled", **ENDED, **PARTLY}, OrderStatus.CANCELED, "0", None),
        (
            {"status": "canceled", **ENDED, "reason": "User requested"},
            OrderStatus.CANCELED,
            "0",
            "CANCELED_BY_REQUEST",
        ),
    ],
)
def test_each_word_for_a_state_has_its_status_and_its_rest(
    changes: dict[str, Any], status: OrderStatus, open_quantity: str, code: str | None
) -> None:
    report = _read(**changes)
    assert (report.status, report.open_quantity, report.code) == (status, Decimal(open_quantity), code)


def test_a_finished_order_bears_the_time_of_its_end() -> None:
    assert _read(status="expired", **ENDED).at == datetime(2024, 12, 10, 7, 21, 10, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "error"), [({"status": "strange"}, KeyError), ({"vol": None}, TypeError)]
)
def test_what_is_no_order_of_this_venue_is_not_read(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        _read(**changes)


def test_an_execution_is_read_whole_with_its_fee_in_the_quote_asset() -> None:
    row = {"ordertxid": "O1", "type": "sell", "vol": "0.2", "price": "101.5", "fee": "0.05278"}
    fill = read_fill("T1", {**row, "time": "1733815270.0000019"}, "BTC/USD", "6d1b345e")
    assert (fill.venue_fill_id, fill.venue_order_id, fill.client_order_id) == ("T1", "O1", "6d1b345e")
    assert (fill.side, fill.quantity, fill.price) == (Side.SELL, Decimal("0.2"), Decimal("101.5"))
    assert (fill.commission, fill.commission_asset) == (Decimal("0.05278"), "USD")
    assert fill.at == moment("1733815270.000001")

"""KuCoin's orders of both families and its executions, read exactly; no request is sent here."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.kucoin_reports import read_fill, read_order, read_stop
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport
from shared.domain.signals import Side

ASKED_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
CREATED_AT = datetime(2023, 6, 1, 17, 2, 12, 74_000, tzinfo=UTC)
ROW = {
    "id": "6478cf14",
    "clientOid": "dte-1",
    "type": "limit",
    "timeInForce": "GTC",
    "size": "0.5",
    "dealSize": "0",
    "dealFunds": "0",
    "active": True,
    "createdAt": 1685638932074,
    "lastUpdatedAt": 1685639013735,
}
STOP_ROW = {
    "id": "vs9f6ou9",
    "clientOid": "dte-2",
    "status": "NEW",
    "size": "1.00000000000000000000",
    "createdAt": 1685638932074,
}
PARTLY = {"dealSize": "0.2", "dealFunds": "20.3"}


def _read(**changes: Any) -> OrderReport:
    return read_order({**ROW, **changes}, "BTC/USDT")


def test_an_open_order_is_read_whole() -> None:
    assert _read() == OrderReport(
        client_order_id="dte-1",
        venue_order_id="6478cf14",
        symbol="BTC/USDT",
        status=OrderStatus.ACCEPTED,
        filled_quantity=Decimal(0),
        average_fill_price=None,
        at=datetime(2023, 6, 1, 17, 3, 33, 735_000, tzinfo=UTC),
        accepted_at=CREATED_AT,
        open_quantity=Decimal("0.5"),
    )


@pytest.mark.parametrize(
    ("changes", "status", "open_quantity", "code"),
    [
        (PARTLY, OrderStatus.PARTIALLY_FILLED, "0.3", None),
        ({"active": False, "dealSize": "0.5", "dealFunds": "50"}, OrderStatus.FILLED, "0", None),
        ({"active": False}, OrderStatus.CANCELED, "0", "CANCELED_BY_REQUEST"),
        ({"active": False, **PARTLY, "timeInForce": "IOC"}, OrderStatus.CANCELED, "0", "IMMEDIATE_ONLY"),
        ({"active": False, **PARTLY, "type": "market"}, OrderStatus.CANCELED, "0", "IMMEDIATE_ONLY"),
    ],
)
def test_each_state_has_its_status_and_its_rest(
    changes: dict[str, Any], status: OrderStatus, open_quantity: str, code: str | None
) -> None:
    report = _read(**changes)
    assert (report.status, report.open_quantity, report.code) == (status, Decimal(open_quantity), code)


def test_the_average_price_is_what_was_paid_for_what_was_filled() -> None:
    assert _read(**PARTLY).average_fill_price == Decimal("101.5")


@pytest.mark.parametrize(("changes", "error"), [({"active": None}, TypeError), ({"size": None}, TypeError)])
def test_what_is_no_order_of_this_venue_is_not_read(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        _read(**changes)


def test_a_stop_that_waits_is_accepted_with_all_of_it_open() -> None:
    report = read_stop(STOP_ROW, "BTC/USDT", ASKED_AT)
    assert report is not None
    assert (report.client_order_id, report.status) == ("dte-2", OrderStatus.ACCEPTED)
    assert (report.filled_quantity, report.open_quantity) == (Decimal(0), Decimal(1))
    assert (report.at, report.accepted_at) == (ASKED_AT, CREATED_AT)


def test_a_stop_that_waits_no_more_is_told_by_the_other_family() -> None:
    assert read_stop({**STOP_ROW, "status": "TRIGGERED"}, "BTC/USDT", ASKED_AT) is None


def test_an_execution_is_read_whole_and_known_by_its_own_record() -> None:
    row = {"id": 19814995255305, "tradeId": 77, "orderId": "6478cf14", "side": "buy", "size": "0.2"}
    money = {"price": "101.5", "fee": "0.0203", "feeCurrency": "USDT", "createdAt": 1685638932074}
    fill = read_fill({**row, **money}, "BTC/USDT", None)
    assert (fill.venue_fill_id, fill.venue_order_id) == ("19814995255305", "6478cf14")
    assert (fill.side, fill.quantity, fill.price) == (Side.BUY, Decimal("0.2"), Decimal("101.5"))
    assert (fill.commission, fill.commission_asset, fill.at) == (Decimal("0.0203"), "USDT", CREATED_AT)

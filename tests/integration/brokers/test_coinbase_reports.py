"""Coinbase's orders as reports, and how an old order that it gives out as a new one is told."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.coinbase_reports import check_is_new, read_order
from shared.domain.errors import DuplicateOrderId
from shared.domain.order_status import OrderStatus

AT = datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC)
CREATED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def _row(status: str, filled: str = "0", kind: str = "limit_limit_gtc") -> dict[str, Any]:
    return {
        "order_id": "v-1",
        "client_order_id": "dte-1",
        "status": status,
        "filled_size": filled,
        "average_filled_price": "100.10",
        "created_time": "2026-03-02T12:00:00.000000Z",
        "order_configuration": {kind: {"base_size": "2"}},
    }


@pytest.mark.parametrize(
    ("row", "status", "open_quantity", "code"),
    [
        (_row("PENDING"), OrderStatus.ACCEPTED, "2", None),
        (_row("OPEN"), OrderStatus.ACCEPTED, "2", None),
        (_row("OPEN", "0.5"), OrderStatus.PARTIALLY_FILLED, "1.5", None),
        (_row("CANCEL_QUEUED", "0.5"), OrderStatus.PENDING_CANCEL, "1.5", None),
        (_row("FILLED", "2"), OrderStatus.FILLED, "0", None),
        (_row("CANCELLED"), OrderStatus.CANCELED, "0", "CANCELED_BY_REQUEST"),
        (_row("CANCELLED", "1", "sor_limit_ioc"), OrderStatus.CANCELED, "0", "IMMEDIATE_ONLY"),
        (_row("FAILED"), OrderStatus.REJECTED, "0", None),
        (
            {**_row("FAILED"), "reject_reason": "HOLD_FAILURE"},
            OrderStatus.REJECTED,
            "0",
            "INSUFFICIENT_FUNDS",
        ),
    ],
)
def test_an_order_is_read_with_what_is_filled_and_what_is_open(
    row: dict[str, Any], status: OrderStatus, open_quantity: str, code: str | None
) -> None:
    report = read_order(row, "BTC/USD", AT)
    assert (report.status, report.open_quantity, report.code) == (status, Decimal(open_quantity), code)
    assert (report.client_order_id, report.venue_order_id, report.accepted_at) == ("dte-1", "v-1", CREATED)
    assert (report.average_fill_price is None) == (not report.filled_quantity)


@pytest.mark.parametrize(
    "configuration",
    [{}, {"market_market_ioc": {"quote_size": "10"}}, {"twap_limit_gtd": {"quote_size": "1"}}],
)
def test_an_order_of_somebody_else_is_read_though_it_is_sized_in_money(configuration: dict[str, Any]) -> None:
    report = read_order({**_row("OPEN"), "order_configuration": configuration}, "BTC/USD", AT)
    assert (report.status, report.open_quantity) == (OrderStatus.ACCEPTED, None)


@pytest.mark.parametrize(
    "row", [_row("UNKNOWN_ORDER_STATUS"), {**_row("OPEN"), "created_time": "2026-03-02T12:00:00"}]
)
def test_what_is_not_plain_is_not_read(row: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        read_order(row, "BTC/USD", AT)


def test_an_order_from_before_ours_was_sent_is_a_duplicate() -> None:
    report = read_order(_row("OPEN"), "BTC/USD", AT)
    check_is_new(report, CREATED - timedelta(seconds=1))
    with pytest.raises(DuplicateOrderId):
        check_is_new(report, CREATED + timedelta(seconds=1))

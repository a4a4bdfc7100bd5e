"""What is written to Binance, byte for byte: method, path, parameters and a signature that verifies."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderPair, OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.recorded import (
    ID,
    LOOKUP,
    ORDER,
    OTHER,
    a_pair,
    a_stop,
    an_order,
    assert_signed,
)
from tests.integration.brokers.recorder import AT, Recorder, canceled, placed, placed_pair, placing

MARKET = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "MARKET",
    "quantity": "0.005",
    "newClientOrderId": ID,
    "newOrderRespType": "FULL",
    "recvWindow": "5000",
}
LIMIT = {**MARKET, "type": "LIMIT", "timeInForce": "GTC", "price": "60000.01"}
AT_LIMIT: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("60000.010")}
ODD = {**MARKET, "symbol": "ODDUSDT", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC"}


@pytest.mark.parametrize(
    ("request_sent", "params"),
    [
        (an_order(), MARKET),
        (an_order(**AT_LIMIT), LIMIT),
        (an_order(**AT_LIMIT, time_in_force=TimeInForce.IOC), {**LIMIT, "timeInForce": "IOC"}),
        (
            a_stop("BTC/USDT", Side.SELL, "55000", reduce_only=True),
            {**MARKET, "side": "SELL", "type": "STOP_LOSS", "stopPrice": "55000"},
        ),
        (
            a_stop("BTC/USDT", Side.BUY, "65000.5"),
            {**MARKET, "type": "STOP_LOSS", "stopPrice": "65000.5"},
        ),
        (
            an_order(order_type=OrderType.STOP_LIMIT, stop_price=Decimal(55000), limit_price=Decimal(54900)),
            {
                **MARKET,
                "type": "STOP_LOSS_LIMIT",
                "timeInForce": "GTC",
                "stopPrice": "55000",
                "price": "54900",
            },
        ),
        # Where no stop may trade at market: a limit 2 % beyond it, rounded away from it to a whole tick.
        (
            a_stop("ODD/USDT", Side.SELL, "1.234"),
            {**ODD, "side": "SELL", "stopPrice": "1.234", "price": "1.209"},
        ),
        (a_stop("ODD/USDT", Side.BUY, "1.234"), {**ODD, "stopPrice": "1.234", "price": "1.259"}),
        (
            a_stop("ODD/USDT", Side.SELL, "0.001"),
            {**ODD, "side": "SELL", "stopPrice": "0.001", "price": "0.001"},
        ),
        # Nobody knows it: the venue says so.
        (
            a_stop("NEW/USDT", Side.SELL, "2"),
            {**MARKET, "symbol": "NEWUSDT", "side": "SELL", "type": "STOP_LOSS", "stopPrice": "2"},
        ),
    ],
    ids=[
        "market",
        "limit",
        "ioc",
        "stop",
        "stop-entry",
        "stop-limit",
        "odd-stop",
        "odd-stop-entry",
        "lowest-stop",
        "unlisted",
    ],
)
async def test_an_order_is_written_as_binance_reads_it(
    venue: Recorder, broker: BinanceBroker, request_sent: OrderRequest, params: dict[str, str]
) -> None:
    venue.answer(ORDER, placing())
    report = await broker.submit_order(request_sent)
    (sent,) = venue.named(ORDER)
    assert (sent.query, sent.params) == ("", params)
    assert_signed(sent)
    assert (report.client_order_id, report.venue_order_id, report.symbol) == (ID, "28", request_sent.symbol)
    assert (report.status, report.open_quantity) == (OrderStatus.ACCEPTED, request_sent.quantity)
    assert report.accepted_at == report.at == datetime.fromtimestamp(AT // 1000, UTC)


PAIR = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "2",
    "listClientOrderId": "pair-1",
    "newOrderRespType": "FULL",
    "recvWindow": "5000",
}


@pytest.mark.parametrize(
    ("pair", "params"),
    [
        (
            a_pair("BTC/USDT", Side.SELL, "55000", "70000"),
            {
                **PAIR,
                "aboveType": "LIMIT_MAKER",
                "abovePrice": "70000",
                "aboveClientOrderId": OTHER,
                "belowType": "STOP_LOSS",
                "belowStopPrice": "55000",
                "belowClientOrderId": ID,
            },
        ),
        (
            a_pair("BTC/USDT", Side.BUY, "70000", "55000"),
            {
                **PAIR,
                "side": "BUY",
                "aboveType": "STOP_LOSS",
                "aboveStopPrice": "70000",
                "aboveClientOrderId": ID,
                "belowType": "LIMIT_MAKER",
                "belowPrice": "55000",
                "belowClientOrderId": OTHER,
            },
        ),
        (
            a_pair("ODD/USDT", Side.SELL, "1", "3"),
            {
                **PAIR,
                "symbol": "ODDUSDT",
                "aboveType": "LIMIT_MAKER",
                "abovePrice": "3",
                "aboveClientOrderId": OTHER,
                "belowType": "STOP_LOSS_LIMIT",
                "belowTimeInForce": "GTC",
                "belowPrice": "0.98",
                "belowStopPrice": "1",
                "belowClientOrderId": ID,
            },
        ),
    ],
    ids=["sell", "buy", "odd"],
)
async def test_a_pair_is_one_list_with_the_higher_price_above(
    venue: Recorder, broker: BinanceBroker, pair: OrderPair, params: dict[str, str]
) -> None:
    venue.answer("POST /api/v3/orderList/oco", placed_pair)
    stop, target = await broker.submit_pair(pair)
    (sent,) = venue.named("POST /api/v3/orderList/oco")
    assert (sent.query, sent.params) == ("", params)
    assert_signed(sent)
    assert (stop.client_order_id, target.client_order_id) == (ID, OTHER)
    assert {stop.status, target.status} == {OrderStatus.ACCEPTED}


async def test_a_replacement_cancels_first_and_stops_where_it_cannot(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer(
        "POST /api/v3/order/cancelReplace",
        lambda sent: {
            "cancelResult": "SUCCESS",
            "newOrderResult": "SUCCESS",
            "cancelResponse": canceled(OTHER, 27),
            "newOrderResponse": placed(sent),
        },
    )
    stop = a_stop("BTC/USDT", Side.SELL, "56000")
    done = await broker.replace_order(stop, OrderLookup(OTHER, "BTC/USDT", "27"))
    assert venue.last.params == {
        **MARKET,
        "side": "SELL",
        "type": "STOP_LOSS",
        "stopPrice": "56000",
        "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrigClientOrderId": OTHER,
        "cancelOrderId": "27",
    }
    assert_signed(venue.last)
    assert (done.placed.client_order_id, done.placed.status) == (ID, OrderStatus.ACCEPTED)
    assert done.replaced is not None
    assert (done.replaced.client_order_id, done.replaced.status) == (OTHER, OrderStatus.CANCELED)


async def test_a_cancel_names_the_order_and_tells_its_end(venue: Recorder, broker: BinanceBroker) -> None:
    venue.answer("DELETE /api/v3/order", canceled(ID))
    report = await broker.cancel_order(LOOKUP)
    (sent,) = venue.named("DELETE /api/v3/order")
    assert (sent.body, sent.params) == (
        "",
        {"symbol": "BTCUSDT", "origClientOrderId": ID, "recvWindow": "5000"},
    )
    assert_signed(sent)
    assert isinstance(report, OrderReport)
    assert (report.client_order_id, report.status) == (ID, OrderStatus.CANCELED)


async def test_the_cancel_of_a_pairs_leg_tells_that_legs_end(venue: Recorder, broker: BinanceBroker) -> None:
    legs = [canceled(OTHER, 27, orderListId=7), canceled(ID, orderListId=7)]
    venue.answer("DELETE /api/v3/order", {"orderListId": 7, "orderReports": legs})
    report = await broker.cancel_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert (report.client_order_id, report.venue_order_id) == (ID, "28")


async def test_the_window_is_what_is_left_until_the_order_must_have_arrived(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer(ORDER, placing())
    for seconds, most in ((2.5, 2500), (60, 5000)):
        await broker.submit_order(an_order(send_before=datetime.now(UTC) + timedelta(seconds=seconds)))
        window = int(venue.last.params["recvWindow"])
        assert most - 500 < window <= most

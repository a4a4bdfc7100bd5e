"""What is written to Binance's futures, byte for byte: method, path, parameters and a signature that verifies."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.binance_futures_broker import BinanceFuturesBroker
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.futures_recorded import (
    ALGO,
    ORDER,
    algo,
    exchange_info,
    open_futures,
    order,
    placing,
)
from tests.integration.brokers.recorded import ID, LOOKUP, a_stop, an_order, assert_signed
from tests.integration.brokers.recorder import AT, Recorder

MARKET = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "MARKET",
    "quantity": "0.005",
    "newClientOrderId": ID,
    "newOrderRespType": "RESULT",
    "recvWindow": "5000",
}
LIMIT = {**MARKET, "type": "LIMIT", "timeInForce": "GTC", "price": "60000.1"}
AT_LIMIT: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("60000.10")}
WAITING = {
    "algoType": "CONDITIONAL",
    "workingType": "CONTRACT_PRICE",
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "STOP_MARKET",
    "quantity": "0.005",
    "triggerPrice": "55000",
    "clientAlgoId": ID,
    "recvWindow": "5000",
}


@pytest.fixture
async def futures() -> AsyncIterator[BinanceFuturesAdapter]:
    adapter = BinanceFuturesAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def account(venue: Recorder, futures: BinanceFuturesAdapter) -> BinanceFuturesBroker:
    venue.answer("GET /fapi/v1/exchangeInfo", exchange_info())
    return open_futures(futures, venue)


def a_trail(percent: str) -> OrderRequest:
    return an_order(
        side=Side.SELL, order_type=OrderType.TRAILING_STOP, trail_percent=Decimal(percent), reduce_only=True
    )


TRAILING = {name: value for name, value in WAITING.items() if name != "triggerPrice"}


@pytest.mark.parametrize(
    ("request_sent", "name", "params"),
    [
        (an_order(), ORDER, MARKET),
        (an_order(**AT_LIMIT), ORDER, LIMIT),
        (an_order(**AT_LIMIT, time_in_force=TimeInForce.IOC), ORDER, {**LIMIT, "timeInForce": "IOC"}),
        (
            an_order(side=Side.SELL, reduce_only=True),
            ORDER,
            {**MARKET, "side": "SELL", "reduceOnly": "true"},
        ),
        (
            an_order(**AT_LIMIT, side=Side.SELL, reduce_only=True),
            ORDER,
            {**LIMIT, "side": "SELL", "reduceOnly": "true"},
        ),
        (a_stop("BTC/USDT", Side.SELL, "55000", reduce_only=True), ALGO, {**WAITING, "reduceOnly": "true"}),
        (
            a_stop("BTC/USDT", Side.BUY, "65000.5"),
            ALGO,
            {**WAITING, "side": "BUY", "triggerPrice": "65000.5"},
        ),
        (
            a_stop(
                "BTC/USDT",
                Side.SELL,
                "55000",
                order_type=OrderType.STOP_LIMIT,
                limit_price=Decimal(54900),
                reduce_only=True,
            ),
            ALGO,
            {**WAITING, "type": "STOP", "timeInForce": "GTC", "price": "54900", "reduceOnly": "true"},
        ),
        (
            a_trail("1.50"),
            ALGO,
            {**TRAILING, "type": "TRAILING_STOP_MARKET", "callbackRate": "1.5", "reduceOnly": "true"},
        ),
        (
            a_trail("20"),
            ALGO,
            {**TRAILING, "type": "TRAILING_STOP_MARKET", "callbackRate": "20", "reduceOnly": "true"},
        ),
    ],
    ids=[
        "market",
        "limit",
        "ioc",
        "exit",
        "target",
        "stop",
        "stop-entry",
        "stop-limit",
        "trailing",
        "trailing-far",
    ],
)
async def test_an_order_is_written_as_its_service_reads_it(
    venue: Recorder,
    account: BinanceFuturesBroker,
    request_sent: OrderRequest,
    name: str,
    params: dict[str, str],
) -> None:
    venue.answer(name, placing())
    report = await account.submit_order(request_sent)
    (sent,) = venue.named(ORDER, ALGO)
    assert (sent.name, sent.query, sent.params) == (name, "", params)
    assert_signed(sent)
    number = "28" if name == ORDER else "algo-2146760"
    assert (report.client_order_id, report.venue_order_id, report.symbol) == (ID, number, "BTC/USDT")
    assert (report.status, report.open_quantity) == (OrderStatus.ACCEPTED, Decimal("0.005"))
    # Nothing else was asked: an order needs no listing.
    assert [request.name for request in venue.requests] == ["GET /fapi/v1/time", name]


async def test_the_window_is_what_is_left_until_the_order_must_have_arrived(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer(ORDER, placing())
    venue.answer(ALGO, placing())
    for made in (an_order, lambda **changes: a_stop("BTC/USDT", Side.SELL, "1", **changes)):
        for seconds, most in ((2.5, 2500), (60, 5000)):
            before = datetime.now(UTC) + timedelta(seconds=seconds)
            await account.submit_order(made(send_before=before))
            assert most - 500 < int(venue.last.params["recvWindow"]) <= most


CANCEL, CANCEL_ALGO = "DELETE /fapi/v1/order", "DELETE /fapi/v1/algoOrder"
GONE = ({"code": -2011, "msg": "Unknown order sent."}, 400)
NO_ORDER = ({"code": -2013, "msg": "Order does not exist."}, 400)


@pytest.mark.parametrize(
    ("number", "asked"),
    [
        ("28", {"symbol": "BTCUSDT", "orderId": "28"}),
        (None, {"symbol": "BTCUSDT", "origClientOrderId": ID}),
    ],
)
async def test_a_cancel_names_a_working_order_by_the_venues_id_where_it_is_known(
    venue: Recorder, account: BinanceFuturesBroker, number: str | None, asked: dict[str, str]
) -> None:
    venue.answer(CANCEL, order(status="CANCELED"))
    report = await account.cancel_order(OrderLookup(ID, "BTC/USDT", number))
    (sent,) = venue.named(CANCEL, CANCEL_ALGO)
    assert (sent.body, sent.params) == ("", {**asked, "recvWindow": "5000"})
    assert_signed(sent)
    assert isinstance(report, OrderReport)
    assert (report.client_order_id, report.status) == (ID, OrderStatus.CANCELED)
    assert report.code == "CANCELED_BY_REQUEST"


@pytest.mark.parametrize(("number", "asked"), [("algo-7", {"algoId": "7"}), (None, {"clientAlgoId": ID})])
async def test_a_cancel_of_a_waiting_order_goes_to_its_service_and_asks_for_its_end(
    venue: Recorder, account: BinanceFuturesBroker, number: str | None, asked: dict[str, str]
) -> None:
    venue.answer(CANCEL, *GONE)
    venue.answer(CANCEL_ALGO, {"algoId": 7, "clientAlgoId": ID, "code": "200", "msg": "success"})
    venue.answer("GET /fapi/v1/order", *NO_ORDER)
    venue.answer("GET /fapi/v1/algoOrder", algo(7, clientAlgoId=ID, algoStatus="CANCELED"))
    report = await account.cancel_order(OrderLookup(ID, "BTC/USDT", number))
    (sent,) = venue.named(CANCEL_ALGO)
    assert (sent.body, sent.params) == ("", {**asked, "recvWindow": "5000"})
    assert_signed(sent)
    # Only where nobody knows which kind it is, both services are asked.
    assert len(venue.named(CANCEL)) == (1 if number is None else 0)
    assert isinstance(report, OrderReport)
    assert (report.venue_order_id, report.status) == ("algo-7", OrderStatus.CANCELED)


async def test_margin_and_leverage_are_written_where_they_are_not_so_already(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    config = [{"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": 20, "maxNotionalValue": "1"}]
    venue.answer("GET /fapi/v1/symbolConfig", lambda _: config)
    venue.answer("GET /fapi/v1/accountConfig", {"dualSidePosition": False, "multiAssetsMargin": False})
    brackets = [
        {"bracket": 2, "initialLeverage": 100, "maintMarginRatio": 0.005, "notionalFloor": 50000},
        {"bracket": 1, "initialLeverage": 125, "maintMarginRatio": 0.004, "notionalFloor": 0},
    ]
    venue.answer("GET /fapi/v1/leverageBracket", [{"symbol": "BTCUSDT", "brackets": brackets}])
    # Somebody else has isolated it meanwhile.
    as_it_is = {"code": -4046, "msg": "No need to change margin type."}
    venue.answer("POST /fapi/v1/marginType", as_it_is, 400)
    venue.answer("POST /fapi/v1/leverage", {"leverage": 3, "symbol": "BTCUSDT"})
    terms = await account.set_margin_terms("BTC/USDT", 3)
    writes = venue.named("POST /fapi/v1/marginType", "POST /fapi/v1/leverage")
    assert [(sent.query, sent.params) for sent in writes] == [
        ("", {"symbol": "BTCUSDT", "marginType": "ISOLATED", "recvWindow": "5000"}),
        ("", {"symbol": "BTCUSDT", "leverage": "3", "recvWindow": "5000"}),
    ]
    for sent in writes:
        assert_signed(sent)
    # What is told is what was read back, whatever was written.
    assert (terms.leverage, terms.is_isolated) == (20, False)
    assert (terms.max_leverage, terms.maintenance_rate) == (125, Decimal("0.004"))
    assert len(venue.named("GET /fapi/v1/symbolConfig")) == 2


async def test_an_answer_tells_when_the_venue_took_the_order(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    at = datetime.fromtimestamp(AT // 1000, UTC)
    venue.answer(ALGO, placing())
    report = await account.submit_order(a_stop("BTC/USDT", Side.SELL, "55000"))
    assert (report.accepted_at, report.at) == (at, at + timedelta(seconds=1.5))
    venue.answer("GET /fapi/v1/order", order(clientOrderId=ID))
    found = await account.fetch_order(LOOKUP)
    assert isinstance(found, OrderReport)
    assert (found.accepted_at, found.at) == (at, at + timedelta(seconds=1.5))

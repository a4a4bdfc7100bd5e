"""The table of the error codes of Binance's futures: what each becomes for a write and for a read."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.binance_futures_broker import BinanceFuturesBroker
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
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
    traded,
)
from tests.integration.brokers.recorded import ID, LOOKUP, OTHER, a_stop, an_order
from tests.integration.brokers.recorder import Recorder

WRITES: list[tuple[int, int, type[TradeError], str]] = [
    (400, -1000, AmbiguousError, "UNTYPED_REFUSAL"),
    (400, -1001, AmbiguousError, "UNTYPED_REFUSAL"),
    (401, -1002, PermanentError, "UNAUTHORIZED"),
    (429, -1003, RetryableError, "RATE_LIMITED"),
    (418, -1003, RetryableError, "BANNED"),
    (400, -1006, AmbiguousError, "UNTYPED_REFUSAL"),
    (408, -1007, AmbiguousError, "UNTYPED_REFUSAL"),
    (503, -1008, AmbiguousError, "SERVER_FAILED"),
    (400, -1013, PermanentError, "INVALID_ORDER"),
    (429, -1015, RetryableError, "RATE_LIMITED"),
    (400, -1021, RetryableError, "CLOCK_SKEWED"),
    (400, -1022, PermanentError, "UNAUTHORIZED"),
    (400, -1102, PermanentError, "INVALID_ORDER"),
    (400, -1106, PermanentError, "INVALID_ORDER"),
    (400, -1116, PermanentError, "INVALID_ORDER"),
    (400, -1121, PermanentError, "UNKNOWN_SYMBOL"),
    (401, -2014, PermanentError, "UNAUTHORIZED"),
    (401, -2015, PermanentError, "UNAUTHORIZED"),
    (400, -2017, PermanentError, "UNAUTHORIZED"),
    (400, -2018, PermanentError, "INSUFFICIENT_FUNDS"),
    (400, -2019, PermanentError, "INSUFFICIENT_FUNDS"),
    (400, -2020, PermanentError, "INVALID_ORDER"),
    (400, -2021, PermanentError, "STOP_ALREADY_PASSED"),
    (400, -2022, PermanentError, "REDUCE_ONLY_REFUSED"),
    (400, -2023, PermanentError, "SYMBOL_NOT_PERMITTED"),
    (400, -2024, PermanentError, "REDUCE_ONLY_REFUSED"),
    (400, -2025, PermanentError, "TOO_MANY_ORDERS"),
    (400, -2026, PermanentError, "ORDER_TYPE_NOT_OFFERED"),
    (400, -2027, PermanentError, "INVALID_ORDER"),
    (400, -2028, PermanentError, "INSUFFICIENT_FUNDS"),
    (400, -4003, PermanentError, "INVALID_LOT"),
    (400, -4004, PermanentError, "INVALID_LOT"),
    (400, -4005, PermanentError, "INVALID_LOT"),
    (400, -4014, PermanentError, "INVALID_TICK"),
    (400, -4016, PermanentError, "PRICE_TOO_FAR"),
    (400, -4023, PermanentError, "INVALID_LOT"),
    (400, -4024, PermanentError, "PRICE_TOO_FAR"),
    (400, -4028, PermanentError, "LEVERAGE_TOO_HIGH"),
    (400, -4045, PermanentError, "TOO_MANY_ORDERS"),
    (400, -4047, PermanentError, "POSITION_OPEN"),
    (400, -4048, PermanentError, "POSITION_OPEN"),
    (400, -4061, PermanentError, "HEDGE_MODE"),
    (400, -4087, PermanentError, "SYMBOL_NOT_PERMITTED"),
    (400, -4088, PermanentError, "UNAUTHORIZED"),
    (400, -4116, DuplicateOrderId, "DUPLICATE_ORDER_ID"),
    (400, -4118, PermanentError, "REDUCE_ONLY_REFUSED"),
    (400, -4120, PermanentError, "ORDER_TYPE_NOT_OFFERED"),
    (400, -4131, PermanentError, "PRICE_TOO_FAR"),
    (400, -4140, PermanentError, "MARKET_CLOSED"),
    (400, -4141, PermanentError, "MARKET_CLOSED"),
    (400, -4161, PermanentError, "POSITION_OPEN"),
    (400, -4164, PermanentError, "BELOW_MINIMUM_NOTIONAL"),
    (400, -4168, PermanentError, "MULTI_ASSETS_MODE"),
    (400, -4183, PermanentError, "PRICE_TOO_FAR"),
    (400, -4192, PermanentError, "SYMBOL_NOT_PERMITTED"),
    (400, -4209, PermanentError, "LEVERAGE_TOO_HIGH"),
    (400, -4300, PermanentError, "LEVERAGE_TOO_HIGH"),
    (400, -4400, PermanentError, "SYMBOL_NOT_PERMITTED"),
    (400, -5021, PermanentError, "INVALID_ORDER"),
    (400, -5022, PermanentError, "TARGET_ALREADY_PASSED"),
    (400, -5028, RetryableError, "CLOCK_SKEWED"),
    (400, -20132, DuplicateOrderId, "DUPLICATE_ORDER_ID"),
    (403, -9999, PermanentError, "UNAUTHORIZED"),
    (400, -9999, AmbiguousError, "UNTYPED_REFUSAL"),
]
READS: list[tuple[int, int, type[TradeError], str]] = [
    (400, -1000, RetryableError, "UNTYPED_REFUSAL"),
    (500, -1000, RetryableError, "SERVER_FAILED"),
    (429, -1003, RetryableError, "RATE_LIMITED"),
    (418, -1003, RetryableError, "BANNED"),
    (400, -1021, RetryableError, "CLOCK_SKEWED"),
    (400, -1102, RetryableError, "UNTYPED_REFUSAL"),
    (400, -1121, PermanentError, "UNKNOWN_SYMBOL"),
    (401, -2015, PermanentError, "UNAUTHORIZED"),
    (400, -4061, RetryableError, "UNTYPED_REFUSAL"),
]
STOP = a_stop("BTC/USDT", Side.SELL, "55000", reduce_only=True)


@pytest.fixture
async def futures() -> AsyncIterator[BinanceFuturesAdapter]:
    adapter = BinanceFuturesAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def account(venue: Recorder, futures: BinanceFuturesAdapter) -> BinanceFuturesBroker:
    venue.answer("GET /fapi/v1/exchangeInfo", exchange_info())
    return open_futures(futures, venue)


async def failure(account: BinanceFuturesBroker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await account.submit_order(request)
    return failed.value


@pytest.mark.parametrize(("name", "request_sent"), [(ORDER, an_order()), (ALGO, STOP)], ids=["order", "algo"])
@pytest.mark.parametrize(("status", "number", "family", "code"), WRITES)
async def test_a_refused_write_is_named_by_its_code_at_both_services(
    venue: Recorder,
    account: BinanceFuturesBroker,
    name: str,
    request_sent: OrderRequest,
    status: int,
    number: int,
    family: type[TradeError],
    code: str,
) -> None:
    venue.answer(name, {"code": number, "msg": "Words of the venue."}, status)
    error = await failure(account, request_sent)
    assert (type(error), error.code) == (family, code)
    if family is PermanentError:
        # A sentence for the follower.
        assert re.fullmatch(r"Binance refused: .+[^.]\.", error.detail)
    assert len(venue.named(ORDER, ALGO)) == 1


@pytest.mark.parametrize(("status", "number", "family", "code"), READS)
async def test_a_refused_read_is_never_ambiguous(
    venue: Recorder,
    account: BinanceFuturesBroker,
    status: int,
    number: int,
    family: type[TradeError],
    code: str,
) -> None:
    for name, lookup in (
        ("GET /fapi/v1/order", LOOKUP),
        ("GET /fapi/v1/algoOrder", OrderLookup(ID, "BTC/USDT", "algo-7")),
    ):
        venue.answer(name, {"code": number, "msg": "..."}, status)
        with pytest.raises(TradeError) as failed:
            await account.fetch_order(lookup)
        assert (type(failed.value), failed.value.code) == (family, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Decimal("0.0005")}, "INVALID_LOT"),
        ({"order_type": OrderType.LIMIT, "limit_price": Decimal("60000.05")}, "INVALID_TICK"),
        ({"order_type": OrderType.STOP, "stop_price": Decimal("60000.05")}, "INVALID_TICK"),
        ({}, "INVALID_ORDER"),
        ({"symbol": "NEW/USDT", "quantity": Decimal("0.0005")}, "INVALID_ORDER"),
    ],
)
async def test_what_is_too_precise_is_named_by_the_listing_where_the_venue_does_not_say(
    venue: Recorder, account: BinanceFuturesBroker, changes: dict[str, Any], code: str
) -> None:
    for name in (ORDER, ALGO):
        venue.answer(
            name, {"code": -1111, "msg": "Precision is over the maximum defined for this asset."}, 400
        )
    error = await failure(account, an_order(**changes))
    assert (type(error), error.code) == (PermanentError, code)


async def test_a_listing_that_cannot_be_read_leaves_the_refusal_a_refusal(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer(ORDER, {"code": -1111, "msg": "Precision is over the maximum."}, 400)
    venue.answer("GET /fapi/v1/exchangeInfo", {"code": -1000, "msg": "..."}, 500)
    error = await failure(account, an_order())
    assert (type(error), error.code) == (PermanentError, "INVALID_ORDER")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Decimal(0)}, "INVALID_ORDER"),
        ({"limit_price": Decimal(1)}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT}, "INVALID_ORDER"),
        ({"order_type": OrderType.STOP, "stop_price": Decimal(0)}, "INVALID_ORDER"),
        ({"order_type": OrderType.TRAILING_STOP}, "INVALID_ORDER"),
        ({"trail_percent": Decimal(1)}, "INVALID_ORDER"),
        ({"time_in_force": TimeInForce.DAY}, "INVALID_ORDER"),
        ({"send_before": datetime(2026, 1, 1, tzinfo=UTC)}, "EXPIRED_BEFORE_ARRIVAL"),
    ],
)
async def test_what_cannot_be_written_is_refused_unsent(
    venue: Recorder, account: BinanceFuturesBroker, changes: dict[str, Any], code: str
) -> None:
    error = await failure(account, an_order(**changes))
    assert (type(error), error.code) == (PermanentError, code)
    assert venue.named(ORDER, ALGO) == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>hello</html>"),
        (200, "[]"),
        (200, '{"orderId": 28}'),
        (400, "Bad Request"),
        (403, "<html>WAF</html>"),
        (404, '{"message": "no code"}'),
        (307, "{}"),
    ],
)
@pytest.mark.parametrize(("name", "request_sent"), [(ORDER, an_order()), (ALGO, STOP)], ids=["order", "algo"])
async def test_an_answer_of_another_shape_leaves_a_write_in_doubt(
    venue: Recorder,
    account: BinanceFuturesBroker,
    name: str,
    request_sent: OrderRequest,
    status: int,
    body: str,
) -> None:
    venue.answer(name, body, status, Location="/fapi/v1/order")
    assert isinstance(await failure(account, request_sent), AmbiguousError)
    assert len(venue.named(ORDER, ALGO)) == 1


async def test_an_answer_about_another_order_leaves_a_write_in_doubt(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer(ORDER, order(clientOrderId=OTHER))
    venue.answer(ALGO, algo(clientAlgoId=OTHER))
    for request in (an_order(), STOP):
        error = await failure(account, request)
        assert (type(error), error.code) == (AmbiguousError, "UNREADABLE_ANSWER")


async def test_an_order_that_was_taken_is_told_though_its_executions_cannot_be_read(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer(ORDER, placing(status="FILLED", executedQty="0.005", cumQuote="300"))
    venue.answer("GET /fapi/v1/userTrades", {"code": -1000, "msg": "..."}, 500)
    report = await account.submit_order(an_order())
    assert (report.filled_quantity, report.average_fill_price, report.fills) == (
        Decimal("0.005"),
        Decimal(60000),
        (),
    )
    venue.answer("GET /fapi/v1/userTrades", [traded(qty="0.005")])
    assert len((await account.submit_order(an_order())).fills) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "EXPIRED", "type": "LIMIT", "timeInForce": "IOC"}, "IMMEDIATE_ONLY"),
        ({"status": "EXPIRED", "type": "MARKET"}, "IMMEDIATE_ONLY"),
        ({"status": "EXPIRED_IN_MATCH", "type": "LIMIT"}, None),
        ({"status": "CANCELED"}, "CANCELED_BY_REQUEST"),
        ({"status": "NEW"}, None),
    ],
)
async def test_an_end_without_a_whole_fill_says_why(
    venue: Recorder, account: BinanceFuturesBroker, changes: dict[str, Any], code: str | None
) -> None:
    venue.answer("GET /fapi/v1/order", order(clientOrderId=ID, **changes))
    report = await account.fetch_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert report.code == code

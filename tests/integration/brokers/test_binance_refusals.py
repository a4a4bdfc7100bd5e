"""The table of Binance's errors: one line for each, and what it becomes for a write and for a read."""

import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderPair, OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.recorded import ID, LOOKUP, ORDER, OTHER, a_stop, an_order
from tests.integration.brokers.recorder import AT, Recorder, listed, placing, traded

PAIR = "POST /api/v3/orderList/oco"
SELL = an_order(side=Side.SELL)
EXIT = an_order(side=Side.SELL, reduce_only=True)
LACK = "Account has insufficient balance for requested action."

WRITES: list[tuple[int, int, str, type[TradeError], str]] = [
    (
        400,
        -1000,
        "An unknown error occurred while processing the request.",
        AmbiguousError,
        "UNTYPED_REFUSAL",
    ),
    (400, -1001, "Internal error; unable to process your request.", AmbiguousError, "UNTYPED_REFUSAL"),
    (401, -1002, "You are not authorized to execute this request.", PermanentError, "UNAUTHORIZED"),
    (429, -1003, "Too many requests queued.", RetryableError, "RATE_LIMITED"),
    (400, -1003, "Too many requests queued.", RetryableError, "RATE_LIMITED"),
    (418, -1003, "Way too much request weight used.", RetryableError, "BANNED"),
    (400, -1006, "Execution status unknown.", AmbiguousError, "UNTYPED_REFUSAL"),
    (400, -1007, "Timeout waiting for response from backend server.", AmbiguousError, "UNTYPED_REFUSAL"),
    (408, -1007, "Timeout waiting for response from backend server.", AmbiguousError, "UNTYPED_REFUSAL"),
    (504, -1007, "Timeout waiting for response from backend server.", AmbiguousError, "SERVER_FAILED"),
    (503, -1008, "Server is currently overloaded with other requests.", AmbiguousError, "SERVER_FAILED"),
    (400, -1013, "Filter failure: NOTIONAL", PermanentError, "BELOW_MINIMUM_NOTIONAL"),
    (400, -1013, "Filter failure: MIN_NOTIONAL", PermanentError, "BELOW_MINIMUM_NOTIONAL"),
    (400, -1013, "Filter failure: LOT_SIZE", PermanentError, "INVALID_LOT"),
    (400, -1013, "Filter failure: MARKET_LOT_SIZE", PermanentError, "INVALID_LOT"),
    (400, -1013, "Filter failure: PRICE_FILTER", PermanentError, "INVALID_TICK"),
    (400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE", PermanentError, "PRICE_TOO_FAR"),
    (400, -1013, "Filter failure: MAX_NUM_ORDERS", PermanentError, "TOO_MANY_ORDERS"),
    (400, -1013, "Filter failure: MAX_NUM_ALGO_ORDERS", PermanentError, "TOO_MANY_ORDERS"),
    (400, -1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS", PermanentError, "TOO_MANY_ORDERS"),
    (400, -1013, "Filter failure: MAX_POSITION", PermanentError, "INVALID_ORDER"),
    (400, -1013, "Invalid quantity.", PermanentError, "INVALID_ORDER"),
    (400, -1014, "Unsupported order combination.", PermanentError, "INVALID_ORDER"),
    (
        429,
        -1015,
        "Too many new orders; current limit is 100 orders per 10 SECOND.",
        RetryableError,
        "RATE_LIMITED",
    ),
    (400, -1020, "This operation is not supported.", PermanentError, "INVALID_ORDER"),
    (400, -1021, "Timestamp for this request is outside of the recvWindow.", RetryableError, "CLOCK_SKEWED"),
    (400, -1022, "Signature for this request is not valid.", PermanentError, "UNAUTHORIZED"),
    (400, -1100, "Illegal characters found in parameter 'symbol'.", PermanentError, "INVALID_ORDER"),
    (400, -1106, "Parameter 'price' sent when not required.", PermanentError, "INVALID_ORDER"),
    (400, -1111, "Parameter 'quantity' has too much precision.", PermanentError, "INVALID_LOT"),
    (400, -1111, "Parameter 'price' has too much precision.", PermanentError, "INVALID_TICK"),
    (400, -1116, "Invalid orderType.", PermanentError, "INVALID_ORDER"),
    (400, -1121, "Invalid symbol.", PermanentError, "UNKNOWN_SYMBOL"),
    (400, -1166, "A limit order in a sell OCO must be above.", PermanentError, "INVALID_ORDER"),
    (400, -2010, "Duplicate order sent.", DuplicateOrderId, "DUPLICATE_ORDER_ID"),
    (400, -2010, LACK, PermanentError, "INSUFFICIENT_FUNDS"),
    (400, -2010, "Market is closed.", PermanentError, "MARKET_CLOSED"),
    (400, -2010, "Stop price would trigger immediately.", PermanentError, "STOP_ALREADY_PASSED"),
    (400, -2010, "Order would trigger immediately.", PermanentError, "STOP_ALREADY_PASSED"),
    (400, -2010, "Order would immediately match and take.", PermanentError, "TARGET_ALREADY_PASSED"),
    (
        400,
        -2010,
        "Stop loss orders are not supported for this symbol.",
        PermanentError,
        "ORDER_TYPE_NOT_OFFERED",
    ),
    (400, -2010, "OCO orders are not supported for this symbol", PermanentError, "ORDER_TYPE_NOT_OFFERED"),
    (400, -2010, "This symbol is not permitted for this account.", PermanentError, "SYMBOL_NOT_PERMITTED"),
    (400, -2010, "This symbol is restricted for this account.", PermanentError, "SYMBOL_NOT_PERMITTED"),
    (400, -2010, "This action is disabled on this account.", PermanentError, "UNAUTHORIZED"),
    (400, -2010, "This account may not place or cancel orders.", PermanentError, "UNAUTHORIZED"),
    (400, -2010, "Something that was never said before.", PermanentError, "INVALID_ORDER"),
    (401, -2014, "API-key format invalid.", PermanentError, "UNAUTHORIZED"),
    (401, -2015, "Invalid API-key, IP, or permissions for action.", PermanentError, "UNAUTHORIZED"),
    (403, -9999, "A code that says who may not.", PermanentError, "UNAUTHORIZED"),
    (400, -9999, "A code that nobody knows.", AmbiguousError, "UNTYPED_REFUSAL"),
]
READS: list[tuple[int, int, type[TradeError], str]] = [
    (400, -1000, RetryableError, "UNTYPED_REFUSAL"),
    (400, -1007, RetryableError, "UNTYPED_REFUSAL"),
    (500, -1000, RetryableError, "SERVER_FAILED"),
    (429, -1003, RetryableError, "RATE_LIMITED"),
    (418, -1003, RetryableError, "BANNED"),
    (400, -1021, RetryableError, "CLOCK_SKEWED"),
    (400, -1100, RetryableError, "UNTYPED_REFUSAL"),
    (400, -1121, PermanentError, "UNKNOWN_SYMBOL"),
    (401, -2015, PermanentError, "UNAUTHORIZED"),
    (400, -2026, RetryableError, "UNTYPED_REFUSAL"),
]


async def failure(broker: BinanceBroker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


@pytest.mark.parametrize(("status", "number", "words", "family", "code"), WRITES)
async def test_a_refused_write_is_named_by_code_and_words(
    venue: Recorder,
    broker: BinanceBroker,
    status: int,
    number: int,
    words: str,
    family: type[TradeError],
    code: str,
) -> None:
    venue.answer(ORDER, {"code": number, "msg": words}, status)
    error = await failure(broker, an_order())
    assert (type(error), error.code) == (family, code)
    if family is PermanentError:
        # A sentence for the follower.
        assert re.fullmatch(r"Binance refused: .+[^.]\.", error.detail)
    assert len(venue.named(ORDER)) == 1


@pytest.mark.parametrize(("status", "number", "family", "code"), READS)
async def test_a_refused_read_is_never_ambiguous(
    venue: Recorder, broker: BinanceBroker, status: int, number: int, family: type[TradeError], code: str
) -> None:
    venue.answer("GET /api/v3/order", {"code": number, "msg": "..."}, status)
    with pytest.raises(TradeError) as failed:
        await broker.fetch_order(LOOKUP)
    assert (type(failed.value), failed.value.code) == (family, code)


@pytest.mark.parametrize(
    ("request_sent", "code", "words"),
    [
        (an_order(), "INSUFFICIENT_FUNDS", "the account has too little free USDT for this order"),
        (
            SELL,
            "SHORT_NOT_POSSIBLE",
            "too little free BTC to sell, and a spot account cannot sell what it has",
        ),
        (EXIT, "INSUFFICIENT_FUNDS", "the account has too little free BTC to sell."),
    ],
    ids=["purchase", "sale", "exit"],
)
async def test_a_lack_is_told_by_what_is_lacking(
    venue: Recorder, broker: BinanceBroker, request_sent: OrderRequest, code: str, words: str
) -> None:
    venue.answer(ORDER, {"code": -2010, "msg": LACK}, 400)
    error = await failure(broker, request_sent)
    assert (type(error), error.code) == (PermanentError, code)
    assert words in error.detail


@pytest.mark.parametrize(
    ("status", "headers", "words", "seconds"),
    [
        (429, {"Retry_After": "7"}, "Too many requests.", 7),
        (429, {}, "Too many new orders.", None),
        (418, {"Retry_After": "120"}, "IP banned until 1790000000000.", 120),
        (418, {}, "Way too much request weight used; IP banned.", None),
    ],
)
async def test_a_closed_door_says_when_it_opens(
    venue: Recorder,
    broker: BinanceBroker,
    status: int,
    headers: dict[str, str],
    words: str,
    seconds: int | None,
) -> None:
    venue.answer(ORDER, {"code": -1003, "msg": words}, status, **headers)
    error = await failure(broker, an_order())
    assert isinstance(error, RetryableError)
    assert error.retry_after_seconds == seconds


async def test_the_end_of_a_ban_is_read_from_its_words_where_no_header_tells_it(
    venue: Recorder, broker: BinanceBroker
) -> None:
    until = int(time.time() * 1000) + 90_000
    venue.answer(ORDER, {"code": -1003, "msg": f"Way too much; IP banned until {until}. Please"}, 418)
    error = await failure(broker, an_order())
    assert error.code == "BANNED"
    assert error.retry_after_seconds in {89, 90}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>hello</html>"),
        (200, "[]"),
        (200, '{"orderId": 28}'),
        (400, "Bad Request"),
        (403, "<html>WAF</html>"),
        (400, "[]"),
        (404, '{"message": "no code"}'),
        (307, "{}"),
    ],
)
async def test_an_answer_of_another_shape_leaves_a_write_in_doubt(
    venue: Recorder, broker: BinanceBroker, status: int, body: str
) -> None:
    venue.answer(ORDER, body, status, Location="/api/v3/order")
    assert isinstance(await failure(broker, an_order()), AmbiguousError)
    venue.answer("GET /api/v3/order", body, status)
    with pytest.raises(RetryableError):
        await broker.fetch_order(LOOKUP)
    assert len(venue.named(ORDER)) == 1


async def test_an_answer_about_another_order_leaves_a_write_in_doubt(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer(ORDER, placing(clientOrderId=OTHER))
    error = await failure(broker, an_order())
    assert (type(error), error.code) == (AmbiguousError, "UNREADABLE_ANSWER")


BAD_PAIR = OrderPair("pair-1", a_stop("BTC/USDT", Side.SELL, "1"), an_order(client_order_id=OTHER))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Decimal(0)}, "INVALID_ORDER"),
        ({"limit_price": Decimal(1)}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT, "limit_price": Decimal(0)}, "INVALID_ORDER"),
        ({"order_type": OrderType.STOP, "limit_price": Decimal(1)}, "INVALID_ORDER"),
        ({"time_in_force": TimeInForce.DAY}, "INVALID_ORDER"),
        ({"reduce_only": True}, "REDUCE_ONLY_REFUSED"),
        ({"send_before": datetime(2026, 1, 1, tzinfo=UTC)}, "EXPIRED_BEFORE_ARRIVAL"),
    ],
)
async def test_what_cannot_be_written_is_refused_unsent(
    venue: Recorder, broker: BinanceBroker, changes: dict[str, Any], code: str
) -> None:
    error = await failure(broker, an_order(**changes))
    assert (type(error), error.code) == (PermanentError, code)
    with pytest.raises(PermanentError, match="INVALID_ORDER"):
        await broker.submit_pair(BAD_PAIR)
    assert venue.named(ORDER, PAIR) == []


FILLED: dict[str, Any] = {
    "status": "FILLED",
    "executedQty": "0.50000000",
    "cummulativeQuoteQty": "30000.00000000",
}


async def test_what_was_counted_is_told_at_once_with_as_many_executions_as_are_listed(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer("GET /api/v3/order", listed(clientOrderId=ID, **FILLED))
    # The list of executions lags behind the order.
    venue.answer("GET /api/v3/myTrades", [traded()])
    venue.answer(ORDER, placing(**FILLED))
    told = (
        await broker.fetch_order(LOOKUP),
        await broker.submit_order(an_order(quantity=Decimal("0.5"))),
    )
    for report in told:
        assert isinstance(report, OrderReport)
        assert (report.status, report.filled_quantity) == (OrderStatus.FILLED, Decimal("0.5"))
        assert [fill.quantity for fill in report.fills] == [Decimal("0.2")]
    venue.answer("GET /api/v3/myTrades", [traded(57), traded(58, qty="0.30000000")])
    report = await broker.submit_order(an_order(quantity=Decimal("0.5")))
    assert [fill.quantity for fill in report.fills] == [Decimal("0.2"), Decimal("0.3")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "EXPIRED", "type": "LIMIT", "timeInForce": "IOC"}, "IMMEDIATE_ONLY"),
        ({"status": "EXPIRED", "type": "MARKET"}, "IMMEDIATE_ONLY"),
        ({"status": "EXPIRED", "type": "LIMIT"}, None),
        ({"status": "EXPIRED", "type": "LIMIT_MAKER", "orderListId": 7}, "PAIRED_EXIT_WORKED"),
        ({"status": "CANCELED"}, "CANCELED_BY_REQUEST"),
        ({"status": "NEW"}, None),
    ],
)
async def test_an_end_without_a_whole_fill_says_why(
    venue: Recorder, broker: BinanceBroker, changes: dict[str, Any], code: str | None
) -> None:
    venue.answer(ORDER, placing(**changes))
    report = await broker.submit_order(an_order())
    assert report.code == code
    assert report.at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=AT)

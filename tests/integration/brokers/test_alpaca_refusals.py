"""The table of Alpaca's errors: one line for each, and what it becomes for a write and for a read."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.base import NotFound
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.alpaca_recorder import (
    FILLS,
    FOUND,
    LOOKUP,
    ORDER,
    OTHER,
    AlpacaRecorder,
    an_exit,
    an_order,
    executed,
    open_broker,
    placing,
    recording,
    told,
)

OPTION = "SPY261218C00600000"
SELL = an_order(side=Side.SELL)
EXIT = an_exit()
NONE_LEFT = "insufficient qty available for order (requested: 5, available: 0)"
SOME_LEFT = "insufficient qty available for order (requested: 5, available: 2)"

WRITES: list[tuple[int, int | None, str, type[TradeError], str]] = [
    (401, 40110000, "request is not authorized", PermanentError, "UNAUTHORIZED"),
    (403, None, "forbidden.", PermanentError, "UNAUTHORIZED"),
    (403, 40310000, "insufficient buying power", PermanentError, "INSUFFICIENT_FUNDS"),
    (403, 40310000, "insufficient day trading buying power", PermanentError, "INSUFFICIENT_FUNDS"),
    (403, 40310000, "insufficient options buying power", PermanentError, "INSUFFICIENT_FUNDS"),
    (
        403,
        40310000,
        "insufficient balance for USD (requested: 12, available: 0)",
        PermanentError,
        "INSUFFICIENT_FUNDS",
    ),
    (
        403,
        40310000,
        "cost basis must be >= minimal amount of order 10",
        PermanentError,
        "BELOW_MINIMUM_NOTIONAL",
    ),
    (
        403,
        40310100,
        "trade denied due to pattern day trading protection",
        PermanentError,
        "SYMBOL_NOT_PERMITTED",
    ),
    (
        403,
        40310000,
        "potential wash trade detected. use complex orders",
        PermanentError,
        "INVALID_ORDER",
    ),
    (
        422,
        42210000,
        "potential wash trade detected. use complex orders",
        PermanentError,
        "INVALID_ORDER",
    ),
    (403, 40310000, 'asset "BRK.A" is not fractionable', PermanentError, "INVALID_LOT"),
    (422, 42210000, 'asset "DEAD" is not active', PermanentError, "SYMBOL_NOT_PERMITTED"),
    (422, 42210000, 'asset "HALT" is not tradable', PermanentError, "SYMBOL_NOT_PERMITTED"),
    (422, 40010001, "us_equity orders not allowed for account", PermanentError, "SYMBOL_NOT_PERMITTED"),
    (422, 40010001, 'could not find asset "NOPE"', PermanentError, "UNKNOWN_SYMBOL"),
    (404, 40410000, "asset not found for NOPE", PermanentError, "UNKNOWN_SYMBOL"),
    (422, 40010001, "client_order_id must be unique", DuplicateOrderId, "DUPLICATE_ORDER_ID"),
    (422, 40010001, "client order id must be unique", DuplicateOrderId, "DUPLICATE_ORDER_ID"),
    (
        422,
        42210000,
        "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
        PermanentError,
        "INVALID_TICK",
    ),
    (422, 42210000, "stop price must be less than current price", PermanentError, "STOP_ALREADY_PASSED"),
    (422, 42210000, "fractional orders must be DAY orders", PermanentError, "INVALID_ORDER"),
    (
        422,
        42210000,
        "options market orders are only allowed during market hours",
        PermanentError,
        "MARKET_CLOSED",
    ),
    (422, 42210000, "qty must be > 0", PermanentError, "INVALID_ORDER"),
    (400, 40010000, "request body format is invalid", PermanentError, "INVALID_ORDER"),
    (429, 42910000, "too many requests.", RetryableError, "RATE_LIMITED"),
    (422, 49990000, "A code that nobody knows.", AmbiguousError, "UNTYPED_REFUSAL"),
    (409, None, "No code.", AmbiguousError, "UNTYPED_REFUSAL"),
    (408, None, "Request timeout.", AmbiguousError, "UNTYPED_REFUSAL"),
    (500, 50010000, "internal server error", AmbiguousError, "SERVER_FAILED"),
    (504, None, "upstream request timeout", AmbiguousError, "SERVER_FAILED"),
]
READS: list[tuple[int, int | None, type[TradeError], str]] = [
    (401, 40110000, PermanentError, "UNAUTHORIZED"),
    (403, None, PermanentError, "UNAUTHORIZED"),
    (403, 40310000, RetryableError, "UNTYPED_REFUSAL"),
    (404, None, RetryableError, "UNTYPED_REFUSAL"),
    (422, 42210000, RetryableError, "UNTYPED_REFUSAL"),
    (429, 42910000, RetryableError, "RATE_LIMITED"),
    (500, 50010000, RetryableError, "SERVER_FAILED"),
]


@pytest.fixture
async def venue() -> AsyncIterator[AlpacaRecorder]:
    async with recording() as recorder:
        yield recorder


@pytest.fixture
async def broker(venue: AlpacaRecorder) -> AsyncIterator[AlpacaBroker]:
    adapter = AlpacaAdapter()
    yield open_broker(adapter, venue)
    await adapter.close()


def said(code: int | None, words: str) -> dict[str, Any]:
    return {"message": words} if code is None else {"code": code, "message": words}


async def failure(broker: AlpacaBroker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


@pytest.mark.parametrize(("status", "number", "words", "family", "code"), WRITES)
async def test_a_refused_write_is_named_by_code_and_words_and_sent_once(
    venue: AlpacaRecorder,
    broker: AlpacaBroker,
    status: int,
    number: int | None,
    words: str,
    family: type[TradeError],
    code: str,
) -> None:
    venue.answer(ORDER, said(number, words), status)
    error = await failure(broker, an_order())
    assert (type(error), error.code) == (family, code)
    if family is PermanentError:
        # A sentence for the follower.
        assert re.fullmatch(r"Alpaca refused: .+[^.]\.", error.detail)
    # alpaca-py itself would have sent it four times after 429 and 504.
    assert len(venue.requests) == 1


@pytest.mark.parametrize(("status", "number", "family", "code"), READS)
async def test_a_refused_read_is_never_ambiguous_nor_repeated(
    venue: AlpacaRecorder,
    broker: AlpacaBroker,
    status: int,
    number: int | None,
    family: type[TradeError],
    code: str,
) -> None:
    venue.answer(FOUND, said(number, "..."), status)
    with pytest.raises(TradeError) as failed:
        await broker.fetch_order(LOOKUP)
    assert (type(failed.value), failed.value.code) == (family, code)
    assert len(venue.requests) == 1


@pytest.mark.parametrize(
    ("request_sent", "words", "code"),
    [
        (SELL, NONE_LEFT, "SHORT_NOT_POSSIBLE"),
        (SELL, SOME_LEFT, "INSUFFICIENT_FUNDS"),
        (EXIT, NONE_LEFT, "INSUFFICIENT_FUNDS"),
        (SELL, 'asset "AAPL" cannot be sold short', "SHORT_NOT_POSSIBLE"),
        (
            SELL,
            "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
            "SHORT_NOT_POSSIBLE",
        ),
        (
            EXIT,
            "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
            "INSUFFICIENT_FUNDS",
        ),
        (SELL, "account not eligible to trade uncovered option contracts", "SHORT_NOT_POSSIBLE"),
        (
            an_order("BTC/USD", side=Side.SELL),
            "insufficient balance for BTC (requested: 5, available: 0)",
            "SHORT_NOT_POSSIBLE",
        ),
    ],
)
async def test_a_lack_of_what_is_sold_is_a_short_for_who_would_open_and_a_lack_for_who_would_close(
    venue: AlpacaRecorder, broker: AlpacaBroker, request_sent: OrderRequest, words: str, code: str
) -> None:
    venue.answer(ORDER, said(40310000, words), 403)
    error = await failure(broker, request_sent)
    assert (type(error), error.code) == (PermanentError, code)


async def test_a_not_found_is_one_only_by_its_code(venue: AlpacaRecorder, broker: AlpacaBroker) -> None:
    assert isinstance(await broker.fetch_order(LOOKUP), NotFound)
    venue.answer("DELETE /v2/orders/venue-1", said(40410000, "order not found"), 404)
    assert isinstance(await broker.cancel_order(LOOKUP), NotFound)
    for page in ({"message": "endpoint not found."}, "<html>404</html>", "[]"):
        venue.answer(FOUND, page, 404)
        with pytest.raises(RetryableError):
            await broker.fetch_order(LOOKUP)
        venue.answer("DELETE /v2/orders/venue-1", page, 404)
        with pytest.raises(AmbiguousError):
            await broker.cancel_order(LOOKUP)


@pytest.mark.parametrize("state", ["filled", "canceled", "expired"])
async def test_a_cancel_that_comes_too_late_tells_how_the_order_ended(
    venue: AlpacaRecorder, broker: AlpacaBroker, state: str
) -> None:
    words = f'order is already in "{state}" state'
    venue.answer("DELETE /v2/orders/venue-1", said(42210000, words), 422)
    venue.answer(FOUND, told(status=state))
    report = await broker.cancel_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert report.status.value == state.upper()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>hello</html>"),
        (200, ""),
        (200, "[]"),
        (200, '{"id": "venue-1"}'),
        (204, ""),
        (400, "Bad Request"),
        (403, "<html>WAF</html>"),
        (307, "{}"),
    ],
)
async def test_an_answer_of_another_shape_leaves_a_write_in_doubt(
    venue: AlpacaRecorder, broker: AlpacaBroker, status: int, body: str
) -> None:
    venue.answer(ORDER, body, status, Location="/v2/orders")
    assert isinstance(await failure(broker, an_order()), AmbiguousError)
    venue.answer(FOUND, body, status, Location="/v2/orders")
    with pytest.raises(RetryableError):
        await broker.fetch_order(LOOKUP)
    # No redirect was followed.
    assert [sent.name for sent in venue.requests] == [ORDER, FOUND]


@pytest.mark.parametrize(
    "changes", [{"client_order_id": OTHER}, {"symbol": "MSFT"}, {"status": "unheard_of"}]
)
async def test_an_answer_about_another_order_leaves_a_write_in_doubt(
    venue: AlpacaRecorder, broker: AlpacaBroker, changes: dict[str, Any]
) -> None:
    venue.answer(ORDER, told(**changes))
    error = await failure(broker, an_order())
    assert (type(error), error.code) == (AmbiguousError, "UNREADABLE_ANSWER")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Decimal(0)}, "INVALID_ORDER"),
        ({"limit_price": Decimal(1)}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT, "limit_price": Decimal(0)}, "INVALID_ORDER"),
        ({"order_type": OrderType.TRAILING_STOP}, "INVALID_ORDER"),
        ({"trail_percent": Decimal(1)}, "INVALID_ORDER"),
        ({"reduce_only": True}, "REDUCE_ONLY_REFUSED"),
        ({"quantity": Decimal("0.1234567891")}, "INVALID_LOT"),
        ({"quantity": Decimal("0.5"), "time_in_force": TimeInForce.IOC}, "ORDER_TYPE_NOT_OFFERED"),
        (
            {
                "quantity": Decimal("0.5"),
                "order_type": OrderType.TRAILING_STOP,
                "trail_percent": Decimal(1),
            },
            "ORDER_TYPE_NOT_OFFERED",
        ),
        ({"symbol": OPTION, "quantity": Decimal("1.5")}, "INVALID_LOT"),
        ({"symbol": OPTION, "time_in_force": TimeInForce.IOC}, "ORDER_TYPE_NOT_OFFERED"),
        (
            {"symbol": OPTION, "order_type": OrderType.STOP, "stop_price": Decimal(1)},
            "ORDER_TYPE_NOT_OFFERED",
        ),
        (
            {"symbol": "BTC/USD", "order_type": OrderType.TRAILING_STOP, "trail_percent": Decimal(1)},
            "ORDER_TYPE_NOT_OFFERED",
        ),
        ({"symbol": "BTC/USD", "time_in_force": TimeInForce.DAY}, "ORDER_TYPE_NOT_OFFERED"),
        ({"send_before": datetime(2026, 1, 1, tzinfo=UTC)}, "EXPIRED_BEFORE_ARRIVAL"),
    ],
)
async def test_what_cannot_be_written_is_refused_unsent(
    venue: AlpacaRecorder, broker: AlpacaBroker, changes: dict[str, Any], code: str
) -> None:
    error = await failure(broker, an_order(**changes))
    assert (type(error), error.code) == (PermanentError, code)
    assert venue.requests == []


async def test_what_was_counted_is_told_at_once_with_as_many_executions_as_are_listed(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer(ORDER, placing(status="accepted"))
    venue.answer(FOUND, told(status="filled", filled_qty="5", filled_avg_price="214.5"))
    venue.answer(FILLS, [executed(1, qty="2"), executed(2, order_id=9), executed(1, qty="2")])
    report = await broker.submit_order(an_order())
    assert (report.status, report.filled_quantity) == (OrderStatus.FILLED, Decimal(5))
    assert [fill.quantity for fill in report.fills] == [Decimal(2)]
    # The list is newer than the order: what does not fit is not told in one report.
    venue.answer(FOUND, told(status="partially_filled", filled_qty="2", filled_avg_price="214.5"))
    venue.answer(FILLS, [executed(1, qty="2"), executed(2, qty="3")])
    found = await broker.fetch_order(LOOKUP)
    assert isinstance(found, OrderReport)
    assert (found.filled_quantity, found.fills) == (Decimal(2), ())


@pytest.mark.parametrize("status", [500, 429, 401])
async def test_a_placed_order_is_told_as_it_was_answered_where_the_question_about_it_fails(
    venue: AlpacaRecorder, broker: AlpacaBroker, status: int
) -> None:
    venue.answer(ORDER, placing(status="pending_new"))
    venue.answer(FOUND, said(1, "no"), status)
    report = await broker.submit_order(an_order())
    assert (report.status, report.venue_order_id) == (OrderStatus.ACCEPTED, "venue-1")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"status": "canceled"}, OrderStatus.CANCELED, "CANCELED_BY_REQUEST"),
        ({"status": "canceled", "time_in_force": "ioc"}, OrderStatus.CANCELED, "IMMEDIATE_ONLY"),
        ({"status": "expired", "time_in_force": "day"}, OrderStatus.EXPIRED, None),
        ({"status": "replaced"}, OrderStatus.CANCELED, "CANCELED_BY_REQUEST"),
        ({"status": "done_for_day"}, OrderStatus.ACCEPTED, None),
        ({"status": "held"}, OrderStatus.ACCEPTED, None),
        ({"status": "rejected"}, OrderStatus.REJECTED, None),
        (
            {"status": "calculated", "filled_qty": "2", "filled_avg_price": "1"},
            OrderStatus.PARTIALLY_FILLED,
            None,
        ),
    ],
)
async def test_every_state_of_the_venues_is_one_of_ours(
    venue: AlpacaRecorder,
    broker: AlpacaBroker,
    changes: dict[str, Any],
    status: OrderStatus,
    code: str | None,
) -> None:
    venue.answer(FOUND, told(**changes))
    report = await broker.fetch_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert (report.status, report.code) == (status, code)

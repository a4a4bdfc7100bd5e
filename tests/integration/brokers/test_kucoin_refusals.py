"""The table of KuCoin's errors through the broker: what each becomes for a write and for a read."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.base import NotFound
from shared.brokers.ccxt.kucoin_broker import KucoinBroker
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.kucoin_recorder import (
    CANCEL,
    CANCEL_STOP,
    FILLS,
    FIND,
    FIND_STOP,
    FIND_STOP_BY_ID,
    ID,
    LOOKUP,
    ORDER,
    PLAIN_ID,
    STOP,
    STOP_ID,
    Recorder,
    a_stop,
    an_order,
    executed,
    filled,
    refused,
    said,
    told,
    waiting,
)

LACK = refused("200004", "Balance insufficient!")
OF_STOP = OrderLookup(ID, "BTC/USDT", STOP_ID)

WRITES: list[tuple[int, str, str, type[TradeError], str]] = [
    (200, "100001", "Something else about an order.", AmbiguousError, "UNTYPED_REFUSAL"),
    (200, "126003", "The commission amount is too small", PermanentError, "BELOW_MINIMUM_NOTIONAL"),
    (200, "126004", "Trading pair does not exist or is prohibited", PermanentError, "UNKNOWN_SYMBOL"),
    (200, "126007", "Trading pair suspended", PermanentError, "MARKET_CLOSED"),
    (200, "126011", "There are too many orders in the order", PermanentError, "TOO_MANY_ORDERS"),
    (200, "126013", "Insufficient account balance", PermanentError, "INSUFFICIENT_FUNDS"),
    (200, "126029", "The maximum order price is: 1", PermanentError, "PRICE_TOO_FAR"),
    (200, "126033", "Duplicate order", DuplicateOrderId, "DUPLICATE_ORDER_ID"),
    (200, "126047", "Please complete identity verification", PermanentError, "SYMBOL_NOT_PERMITTED"),
    (200, "200004", "Balance insufficient!", PermanentError, "INSUFFICIENT_FUNDS"),
    (200, "300000", "unknown", AmbiguousError, "UNTYPED_REFUSAL"),
    (200, "400002", "KC-API-TIMESTAMP Invalid", RetryableError, "CLOCK_SKEWED"),
    (401, "400003", "KC-API-KEY not exists", PermanentError, "UNAUTHORIZED"),
    (401, "400004", "Invalid KC-API-PASSPHRASE", PermanentError, "UNAUTHORIZED"),
    (401, "400006", "The requested ip address is not in the api whitelist", PermanentError, "UNAUTHORIZED"),
    (403, "400007", "Access denied--> Require more permission.", PermanentError, "UNAUTHORIZED"),
    (400, "400100", "Order size increment invalid.", PermanentError, "INVALID_LOT"),
    (400, "400100", "Unsupported trading pair.", PermanentError, "UNKNOWN_SYMBOL"),
    (400, "400100", "Exceeded the max. number of orders.", PermanentError, "TOO_MANY_ORDERS"),
    (200, "400370", "Max. price: 0.025", PermanentError, "PRICE_TOO_FAR"),
    (200, "400600", "validation.createOrder.symbolNotAvailable", PermanentError, "MARKET_CLOSED"),
    (200, "408000", "Network timeout, please try again later", AmbiguousError, "UNTYPED_REFUSAL"),
    (200, "429000", "Too many requests. System-level rate limit exceeded.", RetryableError, "RATE_LIMITED"),
    (429, "429000", "Too many requests. System-level rate limit exceeded.", RetryableError, "RATE_LIMITED"),
    (200, "500000", "Internal Server Error", AmbiguousError, "UNTYPED_REFUSAL"),
    (500, "500000", "Internal Server Error", AmbiguousError, "SERVER_FAILED"),
    (504, "408000", "Network timeout", AmbiguousError, "SERVER_FAILED"),
    (200, "600100", "Order size increment invalid.", PermanentError, "INVALID_LOT"),
    (200, "600100", "Funds below the minimum requirement.", PermanentError, "BELOW_MINIMUM_NOTIONAL"),
    (200, "900001", "symbol not exists", PermanentError, "UNKNOWN_SYMBOL"),
]
READS: list[tuple[int, str, str, type[TradeError], str]] = [
    (200, "300000", "unknown", RetryableError, "UNTYPED_REFUSAL"),
    (400, "400100", "symbol is required", RetryableError, "UNTYPED_REFUSAL"),
    (200, "429000", "Too many requests.", RetryableError, "RATE_LIMITED"),
    (200, "400002", "KC-API-TIMESTAMP Invalid", RetryableError, "CLOCK_SKEWED"),
    (500, "500000", "Internal Server Error", RetryableError, "SERVER_FAILED"),
    (401, "400005", "Invalid KC-API-SIGN", PermanentError, "UNAUTHORIZED"),
    (200, "900001", "symbol not exists", PermanentError, "UNKNOWN_SYMBOL"),
]


async def failure(broker: KucoinBroker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


@pytest.mark.parametrize(("name", "request_sent"), [(ORDER, an_order()), (STOP, a_stop(Side.BUY))])
@pytest.mark.parametrize(("status", "number", "words", "family", "code"), WRITES)
async def test_a_refused_write_of_either_family_is_named_by_code_and_words(
    kucoin_venue: Recorder,
    kucoin_broker: KucoinBroker,
    name: str,
    request_sent: OrderRequest,
    status: int,
    number: str,
    words: str,
    family: type[TradeError],
    code: str,
) -> None:
    kucoin_venue.answer(name, refused(number, words), status)
    error = await failure(kucoin_broker, request_sent)
    assert (type(error), error.code) == (family, code)
    if family is PermanentError:
        # A sentence for the follower.
        assert re.fullmatch(r"KuCoin refused: .+[^.]\.", error.detail)
    assert [request.name for request in kucoin_venue.requests[1:]] == [name]


@pytest.mark.parametrize(("status", "number", "words", "family", "code"), READS)
@pytest.mark.parametrize("name", [FIND, FIND_STOP])
async def test_a_refused_read_is_never_ambiguous_and_never_a_not_found(
    kucoin_venue: Recorder,
    kucoin_broker: KucoinBroker,
    name: str,
    status: int,
    number: str,
    words: str,
    family: type[TradeError],
    code: str,
) -> None:
    kucoin_venue.answer(name, refused(number, words), status)
    with pytest.raises(TradeError) as failed:
        await kucoin_broker.fetch_order(LOOKUP)
    assert (type(failed.value), failed.value.code) == (family, code)


@pytest.mark.parametrize(
    "answer",
    [
        refused("400100", "order not exist."),
        refused("400100", "The order does not exist."),
        refused("400100", "order_not_exist_or_not_allow_to_cancel"),
        refused("400100", "Order not exist or not allow to be cancelled"),
        refused("100001", "error.getOrder.orderNotExist"),
        refused("126043", "Order does not exist"),
        refused("order_not_exist", "order_not_exist"),
        said(None),
    ],
)
async def test_every_way_to_say_that_there_is_no_such_order_is_a_not_found(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, answer: Any
) -> None:
    for name in (FIND, FIND_STOP):
        kucoin_venue.answer(name, answer)
    assert isinstance(await kucoin_broker.fetch_order(LOOKUP), NotFound)


@pytest.mark.parametrize(
    ("request_sent", "code", "words"),
    [
        (an_order(), "INSUFFICIENT_FUNDS", "the account has too little free USDT for this order"),
        (
            an_order(side=Side.SELL),
            "SHORT_NOT_POSSIBLE",
            "too little free BTC to sell, and a spot account cannot sell what it has",
        ),
        (
            an_order(side=Side.SELL, reduce_only=True),
            "INSUFFICIENT_FUNDS",
            "the account has too little free BTC to sell.",
        ),
    ],
    ids=["purchase", "sale", "exit"],
)
async def test_a_lack_is_told_by_what_is_lacking(
    kucoin_venue: Recorder,
    kucoin_broker: KucoinBroker,
    request_sent: OrderRequest,
    code: str,
    words: str,
) -> None:
    kucoin_venue.answer(ORDER, LACK)
    error = await failure(kucoin_broker, request_sent)
    assert (type(error), error.code) == (PermanentError, code)
    assert words in error.detail


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"gw_ratelimit_reset": "6001", "gw_ratelimit_remaining": "0"}, 7),
        ({"gw_ratelimit_reset": "30000"}, 30),
        ({"gw_ratelimit_reset": "soon"}, None),
        ({"Retry_After": "3", "gw_ratelimit_reset": "9000"}, 3),
        ({}, None),
    ],
)
async def test_a_closed_door_says_when_it_opens(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, headers: dict[str, str], seconds: int | None
) -> None:
    kucoin_venue.answer(ORDER, refused("429000"), 429, **headers)
    error = await failure(kucoin_broker, an_order())
    assert (type(error), error.code) == (RetryableError, "RATE_LIMITED")
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>hello</html>"),
        (200, "[]"),
        (200, '{"code": "200000"}'),
        (200, '{"code": "200000", "data": {}}'),
        (200, '{"code": "200000", "data": {"orderId": "1", "clientOid": "another"}}'),
        (200, '{"code": 200000, "data": {"orderId": "1"}}'),
        (400, "Bad Request"),
        (403, "<html>guard</html>"),
        (404, '{"message": "no code"}'),
        (307, "{}"),
    ],
)
async def test_an_answer_of_another_shape_leaves_a_write_in_doubt(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, status: int, body: str
) -> None:
    kucoin_venue.answer(ORDER, body, status, Location="/api/v1/hf/orders")
    assert type(await failure(kucoin_broker, an_order())) is AmbiguousError
    assert len(kucoin_venue.named(ORDER)) == 1
    kucoin_venue.answer(FIND, body, status)
    with pytest.raises(RetryableError):
        await kucoin_broker.fetch_order(LOOKUP)


@pytest.mark.parametrize("name", [CANCEL, CANCEL_STOP])
async def test_a_cancel_that_may_have_arrived_is_ambiguous(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, name: str
) -> None:
    for answer, status in (("<html>", 200), (refused("500000"), 500), (refused("300000"), 200)):
        kucoin_venue.answer(name, answer, status)
        with pytest.raises(AmbiguousError):
            await kucoin_broker.cancel_order(LOOKUP)


async def test_the_look_up_of_another_order_is_no_answer(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND, said(told(clientOid="another")))
    with pytest.raises(RetryableError, match="UNREADABLE_ANSWER"):
        await kucoin_broker.fetch_order(LOOKUP)
    kucoin_venue.answer(FIND, said(None))
    kucoin_venue.answer(FIND_STOP, said([waiting(clientOid="another")]))
    assert isinstance(await kucoin_broker.fetch_order(LOOKUP), NotFound)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Decimal(0)}, "INVALID_ORDER"),
        ({"limit_price": Decimal(1)}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT}, "INVALID_ORDER"),
        ({"time_in_force": TimeInForce.DAY}, "INVALID_ORDER"),
        ({"client_order_id": "a:b"}, "INVALID_ORDER"),
        ({"reduce_only": True}, "REDUCE_ONLY_REFUSED"),
        ({"order_type": OrderType.TRAILING_STOP, "side": Side.SELL}, "ORDER_TYPE_NOT_OFFERED"),
        ({"send_before": datetime(2026, 1, 1, tzinfo=UTC)}, "EXPIRED_BEFORE_ARRIVAL"),
    ],
)
async def test_what_cannot_be_written_is_refused_unsent(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, changes: dict[str, Any], code: str
) -> None:
    error = await failure(kucoin_broker, an_order(**changes))
    assert (type(error), error.code) == (PermanentError, code)
    assert kucoin_venue.named(ORDER, STOP) == []


async def test_a_failed_look_up_after_the_write_is_no_doubt_about_the_order(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(ORDER, said({"orderId": PLAIN_ID, "clientOid": ID}))
    for answer, status in (("<html>", 200), (refused("500000"), 503), (refused("429000"), 429)):
        kucoin_venue.answer(FIND, answer, status)
        report = await kucoin_broker.submit_order(an_order())
        assert (report.status, report.venue_order_id) == (OrderStatus.ACCEPTED, PLAIN_ID)


async def test_what_was_counted_is_told_at_once_with_as_many_executions_as_are_listed(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND, said(filled()))
    kucoin_venue.answer(FILLS, said({"lastId": 1, "items": [executed(size="0.002")]}))
    report = await kucoin_broker.fetch_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled_quantity) == (OrderStatus.FILLED, Decimal("0.005"))
    assert [fill.quantity for fill in report.fills] == [Decimal("0.002")]
    # Executions newer than the order are told with it the next time.
    kucoin_venue.answer(FIND, said(told(dealSize="0.002", dealFunds="120")))
    kucoin_venue.answer(FILLS, said({"lastId": 1, "items": [executed(), executed(2, size="0.001")]}))
    report = await kucoin_broker.fetch_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert (report.filled_quantity, report.fills) == (Decimal("0.002"), ())


def met(seconds: float) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    return waiting(status="TRIGGERED", stopTriggerTime=int(at.timestamp() * 1000))


async def test_a_stop_that_was_just_met_is_asked_for_again_until_its_order_is_listed(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND_STOP, said([met(1)]))
    with pytest.raises(RetryableError, match="UNREADABLE_ANSWER"):
        await kucoin_broker.fetch_order(OF_STOP)


async def test_a_stop_that_was_met_and_has_no_order_after_a_while_found_nothing_to_sell(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND_STOP, said([met(31)]))
    report = await kucoin_broker.fetch_order(OF_STOP)
    assert isinstance(report, OrderReport)
    assert (report.status, report.code) == (OrderStatus.CANCELED, "NOTHING_FREE")
    assert (report.open_quantity, report.filled_quantity) == (0, 0)


async def test_a_stop_of_which_the_venue_does_not_say_when_it_was_met_proves_nothing(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND_STOP, said([waiting(status="TRIGGERED")]))
    assert isinstance(await kucoin_broker.fetch_order(OF_STOP), NotFound)


async def test_a_stop_that_waits_no_more_and_was_not_met_is_cancelled(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND_STOP, said([waiting(status="CANCELLED")]))
    report = await kucoin_broker.fetch_order(OF_STOP)
    assert isinstance(report, OrderReport)
    assert (report.status, report.code) == (OrderStatus.CANCELED, "CANCELED_BY_REQUEST")


@pytest.mark.parametrize(
    ("row", "status", "code"),
    [
        (waiting(), OrderStatus.ACCEPTED, None),
        (waiting(status="CANCELLED"), OrderStatus.CANCELED, "CANCELED_BY_REQUEST"),
        (met(31), OrderStatus.CANCELED, "NOTHING_FREE"),
    ],
    ids=["waits", "cancelled", "met"],
)
async def test_a_stop_that_is_not_shown_by_our_id_is_asked_for_by_the_venues(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, row: Any, status: OrderStatus, code: str | None
) -> None:
    kucoin_venue.answer(FIND_STOP_BY_ID, said(row))
    report = await kucoin_broker.fetch_order(OF_STOP)
    assert isinstance(report, OrderReport)
    assert (report.status, report.code, report.venue_order_id) == (status, code, STOP_ID)
    kucoin_venue.answer(FIND_STOP_BY_ID, said(waiting(clientOid="another")))
    with pytest.raises(RetryableError, match="UNREADABLE_ANSWER"):
        await kucoin_broker.fetch_order(OF_STOP)


async def test_of_several_stops_with_one_id_the_newest_counts(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    rows = [waiting(id="vs1", createdAt=1), waiting(id="vs3", createdAt=3), waiting(id="vs2", createdAt=2)]
    kucoin_venue.answer(FIND_STOP, said(rows))
    report = await kucoin_broker.fetch_order(OF_STOP)
    assert isinstance(report, OrderReport)
    assert report.venue_order_id == "vs3"

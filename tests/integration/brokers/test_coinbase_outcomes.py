"""What is known of an order at Coinbase once it was sent, and of its cancel."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.base import NotFound
from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker
from shared.domain.errors import AmbiguousError, DuplicateOrderId, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest
from tests.integration.brokers.coinbase_recorder import (
    CANCEL,
    FILLS,
    FOUND,
    ID,
    LOOKUP,
    OLD,
    ORDER,
    VENUE_ID,
    CoinbaseRecorder,
    an_order,
    executed,
    open_broker,
    recording,
    refusing,
    told,
)


@pytest.fixture
async def venue() -> AsyncIterator[CoinbaseRecorder]:
    async with recording() as recorder:
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[CoinbaseAdapter]:
    adapter = CoinbaseAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def broker(venue: CoinbaseRecorder, adapter: CoinbaseAdapter) -> CoinbaseBroker:
    return open_broker(adapter, venue)


async def failure(broker: CoinbaseBroker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


def saying(error: str, words: str) -> dict[str, str]:
    return {"error": error, "error_details": words, "message": words}


# After an order -------------------------------------------------------------------------------------


async def test_an_old_order_that_is_given_out_as_a_new_one_is_a_duplicate(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.answer(FOUND, {"order": told(created_time=OLD)})
    assert isinstance(await failure(broker, an_order()), DuplicateOrderId)
    venue.answer(ORDER, refusing("DUPLICATE_CLIENT_ORDER_ID"))
    assert isinstance(await failure(broker, an_order()), DuplicateOrderId)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, saying("NOT_FOUND", "order with this orderID was not found")),
        (500, "{}"),
        (429, "{}"),
        (200, "<html>hello</html>"),
        (200, {"order": {**told(), "client_order_id": "another"}}),
    ],
)
async def test_an_order_that_was_taken_is_there_whatever_becomes_of_the_question_about_it(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, status: int, body: Any
) -> None:
    venue.answer(FOUND, body, status)
    report = await broker.submit_order(an_order())
    assert (report.status, report.venue_order_id) == (OrderStatus.ACCEPTED, VENUE_ID)
    assert (report.client_order_id, report.filled_quantity) == (ID, Decimal(0))
    assert len(venue.named(ORDER)) == 1


async def test_what_was_counted_is_told_at_once_with_as_many_executions_as_are_listed(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    filled = told(status="FILLED", filled_size="0.7", average_filled_price="100.5")
    venue.answer(FOUND, {"order": filled})
    # The list of executions lags behind the order.
    venue.answer(FILLS, {"fills": [executed(1)], "cursor": ""})
    for report in (await broker.fetch_order(LOOKUP), await broker.submit_order(an_order())):
        assert isinstance(report, OrderReport)
        assert (report.status, report.filled_quantity) == (OrderStatus.FILLED, Decimal("0.7"))
        assert [fill.quantity for fill in report.fills] == [Decimal("0.5")]
        assert report.fills[0].client_order_id == ID
    # It may be ahead of it, too: then the executions are left for the next question.
    venue.answer(FILLS, {"fills": [executed(1), executed(2)], "cursor": ""})
    report = await broker.submit_order(an_order())
    assert (report.filled_quantity, report.fills) == (Decimal("0.7"), ())


# Cancels --------------------------------------------------------------------------------------------


def heard(reason: str, *, success: bool = False, order_id: str = VENUE_ID) -> dict[str, Any]:
    return {"results": [{"success": success, "failure_reason": reason, "order_id": order_id}]}


@pytest.mark.parametrize("code", ["NOT_FOUND", "unknown"])
async def test_an_order_that_the_venue_does_not_know_is_not_found_whatever_its_code(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, code: str
) -> None:
    venue.answer(FOUND, saying(code, "order with this orderID was not found"), 404)
    assert isinstance(await broker.fetch_order(LOOKUP), NotFound)


@pytest.mark.parametrize(
    "reason", ["ORDER_IS_FULLY_FILLED", "UNKNOWN_CANCEL_ORDER", "DUPLICATE_CANCEL_REQUEST"]
)
async def test_a_cancel_that_comes_too_late_reports_the_order_as_it_is(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, reason: str
) -> None:
    venue.answer(CANCEL, heard(reason))
    venue.answer(FOUND, {"order": told(status="FILLED", filled_size="2", average_filled_price="1")})
    report = await broker.cancel_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert report.status is OrderStatus.FILLED


async def test_a_cancel_of_an_order_that_the_venue_does_not_know_is_not_found(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.answer(CANCEL, heard("UNKNOWN_CANCEL_ORDER"))
    venue.answer(FOUND, saying("NOT_FOUND", "order with this orderID was not found"), 404)
    assert isinstance(await broker.cancel_order(LOOKUP), NotFound)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (heard("COMMANDER_REJECTED_CANCEL_ORDER"), "UNTYPED_REFUSAL"),
        (heard("", success=True, order_id="another"), "UNREADABLE_ANSWER"),
        ({"results": []}, "UNREADABLE_ANSWER"),
        ({}, "UNREADABLE_ANSWER"),
    ],
)
async def test_a_cancel_that_proves_nothing_is_in_doubt(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, answer: dict[str, Any], code: str
) -> None:
    venue.answer(CANCEL, answer)
    with pytest.raises(AmbiguousError) as failed:
        await broker.cancel_order(LOOKUP)
    assert failed.value.code == code


async def test_a_cancel_that_is_still_under_way_is_told_as_such(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.answer(CANCEL, heard("UNKNOWN_CANCEL_FAILURE_REASON", success=True))
    venue.answer(FOUND, {"order": told(status="CANCEL_QUEUED")})
    report = await broker.cancel_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert (report.status, report.open_quantity) == (OrderStatus.PENDING_CANCEL, Decimal(2))

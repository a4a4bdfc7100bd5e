"""The table of Coinbase's refusals: what each becomes for a write and for a read."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker
from shared.domain.errors import AmbiguousError, PermanentError, RetryableError, TradeError
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.coinbase_recorder import (
    FOUND,
    LOOKUP,
    ORDER,
    CoinbaseRecorder,
    an_order,
    open_broker,
    recording,
    refusing,
    taking,
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


# Errors of HTTP, for a new order and for a question.
ERRORS: list[tuple[int, Any, tuple[type[TradeError], str], tuple[type[TradeError], str]]] = [
    (
        400,
        saying("INVALID_ARGUMENT", "valid product_id is required"),
        (PermanentError, "UNKNOWN_SYMBOL"),
        (RetryableError, "UNTYPED_REFUSAL"),
    ),
    (
        400,
        saying("INVALID_ARGUMENT", "order side is missing"),
        (PermanentError, "INVALID_ORDER"),
        (RetryableError, "UNTYPED_REFUSAL"),
    ),
    (
        403,
        saying("PERMISSION_DENIED", "account is not available"),
        (PermanentError, "SYMBOL_NOT_PERMITTED"),
        (PermanentError, "UNAUTHORIZED"),
    ),
    (
        403,
        saying("PERMISSION_DENIED", "Missing required scopes"),
        (PermanentError, "UNAUTHORIZED"),
        (PermanentError, "UNAUTHORIZED"),
    ),
    (401, "Unauthorized\n", (PermanentError, "UNAUTHORIZED"), (PermanentError, "UNAUTHORIZED")),
    (401, saying("unauthorized", ""), (PermanentError, "UNAUTHORIZED"), (PermanentError, "UNAUTHORIZED")),
    (
        429,
        saying("RESOURCE_EXHAUSTED", "Too many"),
        (RetryableError, "RATE_LIMITED"),
        (RetryableError, "RATE_LIMITED"),
    ),
    (
        500,
        saying("INTERNAL", "Internal error"),
        (AmbiguousError, "SERVER_FAILED"),
        (RetryableError, "SERVER_FAILED"),
    ),
    (503, "upstream", (AmbiguousError, "SERVER_FAILED"), (RetryableError, "SERVER_FAILED")),
    (
        400,
        saying("unknown", "something new"),
        (AmbiguousError, "UNTYPED_REFUSAL"),
        (RetryableError, "UNTYPED_REFUSAL"),
    ),
    (
        404,
        "<html>no such page</html>",
        (AmbiguousError, "UNREADABLE_ANSWER"),
        (RetryableError, "UNREADABLE_ANSWER"),
    ),
    (
        404,
        saying("unknown", "page not found"),
        (AmbiguousError, "UNTYPED_REFUSAL"),
        (RetryableError, "UNTYPED_REFUSAL"),
    ),
    (403, "<html>WAF</html>", (AmbiguousError, "UNREADABLE_ANSWER"), (RetryableError, "UNREADABLE_ANSWER")),
    (400, "[]", (AmbiguousError, "UNTYPED_REFUSAL"), (RetryableError, "UNTYPED_REFUSAL")),
    (307, "{}", (AmbiguousError, "UNTYPED_REFUSAL"), (RetryableError, "UNTYPED_REFUSAL")),
]


@pytest.mark.parametrize(("status", "body", "of_write", "of_read"), ERRORS)
async def test_an_error_is_named_by_its_code_and_words_for_a_write_and_for_a_read(
    venue: CoinbaseRecorder,
    broker: CoinbaseBroker,
    status: int,
    body: Any,
    of_write: tuple[type[TradeError], str],
    of_read: tuple[type[TradeError], str],
) -> None:
    venue.answer(ORDER, body, status, Location="/api/v3/brokerage/orders")
    error = await failure(broker, an_order())
    assert (type(error), error.code) == of_write
    if of_write[0] is PermanentError:
        # A sentence for the follower.
        assert re.fullmatch(r"Coinbase refused: .+[^.]\.", error.detail)
    assert len(venue.named(ORDER)) == 1
    venue.answer(FOUND, body, status)
    with pytest.raises(TradeError) as failed:
        await broker.fetch_order(LOOKUP)
    assert (type(failed.value), failed.value.code) == of_read


@pytest.mark.parametrize(("header", "seconds"), [({"Retry_After": "7"}, 7), ({}, None)])
async def test_a_closed_door_says_when_it_opens(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, header: dict[str, str], seconds: int | None
) -> None:
    venue.answer(ORDER, {}, 429, **header)
    error = await failure(broker, an_order())
    assert (error.code, error.retry_after_seconds) == ("RATE_LIMITED", seconds)


@pytest.mark.parametrize(
    ("request_sent", "code", "words"),
    [
        (an_order(), "INSUFFICIENT_FUNDS", "the account has too little free USD for this order"),
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
    venue: CoinbaseRecorder, broker: CoinbaseBroker, request_sent: OrderRequest, code: str, words: str
) -> None:
    venue.answer(ORDER, refusing("INSUFFICIENT_FUND"))
    error = await failure(broker, request_sent)
    assert (type(error), error.code) == (PermanentError, code)
    assert words in error.detail


async def test_an_order_that_is_refused_is_not_looked_up(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    reason = {"preview_failure_reason": "PREVIEW_INVALID_LIMIT_PRICE_PRECISION"}
    venue.answer(ORDER, refusing("UNKNOWN_FAILURE_REASON", **reason))
    assert (await failure(broker, an_order())).code == "INVALID_TICK"
    assert venue.named(FOUND) == []


async def test_a_reason_that_nobody_knows_leaves_the_order_in_doubt(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.answer(ORDER, refusing("COMMANDER_REJECTED_NEW_ORDER"))
    error = await failure(broker, an_order())
    assert (type(error), error.code) == (AmbiguousError, "UNTYPED_REFUSAL")


@pytest.mark.parametrize(
    "body",
    [
        "<html>hello</html>",
        "[]",
        "{}",
        '{"success": true}',
        '{"success": true, "success_response": {}}',
        '{"success": 1}',
    ],
)
async def test_an_answer_of_another_shape_leaves_a_write_in_doubt(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, body: str
) -> None:
    venue.answer(ORDER, body)
    assert type(await failure(broker, an_order())) is AmbiguousError
    assert len(venue.named(ORDER)) == 1


@pytest.mark.parametrize("changes", [{"client_order_id": "another"}, {"product_id": "ETH-USD"}])
async def test_an_answer_about_another_order_leaves_a_write_in_doubt(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, changes: dict[str, str]
) -> None:
    venue.answer(ORDER, taking(**changes))
    error = await failure(broker, an_order())
    assert (type(error), error.code) == (AmbiguousError, "UNREADABLE_ANSWER")


AT_LIMIT: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal(1)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Decimal(0)}, "INVALID_ORDER"),
        ({"limit_price": Decimal(1)}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT}, "INVALID_ORDER"),
        ({"order_type": OrderType.LIMIT, "limit_price": Decimal(0)}, "INVALID_ORDER"),
        ({**AT_LIMIT, "time_in_force": TimeInForce.DAY}, "INVALID_ORDER"),
        ({"reduce_only": True}, "REDUCE_ONLY_REFUSED"),
        (
            {"symbol": "NEW/USD", "side": Side.SELL, "order_type": OrderType.STOP, "stop_price": Decimal(1)},
            "UNKNOWN_SYMBOL",
        ),
    ],
)
async def test_what_cannot_be_written_is_refused_unsent(
    venue: CoinbaseRecorder, broker: CoinbaseBroker, changes: dict[str, Any], code: str
) -> None:
    error = await failure(broker, an_order(**changes))
    assert (type(error), error.code) == (PermanentError, code)
    assert venue.named(ORDER) == []

"""Coinbase's lists in pages, executions and money."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.base import Balance, NotFound
from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker
from shared.domain.errors import RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport
from shared.domain.signals import Side
from tests.integration.brokers.coinbase_recorder import (
    ACCOUNTS,
    FILLS,
    LISTED,
    OLD,
    CoinbaseRecorder,
    Recorded,
    executed,
    open_broker,
    recording,
    told,
)
from tests.integration.brokers.coinbase_stage import CoinbaseStage
from tests.integration.brokers.stages import a_limit, lookup_of, utc_now

SINCE = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


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


# Lists ----------------------------------------------------------------------------------------------


def pages(name: str, rows: list[Any], *, tells_next: bool) -> Callable[[Recorded], dict[str, Any]]:
    """Hand rows out in pages as long as is asked for; a list of open orders is empty."""

    def answer(request: Recorded) -> dict[str, Any]:
        asked = dict(request.params)
        found = [] if asked.get("order_status") == "OPEN" else rows
        start, limit = int(asked.get("cursor", "0")), int(asked["limit"])
        has_next = start + limit < len(found)
        said: dict[str, Any] = {name: found[start : start + limit]}
        said["cursor"] = str(start + limit) if has_next else ""
        return {**said, "has_next": has_next} if tells_next else said

    return answer


async def test_orders_that_fill_several_pages_are_each_listed_once(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    rows = [told(f"v-{number}", client_order_id=f"c-{number}") for number in range(230)]
    venue.answer(LISTED, pages("orders", rows, tells_next=True))
    orders = await broker.fetch_orders_since("BTC/USD", SINCE)
    assert [order.client_order_id for order in orders] == [f"c-{number}" for number in range(230)]
    # One for the open ones, three for the others.
    assert len(venue.named(LISTED)) == 4
    found = await broker.fetch_order(OrderLookup("c-229", "BTC/USD"))
    assert isinstance(found, OrderReport)
    assert found.venue_order_id == "v-229"
    assert isinstance(await broker.fetch_order(OrderLookup("c-230", "BTC/USD")), NotFound)


async def test_executions_are_read_page_by_page_until_no_cursor_is_told(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    rows = [executed(number) for number in range(250)]
    venue.answer(FILLS, pages("fills", rows, tells_next=False))
    fills = await broker.fetch_fills("BTC/USD", SINCE)
    assert [fill.venue_fill_id for fill in fills] == [f"e-{number:05d}" for number in range(250)]
    assert len(venue.named(FILLS)) == 3


async def test_a_list_that_never_ends_is_not_taken_as_whole(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    def endless(request: Recorded) -> dict[str, Any]:
        number = int(dict(request.params).get("cursor", "0"))
        return {"orders": [told(f"v-{number}")], "has_next": True, "cursor": str(number + 1)}

    venue.answer(LISTED, endless)
    with pytest.raises(RetryableError, match="more orders"):
        await broker.fetch_open_orders()
    assert len(venue.named(LISTED)) == 100
    # Nor is one that turns in circles asked for any longer: all of it is known.
    venue.answer(LISTED, {"orders": [told()], "has_next": True, "cursor": "1"})
    (order,) = await broker.fetch_open_orders()
    assert (order.symbol, order.status) == ("BTC/USD", OrderStatus.ACCEPTED)


async def test_of_an_order_that_ends_while_it_is_listed_the_end_counts(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    def lists(request: Recorded) -> dict[str, Any]:
        is_open = ("order_status", "OPEN") in request.params
        row = told() if is_open else told(status="FILLED", filled_size="2", average_filled_price="1")
        return {"orders": [row], "has_next": False, "cursor": ""}

    venue.answer(LISTED, lists)
    (order,) = await broker.fetch_orders_since("BTC/USD", SINCE)
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, Decimal(2))


async def test_an_order_that_rests_for_longer_than_is_looked_back_is_found_among_the_open_ones(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    def lists(request: Recorded) -> dict[str, Any]:
        rows = [told(created_time=OLD)] if ("order_status", "OPEN") in request.params else []
        return {"orders": rows, "has_next": False, "cursor": ""}

    venue.answer(LISTED, lists)
    (order,) = await broker.fetch_orders_since("BTC/USD", SINCE)
    found = await broker.fetch_order(OrderLookup(order.client_order_id, "BTC/USD"))
    assert isinstance(found, OrderReport)
    assert (found.venue_order_id, found.open_quantity) == (order.venue_order_id, Decimal(2))


async def test_a_row_that_cannot_be_read_is_a_failed_read_and_no_absence(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    for row in (told(status="NEW_STATUS"), told(filled_size=None), {"order_id": "v"}):
        venue.answer(LISTED, {"orders": [row], "has_next": False, "cursor": ""})
        with pytest.raises(RetryableError, match="UNREADABLE"):
            await broker.fetch_open_orders()
    venue.answer(LISTED, {"has_next": False})
    with pytest.raises(RetryableError, match="UNREADABLE"):
        await broker.fetch_order(OrderLookup("c", "BTC/USD"))


async def test_more_orders_than_fill_a_page_are_found_at_the_venue(coinbase_stage: CoinbaseStage) -> None:
    broker, since = coinbase_stage.open_broker(), utc_now() - timedelta(minutes=1)
    requests = [a_limit(coinbase_stage, Side.BUY, "50") for _ in range(120)]
    for request in requests:
        await broker.submit_order(request)
    ids = {request.client_order_id for request in requests}
    listed = await broker.fetch_orders_since(coinbase_stage.symbol, since)
    still_open = await broker.fetch_open_orders()
    assert {order.client_order_id for order in listed} == ids
    assert [order.client_order_id for order in still_open] == [o.client_order_id for o in listed]
    # The oldest stands on the last page.
    found = await broker.fetch_order(lookup_of(requests[0]))
    assert isinstance(found, OrderReport)
    assert found.client_order_id == requests[0].client_order_id


# Executions and money -------------------------------------------------------------------------------


async def test_an_execution_is_read_to_its_last_digit(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    exact = executed(1, price="0.00001184", size="0.12345678", commission="0.0000000087", side="SELL")
    venue.answer(FILLS, {"fills": [exact], "cursor": ""})
    (fill,) = await broker.fetch_fills("BTC/USD", SINCE)
    assert (fill.price, fill.quantity) == (Decimal("0.00001184"), Decimal("0.12345678"))
    assert (fill.commission, fill.commission_asset) == (Decimal("0.0000000087"), "USD")
    assert (fill.side, fill.client_order_id, fill.venue_order_id) == (Side.SELL, None, "venue-1")
    # Of nine decimals of a second our clocks keep six.
    assert fill.at == datetime(2099, 3, 2, 12, 0, 1, 123456, tzinfo=UTC)


async def test_what_was_sized_in_money_is_counted_in_coins_and_corrections_are_no_executions(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    rows = [
        executed(1, price="100", size="50", size_in_quote=True),
        executed(2, trade_type="REVERSAL"),
        executed(3, trade_type="CORRECTION"),
    ]
    venue.answer(FILLS, {"fills": rows, "cursor": ""})
    (fill,) = await broker.fetch_fills("BTC/USD", SINCE)
    assert fill.quantity == Decimal("0.5")


async def test_balances_are_read_from_all_pages_and_empty_ones_left_out(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    def wallet(number: int, free: str, held: str) -> dict[str, Any]:
        asset = f"A{number}"
        return {
            "uuid": f"u-{number}",
            "currency": asset,
            "available_balance": {"value": free, "currency": asset},
            "hold": {"value": held, "currency": asset},
        }

    rows = [wallet(number, "0", "0") for number in range(300)]
    rows[3], rows[299] = wallet(3, "1.5", "0"), wallet(299, "0", "0.25")
    venue.answer(ACCOUNTS, pages("accounts", rows, tells_next=True))
    assert list(await broker.fetch_balances()) == [
        Balance("A3", Decimal("1.5"), Decimal("1.5")),
        Balance("A299", Decimal("0.25"), Decimal(0)),
    ]

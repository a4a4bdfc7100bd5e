"""What is written to Coinbase, byte for byte: method, path, query or body, and a token that verifies."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.coinbase_broker import LOOK_BACK, CoinbaseBroker
from shared.domain.accounts import Environment
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.coinbase_recorder import (
    ACCOUNTS,
    API,
    BY_OUR_ID,
    CANCEL,
    FILLS,
    FOUND,
    ID,
    LISTED,
    LOGIN,
    LOOKUP,
    ORDER,
    PRODUCTS,
    PUBLIC_KEY,
    RIGHTS,
    TIME,
    VENUE_ID,
    CoinbaseRecorder,
    Recorded,
    an_order,
    executed,
    open_broker,
    recording,
    told,
)

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
AT_LIMIT: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("60000.010")}
EXIT: dict[str, Any] = {"side": Side.SELL, "reduce_only": True}
EMPTY = {"orders": [], "has_next": False, "cursor": ""}


@pytest.fixture
async def venue() -> AsyncIterator[CoinbaseRecorder]:
    async with recording() as recorder:
        recorder.answer(LISTED, EMPTY)
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[CoinbaseAdapter]:
    adapter = CoinbaseAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def broker(venue: CoinbaseRecorder, adapter: CoinbaseAdapter) -> CoinbaseBroker:
    return open_broker(adapter, venue)


def assert_signed(request: Recorded) -> None:
    """The token is this key's, for this method, host and path alone, and for two minutes of now."""
    claims = request.prove(PUBLIC_KEY)
    method, _, path = request.name.partition(" ")
    assert claims["uri"] == f"{method} {request.host}{path}"
    assert claims["sub"] == LOGIN.api_key
    assert abs(claims["nbf"] - time.time()) < 5
    assert claims["exp"] == claims["nbf"] + 120


def stop_limit(stop: str, limit: str, direction: str) -> dict[str, Any]:
    terms = {"base_size": "0.005", "limit_price": limit, "stop_price": stop}
    return {"stop_limit_stop_limit_gtc": {**terms, "stop_direction": f"STOP_DIRECTION_STOP_{direction}"}}


@pytest.mark.parametrize(
    ("request_sent", "side", "configuration"),
    [
        (an_order(), "BUY", {"market_market_ioc": {"base_size": "0.005"}}),
        (an_order(**EXIT), "SELL", {"market_market_ioc": {"base_size": "0.005"}}),
        (
            an_order(**AT_LIMIT),
            "BUY",
            {"limit_limit_gtc": {"base_size": "0.005", "limit_price": "60000.01", "post_only": False}},
        ),
        (
            an_order(**AT_LIMIT, time_in_force=TimeInForce.IOC),
            "BUY",
            {"sor_limit_ioc": {"base_size": "0.005", "limit_price": "60000.01"}},
        ),
        # There is no stop at market: a limit 2 % beyond it, rounded away from it to a whole tick.
        (
            an_order(**EXIT, order_type=OrderType.STOP, stop_price=Decimal("55000.01")),
            "SELL",
            stop_limit("55000.01", "53900", "DOWN"),
        ),
        (
            an_order(order_type=OrderType.STOP, stop_price=Decimal("65000.01")),
            "BUY",
            stop_limit("65000.01", "66300.02", "UP"),
        ),
        (
            an_order(
                **EXIT,
                order_type=OrderType.STOP_LIMIT,
                stop_price=Decimal(55000),
                limit_price=Decimal("54900.5"),
            ),
            "SELL",
            stop_limit("55000", "54900.5", "DOWN"),
        ),
    ],
    ids=["market", "exit", "limit", "ioc", "stop", "stop-entry", "stop-limit"],
)
async def test_an_order_is_written_as_coinbase_reads_it_under_our_id_and_no_other(
    venue: CoinbaseRecorder,
    broker: CoinbaseBroker,
    request_sent: OrderRequest,
    side: str,
    configuration: dict[str, Any],
) -> None:
    report = await broker.submit_order(request_sent)
    (sent,) = venue.named(ORDER)
    assert (sent.query, sent.json) == (
        "",
        {
            "client_order_id": ID,
            "product_id": "BTC-USD",
            "side": side,
            "order_configuration": configuration,
        },
    )
    assert sent.headers["Content-Type"] == "application/json"
    assert_signed(sent)
    assert (report.client_order_id, report.venue_order_id, report.symbol) == (ID, VENUE_ID, "BTC/USD")
    assert report.status is OrderStatus.ACCEPTED


async def test_a_new_order_is_one_post_and_one_look_up_by_the_venues_id(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    await broker.submit_order(an_order())
    assert venue.asked == [ORDER, FOUND]
    assert_signed(venue.requests[-1])
    assert (venue.requests[-1].query, venue.requests[-1].body) == ("", b"")


async def test_the_steps_of_prices_are_asked_for_once_and_only_for_a_stop(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    stop = an_order(**EXIT, order_type=OrderType.STOP, stop_price=Decimal(50))
    await broker.submit_order(an_order())
    assert venue.named(PRODUCTS) == []
    await broker.submit_order(stop)
    await broker.submit_order(stop)
    (asked,) = venue.named(PRODUCTS)
    assert asked.query == "product_type=SPOT"
    assert "Authorization" not in asked.headers


async def test_the_venues_time_is_asked_for_before_the_first_token_and_not_again(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.skew_seconds = -3600
    await broker.submit_order(an_order())
    await broker.submit_order(an_order())
    assert [request.name for request in venue.requests[:3]] == [TIME, TIME, ORDER]
    assert len(venue.named(TIME)) == 2
    # A token is good by the venue's clock, however wrong ours is.
    assert abs(venue.named(ORDER)[1].prove(PUBLIC_KEY)["nbf"] - (time.time() - 3600)) < 5


async def test_a_cancel_names_the_venues_id_and_is_followed_by_a_look_up(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.answer(CANCEL, {"results": [{"success": True, "failure_reason": "", "order_id": VENUE_ID}]})
    venue.answer(FOUND, {"order": told(status="CANCELLED")})
    report = await broker.cancel_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert (report.status, report.code) == (OrderStatus.CANCELED, "CANCELED_BY_REQUEST")
    assert venue.asked == [CANCEL, FOUND]
    (sent,) = venue.named(CANCEL)
    assert sent.json == {"order_ids": [VENUE_ID]}
    assert_signed(sent)


async def test_an_order_is_looked_for_by_our_id_among_the_open_and_the_latest_of_its_product(
    venue: CoinbaseRecorder,
) -> None:
    adapter = CoinbaseAdapter(now=lambda: NOW)
    broker = open_broker(adapter, venue)
    venue.answer(LISTED, {**EMPTY, "orders": [told("other", client_order_id="x"), told("v-7")]})
    report = await broker.fetch_order(BY_OUR_ID)
    assert isinstance(report, OrderReport)
    assert report.venue_order_id == "v-7"
    still_open, made = venue.named(LISTED)
    assert still_open.params == [
        ("order_status", "OPEN"),
        ("product_type", "SPOT"),
        ("product_ids", "BTC-USD"),
        ("limit", "100"),
    ]
    begins = (NOW - LOOK_BACK).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert made.params == [("product_ids", "BTC-USD"), ("start_date", begins), ("limit", "100")]
    # The token is bound to the path, and not to the query.
    assert_signed_without_query(made)
    await adapter.close()


def assert_signed_without_query(request: Recorded) -> None:
    method, _, path = request.name.partition(" ")
    assert request.prove(PUBLIC_KEY)["uri"] == f"{method} {request.host}{path}"


async def test_a_list_since_a_moment_is_asked_for_after_the_one_of_open_orders(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    await broker.fetch_orders_since("BTC/USD", SINCE)
    asked = [dict(request.params) for request in venue.named(LISTED)]
    assert [query.get("order_status") for query in asked] == ["OPEN", None]
    assert asked[1]["start_date"] == "2026-11-30T15:00:00.000000Z"


async def test_open_orders_are_asked_for_of_one_product_or_of_all(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    await broker.fetch_open_orders("BTC/USD")
    await broker.fetch_open_orders()
    of_one, of_all = ([name for name, _ in request.params] for request in venue.named(LISTED))
    assert of_one == ["order_status", "product_type", "product_ids", "limit"]
    assert of_all == ["order_status", "product_type", "limit"]


async def test_executions_are_asked_for_since_a_moment_or_of_one_order(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    await broker.fetch_fills("BTC/USD", SINCE)
    venue.answer(FOUND, {"order": told(filled_size="0.5", average_filled_price="100.5")})
    venue.answer(FILLS, {"fills": [executed()], "cursor": ""})
    report = await broker.fetch_order(LOOKUP)
    assert isinstance(report, OrderReport)
    assert [fill.venue_fill_id for fill in report.fills] == ["e-00001"]
    since, of_order = venue.named(FILLS)
    assert since.params == [
        ("product_ids", "BTC-USD"),
        ("start_sequence_timestamp", "2026-11-30T15:00:00.000000Z"),
        ("limit", "100"),
    ]
    assert of_order.params == [("order_ids", VENUE_ID), ("limit", "100")]


async def test_money_and_rights_are_asked_for_with_the_accounts_key(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.answer(ACCOUNTS, {"accounts": [], "has_next": False, "cursor": ""})
    venue.answer(RIGHTS, {"can_view": True, "can_trade": True, "can_transfer": False})
    assert list(await broker.fetch_balances()) == []
    rights = await broker.fetch_key_rights()
    assert (rights.can_trade, rights.can_withdraw, rights.is_bound_to_addresses) == (True, False, None)
    assert venue.named(ACCOUNTS)[0].params == [("limit", "250")]
    for request in venue.named(ACCOUNTS, RIGHTS):
        assert_signed_without_query(request)


async def test_an_order_whose_time_is_over_is_not_written(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    late = an_order(send_before=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Exception, match="EXPIRED_BEFORE_ARRIVAL"):
        await broker.submit_order(late)
    assert venue.named(ORDER) == []


async def test_books_are_asked_for_fresh_one_by_one_and_without_a_key(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    book = {"product_id": "BTC-USD", "bids": [{"price": "99.9"}], "asks": [{"price": "100.1"}]}
    venue.answer(f"GET {API}/market/product_book", {"pricebook": book})
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    (quote,) = await market.fetch_quotes(["BTC/USD"])
    assert (quote.symbol, quote.bid, quote.ask) == ("BTC/USD", Decimal("99.9"), Decimal("100.1"))
    (asked,) = venue.requests
    assert asked.params == [("product_id", "BTC-USD"), ("limit", "1")]
    assert "Authorization" not in asked.headers
    assert asked.headers["Cache-Control"] == "no-cache"

"""What is written to Alpaca, to the letter: paths, queries, and bodies whose amounts are decimal text."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.factory import Credentials
from shared.brokers.rows.alpaca import LIMITS
from shared.brokers.weights import Call
from shared.domain.accounts import Environment
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.alpaca_recorder import (
    AT,
    FOUND,
    ID,
    KEY,
    LOOKUP,
    ORDER,
    SECRET,
    AlpacaRecorder,
    an_exit,
    an_order,
    open_broker,
    placing,
    recording,
    told,
)

ASSETS = "GET /v2/assets"
OPTION = "SPY261218C00600000"
SINCE = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
MARKET = {
    "symbol": "AAPL",
    "qty": "5",
    "side": "buy",
    "time_in_force": "gtc",
    "client_order_id": ID,
    "type": "market",
    "position_intent": "buy_to_open",
}
EXIT = {**MARKET, "side": "sell", "position_intent": "sell_to_close"}
PAIR = {"symbol": "BTC/USD", "qty": "0.123456789", "client_order_id": ID, "time_in_force": "gtc"}
AT_STOP: dict[str, Any] = {"order_type": OrderType.STOP, "stop_price": Decimal("190.50")}


@pytest.fixture
async def venue() -> AsyncIterator[AlpacaRecorder]:
    async with recording() as recorder:
        listed = {"class": "crypto", "symbol": "BTC/USD", "status": "active", "tradable": True}
        recorder.answer(ASSETS, [{**listed, "price_increment": "0.5", "min_trade_increment": "0.000000001"}])
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[AlpacaAdapter]:
    adapter = AlpacaAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def broker(venue: AlpacaRecorder, adapter: AlpacaAdapter) -> AlpacaBroker:
    return open_broker(adapter, venue)


def a_pair_order(**changes: Any) -> OrderRequest:
    return an_order("BTC/USD", **{"quantity": Decimal("0.123456789"), **changes})


@pytest.mark.parametrize(
    ("request_sent", "body"),
    [
        (an_order(), MARKET),
        (an_order(time_in_force=TimeInForce.DAY), {**MARKET, "time_in_force": "day"}),
        (
            an_order(order_type=OrderType.LIMIT, limit_price=Decimal("214.10")),
            {**MARKET, "type": "limit", "limit_price": "214.1"},
        ),
        (
            an_order(
                order_type=OrderType.LIMIT, limit_price=Decimal("0.0001"), time_in_force=TimeInForce.IOC
            ),
            {**MARKET, "type": "limit", "limit_price": "0.0001", "time_in_force": "ioc"},
        ),
        (an_exit(**AT_STOP), {**EXIT, "type": "stop", "stop_price": "190.5"}),
        (
            an_exit(order_type=OrderType.STOP_LIMIT, stop_price=Decimal(190), limit_price=Decimal("189.25")),
            {**EXIT, "type": "stop_limit", "stop_price": "190", "limit_price": "189.25"},
        ),
        (
            an_exit(order_type=OrderType.TRAILING_STOP, trail_percent=Decimal("2.50")),
            {**EXIT, "type": "trailing_stop", "trail_percent": "2.5"},
        ),
        # Parts of a share are taken for the day alone, whatever was asked for; a share of a whole position may be one.
        (
            an_exit(**AT_STOP, quantity=Decimal("0.123456789")),
            {**EXIT, "qty": "0.123456789", "type": "stop", "stop_price": "190.5", "time_in_force": "day"},
        ),
        (
            an_order(OPTION, quantity=Decimal(2), order_type=OrderType.LIMIT, limit_price=Decimal("1.05")),
            {
                **MARKET,
                "symbol": OPTION,
                "qty": "2",
                "type": "limit",
                "limit_price": "1.05",
                "time_in_force": "day",
            },
        ),
        (an_exit(OPTION), {**EXIT, "symbol": OPTION, "time_in_force": "day"}),
        (a_pair_order(), {**PAIR, "side": "buy", "type": "market"}),
        # No stop at market: the limit lies 2 % beyond it, rounded away from it to a whole step.
        (
            a_pair_order(
                side=Side.SELL, order_type=OrderType.STOP, stop_price=Decimal("60000.5"), reduce_only=True
            ),
            {
                **PAIR,
                "side": "sell",
                "type": "stop_limit",
                "stop_price": "60000.5",
                "limit_price": "58800",
            },
        ),
        (
            a_pair_order(order_type=OrderType.STOP, stop_price=Decimal("60000.5")),
            {
                **PAIR,
                "side": "buy",
                "type": "stop_limit",
                "stop_price": "60000.5",
                "limit_price": "61201",
            },
        ),
        # Nobody knows it: the venue says so.
        (
            an_order("NEW/USD", order_type=OrderType.STOP, stop_price=Decimal(2)),
            {
                **PAIR,
                "symbol": "NEW/USD",
                "qty": "5",
                "side": "buy",
                "type": "stop_limit",
                "stop_price": "2",
                "limit_price": "2",
            },
        ),
    ],
    ids=[
        "market",
        "day",
        "limit",
        "ioc-of-a-penny-stock",
        "stop",
        "stop-limit",
        "trailing",
        "part-of-a-share",
        "option",
        "option-exit",
        "crypto",
        "crypto-stop",
        "crypto-stop-entry",
        "unlisted",
    ],
)
async def test_an_order_is_written_as_alpaca_reads_it(
    venue: AlpacaRecorder, broker: AlpacaBroker, request_sent: OrderRequest, body: dict[str, str]
) -> None:
    venue.answer(ORDER, placing())
    report = await broker.submit_order(request_sent)
    (sent,) = venue.named(ORDER)
    # Text only: a number would have been a float on its way.
    assert (sent.query, json.loads(sent.body, parse_float=float)) == ("", body)
    assert (sent.headers["APCA-API-KEY-ID"], sent.headers["APCA-API-SECRET-KEY"]) == (KEY, SECRET)
    assert "Authorization" not in sent.headers
    assert (report.client_order_id, report.venue_order_id) == (ID, "venue-1")
    assert (report.status, report.open_quantity) == (OrderStatus.ACCEPTED, request_sent.quantity)
    assert report.accepted_at == datetime(2026, 11, 30, 15, 30, 0, 123456, tzinfo=UTC)


async def test_the_very_bytes_of_an_amount_are_those_that_were_decided(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer(ORDER, placing())
    await broker.submit_order(an_order(quantity=Decimal("1E+1")))
    assert b'"qty": "10"' in venue.named(ORDER)[0].body


async def test_a_token_is_all_that_an_account_with_a_token_bears(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    venue.answer(ORDER, placing())
    await open_broker(adapter, venue, credentials=Credentials(access_token="token-a")).submit_order(
        an_order()
    )
    for sent in venue.requests:
        assert sent.headers["Authorization"] == "Bearer token-a"
        assert not any(name.startswith("APCA") for name in sent.headers)


async def test_a_stop_is_not_asked_about_again_and_what_may_fill_at_once_is(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer(ORDER, placing(status="pending_new"))
    await broker.submit_order(an_exit(**AT_STOP))
    assert [sent.name for sent in venue.requests] == [ORDER]
    await broker.submit_order(an_order())
    assert [sent.name for sent in venue.requests] == [ORDER, ORDER, FOUND]
    assert venue.requests[-1].query == f"client_order_id={ID}"


async def test_a_call_takes_as_many_requests_as_its_weight_says(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer(ORDER, placing())
    venue.answer(FOUND, told())
    venue.answer("DELETE /v2/orders/venue-1", "", 204)
    venue.answer("GET /v2/orders", [])
    venue.answer("GET /v2/account", {"cash": "1"})
    venue.answer("GET /v2/positions", [])
    calls: dict[Call, Callable[[], Awaitable[object]]] = {
        Call.SUBMIT: lambda: broker.submit_order(an_order()),
        Call.CANCEL: lambda: broker.cancel_order(LOOKUP),
        Call.ORDER: lambda: broker.fetch_order(LOOKUP),
        Call.OPEN_ORDERS: broker.fetch_open_orders,
        Call.OPEN_ORDERS_OF_SYMBOL: lambda: broker.fetch_open_orders("AAPL"),
        Call.FILLS: lambda: broker.fetch_fills("AAPL", SINCE),
        Call.BALANCES: broker.fetch_balances,
    }
    for call, ask in calls.items():
        before = len(venue.requests)
        await ask()
        assert len(venue.requests) - before == LIMITS.weights[call], call


async def test_a_cancel_goes_to_the_venues_id_and_then_asks_what_became_of_it(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer("DELETE /v2/orders/venue-1", "", 204)
    venue.answer(FOUND, told(status="pending_cancel"))
    report = await broker.cancel_order(LOOKUP)
    assert [sent.name for sent in venue.requests] == ["DELETE /v2/orders/venue-1", FOUND]
    assert venue.requests[0].body == b""
    assert isinstance(report, OrderReport)
    assert report.status is OrderStatus.PENDING_CANCEL
    # Without the venue's id it is looked up first.
    await broker.cancel_order(OrderLookup(ID, "AAPL"))
    assert [sent.name for sent in venue.requests[2:]] == [FOUND, "DELETE /v2/orders/venue-1", FOUND]


async def test_lists_are_asked_for_by_symbol_and_moment(venue: AlpacaRecorder, broker: AlpacaBroker) -> None:
    venue.answer("GET /v2/orders", [])
    await broker.fetch_orders_since("BTC/USD", SINCE)
    of_pair = "limit=500&direction=asc&nested=false&symbols=BTC%2FUSD"
    assert {sent.query for sent in venue.requests} == {
        f"status=open&{of_pair}",
        f"status=all&{of_pair}&after=2026-11-30T15%3A00%3A00Z",
    }
    venue.requests.clear()
    await broker.fetch_open_orders()
    await broker.fetch_fills("AAPL", SINCE)
    assert [(sent.name, sent.query) for sent in venue.requests] == [
        ("GET /v2/orders", "status=open&limit=500&direction=asc&nested=false"),
        (
            "GET /v2/account/activities/FILL",
            "after=2026-11-30T15%3A00%3A00Z&direction=asc&page_size=100",
        ),
    ]


async def test_prices_are_asked_for_by_family_at_the_same_replaced_address(venue: AlpacaRecorder) -> None:
    adapter = AlpacaAdapter({Environment.SANDBOX: Credentials("market", "market-secret")})
    market = adapter.open_market_data(Environment.SANDBOX, venue.url)
    quote = {"t": AT, "bp": 214.1, "ap": 214.12, "bs": 1, "as": 2}
    for path in (
        "/v2/stocks/quotes/latest",
        "/v1beta3/crypto/us/latest/quotes",
        "/v1beta1/options/quotes/latest",
    ):
        venue.answer(f"GET {path}", lambda sent: {"quotes": {"AAPL": quote, "BTC/USD": quote}})
    quotes = await market.fetch_quotes(["AAPL", "MSFT", "BTC/USD", OPTION, "AAPL"])
    assert {(item.symbol, item.bid, item.ask) for item in quotes} == {
        (symbol, Decimal("214.1"), Decimal("214.12")) for symbol in ("AAPL", "BTC/USD")
    }
    assert {(sent.name, sent.query) for sent in venue.requests} == {
        ("GET /v2/stocks/quotes/latest", "symbols=AAPL%2CMSFT"),
        ("GET /v1beta3/crypto/us/latest/quotes", "symbols=BTC%2FUSD"),
        ("GET /v1beta1/options/quotes/latest", f"symbols={OPTION}"),
    }
    assert {sent.headers["APCA-API-KEY-ID"] for sent in venue.requests} == {"market"}
    await adapter.close()


async def test_requests_leave_from_the_accounts_own_address(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    venue.answer("GET /v2/orders", [])
    for address in ("127.0.0.2", "127.0.0.3"):
        await open_broker(adapter, venue, local_address=address).fetch_open_orders()
    assert [sent.source for sent in venue.requests] == ["127.0.0.2", "127.0.0.3"]

"""What is asked of Binance, byte for byte, and how its answers are read."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.base import KeyRights, NotFound
from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.domain.accounts import Environment
from shared.domain.errors import RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport
from tests.integration.brokers.recorded import ID, LOOKUP, ORDER, an_order, assert_signed, open_broker
from tests.integration.brokers.recorder import AT, Recorded, Recorder, listed, placing, traded
from tests.integration.brokers.stages import BinanceStage
from tests.integration.brokers.stages import an_order as market_order


async def test_a_look_up_names_our_id_and_the_venues_where_it_is_known(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer("GET /api/v3/order", listed(clientOrderId=ID))
    found = await broker.fetch_order(LOOKUP)
    assert (venue.last.name, venue.last.body) == ("GET /api/v3/order", "")
    assert venue.last.params == {"symbol": "BTCUSDT", "origClientOrderId": ID, "recvWindow": "5000"}
    assert_signed(venue.last)
    assert isinstance(found, OrderReport)
    assert (found.client_order_id, found.accepted_at) == (ID, datetime.fromtimestamp(AT // 1000, UTC))
    assert found.at - datetime.fromtimestamp(AT // 1000, UTC) == timedelta(seconds=1.5)
    await broker.fetch_order(OrderLookup(ID, "BTC/USDT", "28"))
    assert venue.last.params["orderId"] == "28"


async def test_a_look_up_of_what_was_filled_asks_for_the_executions_too(
    venue: Recorder, broker: BinanceBroker
) -> None:
    filled: dict[str, Any] = {
        "status": "FILLED",
        "executedQty": "0.50000000",
        "cummulativeQuoteQty": "30030.00000000",
    }
    venue.answer("GET /api/v3/order", listed(clientOrderId=ID, **filled))
    rows = [traded(58, qty="0.30000000", price="60100.00000000"), traded(57), traded(58, qty="0.30000000")]
    venue.answer("GET /api/v3/myTrades", rows)
    found = await broker.fetch_order(LOOKUP)
    assert venue.last.params == {
        "symbol": "BTCUSDT",
        "orderId": "28",
        "limit": "1000",
        "recvWindow": "5000",
    }
    assert isinstance(found, OrderReport)
    assert (found.average_fill_price, found.open_quantity) == (Decimal(60060), Decimal(0))
    assert [(fill.venue_fill_id, fill.client_order_id) for fill in found.fills] == [("57", ID), ("58", ID)]
    assert found.fills[0].commission == Decimal("0.0002")
    assert found.fills[0].at - datetime.fromtimestamp(AT // 1000, UTC) == timedelta(seconds=1)


async def test_open_orders_of_the_account_are_one_question_and_keep_our_symbols(
    venue: Recorder, broker: BinanceBroker
) -> None:
    rows = [listed(), listed(29, symbol="OLDUSDT"), listed(30, symbol="GONEUSDT")]
    venue.answer("GET /api/v3/openOrders", rows)
    found = await broker.fetch_open_orders()
    assert venue.last.params == {"recvWindow": "5000"}
    assert_signed(venue.last)
    # One that does not trade now is still known; one that is no longer listed stands for itself.
    assert [report.symbol for report in found] == ["BTC/USDT", "OLD/USDT", "GONEUSDT"]


async def test_orders_since_are_those_made_since_and_those_that_are_open(
    venue: Recorder, broker: BinanceBroker
) -> None:
    older = listed(27, status="PARTIALLY_FILLED", executedQty="0.10000000", updateTime=AT + 9000)
    venue.answer("GET /api/v3/allOrders", [listed(28, status="FILLED", updateTime=AT + 7000), listed(29)])
    venue.answer("GET /api/v3/openOrders", [older, listed(28), listed(29, status="PENDING_CANCEL")])
    since = datetime.now(UTC) - timedelta(minutes=1)
    found = await broker.fetch_orders_since("BTC/USDT", since)
    (made,) = venue.named("GET /api/v3/allOrders")
    (still_open,) = venue.named("GET /api/v3/openOrders")
    assert made.params == {
        "symbol": "BTCUSDT",
        "startTime": str(int(since.timestamp() * 1000)),
        "limit": "1000",
        "recvWindow": "5000",
    }
    assert still_open.params == {"symbol": "BTCUSDT", "recvWindow": "5000"}
    assert_signed(made)
    # The newer word on an order counts, whichever list has it.
    assert {report.venue_order_id: report.status for report in found} == {
        "27": OrderStatus.PARTIALLY_FILLED,
        "28": OrderStatus.FILLED,
        "29": OrderStatus.ACCEPTED,
    }


async def test_fills_since_a_moment_long_ago_are_asked_for_day_by_day(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer(
        "GET /api/v3/myTrades", lambda sent: [traded()] if "endTime" in sent.params else [traded(58)]
    )
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=60)
    fills = await broker.fetch_fills("BTC/USDT", since)
    spans = [request.params for request in venue.named("GET /api/v3/myTrades")]
    starts = [int(span["startTime"]) for span in spans]
    day = 24 * 60 * 60 * 1000
    assert starts == [int(since.timestamp()) * 1000 + day * number for number in range(3)]
    assert [span.get("endTime") for span in spans] == [str(start + day - 1) for start in starts[:2]] + [None]
    assert [fill.venue_fill_id for fill in fills] == ["57", "58"]
    assert {(fill.venue_order_id, fill.client_order_id) for fill in fills} == {("28", None)}


async def test_a_full_page_of_fills_is_followed_by_what_comes_after_its_last_id(
    venue: Recorder, broker: BinanceBroker
) -> None:
    def page(sent: Recorded) -> list[dict[str, Any]]:
        first = int(sent.params.get("fromId", 1))
        return [traded(number) for number in range(first, min(first + 1000, 2500))]

    venue.answer("GET /api/v3/myTrades", page)
    fills = await broker.fetch_fills("BTC/USDT", datetime.now(UTC) - timedelta(days=9))
    assert [int(fill.venue_fill_id) for fill in fills] == list(range(1, 2500))
    following = [request.params for request in venue.named("GET /api/v3/myTrades")[1:]]
    assert following == [
        {"symbol": "BTCUSDT", "fromId": number, "limit": "1000", "recvWindow": "5000"}
        for number in ("1001", "2001")
    ]


async def test_balances_are_those_that_are_not_empty(venue: Recorder, broker: BinanceBroker) -> None:
    rows = [{"asset": "USDT", "free": "90.10000000", "locked": "9.90000000"}]
    venue.answer("GET /api/v3/account", {"balances": rows})
    (balance,) = await broker.fetch_balances()
    assert venue.last.params == {"omitZeroBalances": "true", "recvWindow": "5000"}
    assert_signed(venue.last)
    assert (balance.asset, balance.total, balance.free) == ("USDT", Decimal(100), Decimal("90.1"))


async def test_a_keys_rights_are_asked_of_the_api_that_knows_them(
    venue: Recorder, adapter: BinanceAdapter
) -> None:
    venue.answer(
        "GET /sapi/v1/account/apiRestrictions",
        {"ipRestrict": True, "enableWithdrawals": False, "enableSpotAndMarginTrading": True},
    )
    venue.answer("GET /api/v3/account", {"canTrade": True, "canWithdraw": True, "balances": []})
    assert await open_broker(adapter, venue).fetch_key_rights() == KeyRights(True, False, True)
    assert venue.last.params == {"recvWindow": "5000"}
    assert_signed(venue.last)
    # The sandbox has no such API; what the account may do is all that it tells.
    sandbox = open_broker(adapter, venue, Environment.SANDBOX)
    assert await sandbox.fetch_key_rights() == KeyRights(True, None, None)
    assert_signed(venue.last)


async def test_instruments_are_the_spot_pairs_that_trade_and_are_read_once(
    venue: Recorder, adapter: BinanceAdapter
) -> None:
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    found = {instrument.symbol: instrument for instrument in await market.fetch_instruments()}
    assert list(found) == ["BTC/USDT", "ODD/USDT"]
    odd = found["ODD/USDT"]
    assert (odd.base, odd.quote, str(odd.tick), str(odd.lot)) == ("ODD", "USDT", "0.001", "1")
    assert odd.minimum_notional == Decimal(5)
    assert [each.symbol for each in await market.fetch_instruments(["BTC/USDT", "NO/USDT"])] == ["BTC/USDT"]
    (asked,) = venue.requests
    assert (asked.name, asked.key) == ("GET /api/v3/exchangeInfo", None)
    assert asked.params == {"showPermissionSets": "false"}


async def test_quotes_of_several_symbols_are_one_question_for_all_and_of_one_for_that(
    venue: Recorder, adapter: BinanceAdapter
) -> None:
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    rows = [
        {"symbol": "BTCUSDT", "bidPrice": "59999.99", "bidQty": "1", "askPrice": "60000.01", "askQty": "1"},
        {"symbol": "OLDUSDT", "bidPrice": "0.00", "bidQty": "0.00", "askPrice": "0.00", "askQty": "0.00"},
        {"symbol": "ODDUSDT", "bidPrice": "2", "bidQty": "1", "askPrice": "2.1", "askQty": "1"},
    ]
    venue.answer("GET /api/v3/ticker/bookTicker", lambda sent: rows if sent.query == "" else rows[0])
    before = datetime.now(UTC)
    several = await market.fetch_quotes(["BTC/USDT", "OLD/USDT", "NO/USDT"])
    assert [(quote.symbol, quote.bid, quote.ask) for quote in several] == [
        ("BTC/USDT", Decimal("59999.99"), Decimal("60000.01"))
    ]
    assert before <= several[0].at <= datetime.now(UTC)
    assert not several[0].synthetic
    assert list(await market.fetch_quotes(["BTC/USDT"])) != []
    assert [(asked.name, asked.query, asked.key) for asked in venue.requests] == [
        ("GET /api/v3/ticker/bookTicker", "", None),
        ("GET /api/v3/ticker/bookTicker", "symbol=BTCUSDT", None),
    ]
    venue.answer("GET /api/v3/ticker/bookTicker", {"code": -1121, "msg": "Invalid symbol."}, 400)
    assert await market.fetch_quotes(["NO/USDT"]) == ()
    assert await market.fetch_quotes([]) == ()


async def test_requests_bear_the_venues_time_which_is_asked_for_once_and_again_when_in_doubt(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer(ORDER, placing())
    venue.clock_skew_ms = -90_000
    for _ in range(3):
        await broker.submit_order(an_order())
        assert abs(venue.last.timestamp - (time.time() * 1000 - 90_000)) < 1000
    assert len(venue.named("GET /api/v3/time")) == 1
    venue.clock_skew_ms = 120_000
    venue.answer("GET /api/v3/order", {"code": -1021, "msg": "Timestamp for this request ..."}, 400)
    with pytest.raises(Exception, match="CLOCK_SKEWED"):
        await broker.fetch_order(LOOKUP)
    await broker.submit_order(an_order())
    assert abs(venue.last.timestamp - (time.time() * 1000 + 120_000)) < 1000
    assert len(venue.named("GET /api/v3/time")) == 2


async def test_what_an_account_needs_without_its_key_is_asked_from_its_address_too(
    binance_stage: BinanceStage,
) -> None:
    broker = binance_stage.open_broker(local_address="127.0.0.3")
    await broker.submit_order(market_order(binance_stage))
    await broker.fetch_open_orders()
    asked = [line["path"] for line in binance_stage.control.lines() if line["source"] == "127.0.0.3"]
    paths = ["time", "order", "exchangeInfo", "openOrders"]
    assert asked == [f"/api/v3/{path}" for path in paths]


async def test_a_difference_that_nobody_doubts_is_kept_where_the_venue_does_not_tell_its_time(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer(ORDER, placing())
    await broker.submit_order(an_order())
    clock = broker._session._clock
    clock._ask_again_at = 0.0  # an hour later
    venue.answer("GET /api/v3/time", {"code": -1003, "msg": "Too many requests."}, 429)
    for _ in range(3):
        await broker.submit_order(an_order())
    assert len(venue.named("GET /api/v3/time")) == 2
    venue.answer(ORDER, {"code": -1021, "msg": "Timestamp for this request ..."}, 400)
    with pytest.raises(RetryableError, match="CLOCK_SKEWED"):
        await broker.submit_order(an_order())
    with pytest.raises(RetryableError, match="RATE_LIMITED"):
        await broker.submit_order(an_order())
    assert len(venue.named(ORDER)) == 5


async def test_what_the_venue_says_of_used_weight_is_kept_by_address(
    venue: Recorder, adapter: BinanceAdapter
) -> None:
    venue.answer("GET /api/v3/account", {"balances": []}, x_mbx_used_weight_1m="321")
    assert adapter.used_weight(Environment.LIVE, venue.url) is None
    await open_broker(adapter, venue).fetch_balances()
    used = adapter.used_weight(Environment.LIVE, venue.url)
    assert used is not None
    assert used.weight == 321
    assert adapter.used_weight(Environment.LIVE, venue.url, "127.0.0.2") is None
    venue.answer("GET /api/v3/order", {"code": -1003, "msg": "Too many"}, 429, X_MBX_USED_WEIGHT_1M="6001")
    elsewhere = open_broker(adapter, venue, local_address="127.0.0.2")
    with pytest.raises(Exception, match="RATE_LIMITED"):
        await elsewhere.fetch_order(LOOKUP)
    other = adapter.used_weight(Environment.LIVE, venue.url, "127.0.0.2")
    assert other is not None
    assert other.weight == 6001
    assert adapter.used_weight(Environment.LIVE, venue.url) == used


async def test_an_order_that_is_not_there_is_a_typed_not_found(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer("GET /api/v3/order", {"code": -2013, "msg": "Order does not exist."}, 400)
    venue.answer("DELETE /api/v3/order", {"code": -2011, "msg": "Unknown order sent."}, 400)
    assert await broker.fetch_order(LOOKUP) == NotFound("GET /api/v3/order")
    assert await broker.cancel_order(LOOKUP) == NotFound("GET /api/v3/order")

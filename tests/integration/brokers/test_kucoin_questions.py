"""Lists in pages, money, rights, instruments and prices, as KuCoin tells them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.base import Balance, KeyRights
from shared.brokers.ccxt.kucoin import KucoinAdapter
from shared.brokers.ccxt.kucoin_broker import KucoinBroker
from shared.domain.accounts import Environment
from shared.domain.errors import RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.signals import Side
from tests.integration.brokers.kucoin_recorder import (
    ACTIVE,
    DONE,
    FILLS,
    ID,
    PLAIN_ID,
    STOPS,
    SYMBOLS,
    Recorded,
    Recorder,
    executed,
    filled,
    paged,
    query_of,
    said,
    told,
    waiting,
)
from tests.integration.brokers.kucoin_stage import KucoinStage
from tests.integration.brokers.stages import a_limit, a_stop, an_order, lookup_of

LEVEL1, ALL_TICKERS = "GET /api/v1/market/orderbook/level1", "GET /api/v1/market/allTickers"


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


async def test_executions_are_followed_back_page_by_page_and_told_once_and_in_order(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    now = datetime.now(UTC)
    rows = [executed(number, createdAt=milliseconds(now) - 1000 + number) for number in range(1, 251)]
    kucoin_venue.answer(FILLS, paged(rows))
    fills = await kucoin_broker.fetch_fills("BTC/USDT", now - timedelta(hours=1))
    assert [int(fill.venue_fill_id) for fill in fills] == list(range(1, 251))
    assert {(fill.venue_order_id, fill.client_order_id) for fill in fills} == {(PLAIN_ID, None)}
    pages = [query_of(request) for request in kucoin_venue.named(FILLS)]
    assert [page.get("lastId") for page in pages] == [None, "151", "51"]
    assert {page["limit"] for page in pages} == {"100"}


async def test_what_is_long_ago_is_asked_for_week_by_week(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    now = datetime.now(UTC)
    ages = (1, 8, 15)
    rows = [executed(n + 1, createdAt=milliseconds(now - timedelta(days=age))) for n, age in enumerate(ages)]
    kucoin_venue.answer(FILLS, paged(rows))
    since = now - timedelta(days=17)
    fills = await kucoin_broker.fetch_fills("BTC/USDT", since)
    assert len(fills) == 3
    spans = [query_of(request) for request in kucoin_venue.named(FILLS)]
    week = 7 * 86_400_000
    starts = [int(span["startAt"]) for span in spans]
    assert starts == [milliseconds(since) + week * number for number in range(3)]
    assert [int(span["endAt"]) for span in spans[:2]] == starts[1:]
    assert int(spans[2]["endAt"]) >= milliseconds(now)


async def test_questions_about_all_time_have_an_end(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    await kucoin_broker.fetch_fills("BTC/USDT", datetime(2017, 1, 1, tzinfo=UTC))
    assert len(kucoin_venue.named(FILLS)) == 27


async def test_a_list_without_an_end_is_no_list(kucoin_venue: Recorder, kucoin_broker: KucoinBroker) -> None:
    def endless(request: Recorded) -> dict[str, Any]:
        last = int(query_of(request).get("lastId", 10**9))
        return said({"lastId": last - 100, "items": [executed(last - n) for n in range(1, 101)]})

    kucoin_venue.answer(FILLS, endless)
    with pytest.raises(RetryableError, match="more rows than can be read"):
        await kucoin_broker.fetch_fills("BTC/USDT", datetime.now(UTC) - timedelta(minutes=1))
    kucoin_venue.answer(STOPS, said({"items": [waiting(id=f"vs{n}") for n in range(50)]}))
    with pytest.raises(RetryableError, match="more stops than can be read"):
        await kucoin_broker.fetch_open_orders("BTC/USDT")


async def test_stops_are_listed_page_by_page(kucoin_venue: Recorder, kucoin_broker: KucoinBroker) -> None:
    def page(request: Recorded) -> dict[str, Any]:
        first = (int(query_of(request)["currentPage"]) - 1) * 50
        ids = range(first, min(first + 50, 70))
        return said({"items": [waiting(id=f"vs{n}", clientOid=f"stop-{n}") for n in ids]})

    kucoin_venue.answer(STOPS, page)
    found = await kucoin_broker.fetch_open_orders("BTC/USDT")
    assert {order.client_order_id for order in found} == {f"stop-{n}" for n in range(70)}
    assert [query_of(request)["currentPage"] for request in kucoin_venue.named(STOPS)] == ["1", "2"]


async def test_an_order_on_several_lists_is_told_by_the_last_one(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(STOPS, said({"items": [waiting(), waiting(id="vs2", clientOid="waits")]}))
    kucoin_venue.answer(ACTIVE, said([told(), told(id="2", clientOid="works")]))
    kucoin_venue.answer(DONE, said({"lastId": 1, "items": [filled()]}))
    found = await kucoin_broker.fetch_orders_since("BTC/USDT", datetime.now(UTC) - timedelta(minutes=1))
    assert {order.client_order_id: order.status for order in found} == {
        "waits": OrderStatus.ACCEPTED,
        "works": OrderStatus.ACCEPTED,
        ID: OrderStatus.FILLED,
    }
    assert len(found) == 3


async def test_orders_of_somebody_else_are_listed_too(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    by_money = filled(size="0", clientOid=None)
    kucoin_venue.answer(DONE, said({"lastId": 1, "items": [by_money]}))
    (found,) = await kucoin_broker.fetch_orders_since("BTC/USDT", datetime.now(UTC) - timedelta(minutes=1))
    assert (found.client_order_id, found.status, found.filled_quantity) == (
        "",
        OrderStatus.FILLED,
        Decimal("0.005"),
    )


async def test_balances_are_those_that_are_not_empty(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    rows = [
        {"currency": "USDT", "type": "trade", "balance": "100.1", "available": "90.05", "holds": "10.05"},
        {"currency": "BTC", "type": "trade", "balance": "0", "available": "0", "holds": "0"},
    ]
    kucoin_venue.answer("GET /api/v1/accounts", said(rows))
    assert list(await kucoin_broker.fetch_balances()) == [Balance("USDT", Decimal("100.1"), Decimal("90.05"))]


@pytest.mark.parametrize(
    ("row", "rights"),
    [
        ({"permission": "General"}, KeyRights(False, False, False)),
        ({"permission": "General,Spot", "ipWhitelist": "1.2.3.4"}, KeyRights(True, False, True)),
        ({"permission": "General, Trade, Transfer"}, KeyRights(True, True, False)),
        ({"permission": "General,Spot,Withdrawal", "ipWhitelist": ""}, KeyRights(True, True, False)),
        ({"permission": "General,Futures,InnerTransfer"}, KeyRights(False, False, False)),
    ],
)
async def test_a_keys_rights_are_read_from_its_permissions(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, row: dict[str, str], rights: KeyRights
) -> None:
    kucoin_venue.answer("GET /api/v1/user/api-key", said(row))
    assert await kucoin_broker.fetch_key_rights() == rights


async def test_instruments_are_the_pairs_that_trade_and_are_read_once(
    kucoin_venue: Recorder, kucoin_adapter: KucoinAdapter
) -> None:
    market = kucoin_adapter.open_market_data(Environment.LIVE, kucoin_venue.url)
    (found,) = await market.fetch_instruments()
    assert (found.symbol, found.base, found.quote) == ("BTC/USDT", "BTC", "USDT")
    assert (str(found.tick), str(found.lot), str(found.minimum_notional)) == ("0.1", "0.00001", "0.1")
    assert [each.symbol for each in await market.fetch_instruments(["BTC/USDT", "NO/USDT"])] == ["BTC/USDT"]
    assert [request.name for request in kucoin_venue.requests] == [SYMBOLS]
    assert "KC-API-KEY" not in kucoin_venue.requests[0].headers


async def test_quotes_of_several_symbols_are_one_question_for_all_and_of_one_for_that(
    kucoin_venue: Recorder, kucoin_adapter: KucoinAdapter
) -> None:
    market = kucoin_adapter.open_market_data(Environment.LIVE, kucoin_venue.url)
    rows = [
        {"symbol": "BTC-USDT", "buy": "59999.9", "sell": "60000.1"},
        {"symbol": "OLD-USDT", "buy": None, "sell": "1"},
        {"symbol": "ETH-USDT", "buy": "1", "sell": "2"},
    ]
    kucoin_venue.answer(ALL_TICKERS, said({"time": 1, "ticker": rows}))
    kucoin_venue.answer(
        LEVEL1,
        lambda asked: said({"bestBid": "5", "bestAsk": "6"} if asked.query == "symbol=BTC-USDT" else None),
    )
    (several,) = await market.fetch_quotes(["BTC/USDT", "OLD/USDT", "NO/USDT"])
    assert (several.symbol, several.bid, several.ask) == ("BTC/USDT", Decimal("59999.9"), Decimal("60000.1"))
    assert datetime.now(UTC) - several.at < timedelta(seconds=5)
    (one,) = await market.fetch_quotes(["BTC/USDT"])
    assert (one.bid, one.ask) == (5, 6)
    assert await market.fetch_quotes(["NO/USDT"]) == ()
    assert await market.fetch_quotes([]) == ()
    names = [request.name for request in kucoin_venue.requests]
    assert names == [ALL_TICKERS, LEVEL1, LEVEL1]


async def test_what_the_emulated_venue_lists_and_quotes_is_what_it_trades(kucoin_stage: KucoinStage) -> None:
    market = kucoin_stage.open_market_data()
    (instrument,) = await market.fetch_instruments([kucoin_stage.symbol])
    assert (instrument.tick, instrument.lot) == (Decimal("0.01"), Decimal("0.001"))
    for symbols in ([kucoin_stage.symbol], [kucoin_stage.symbol, "NO/USDT"]):
        (quote,) = await market.fetch_quotes(symbols)
        assert (quote.bid, quote.ask) == (Decimal("99.99"), Decimal("100.01"))
    kucoin_stage.control.set_market(kucoin_stage.venue_symbol, "HALT")
    await kucoin_stage.adapter.close()
    fresh = KucoinAdapter()
    again = fresh.open_market_data(Environment.LIVE, kucoin_stage.process.url)
    assert list(await again.fetch_instruments([kucoin_stage.symbol])) == []
    await fresh.close()


async def test_long_lists_of_the_emulated_venue_are_read_whole(kucoin_stage: KucoinStage) -> None:
    broker = kucoin_stage.open_broker()
    began = datetime.now(UTC) - timedelta(minutes=1)
    kucoin_stage.control.settings(fills_per_execution=25)
    try:
        for _ in range(6):
            await broker.submit_order(an_order(kucoin_stage))
    finally:
        kucoin_stage.control.settings(fills_per_execution=1)
    fills = await broker.fetch_fills(kucoin_stage.symbol, began)
    numbers = [int(fill.venue_fill_id) for fill in fills]
    assert (len(numbers), numbers) == (150, sorted(set(numbers)))
    assert sum(fill.quantity for fill in fills) == 6


async def test_all_open_orders_of_the_emulated_venue_are_those_of_both_families(
    kucoin_stage: KucoinStage,
) -> None:
    broker = kucoin_stage.open_broker()
    await broker.submit_order(an_order(kucoin_stage))
    resting = a_limit(kucoin_stage, Side.BUY, "90")
    stop = a_stop(kucoin_stage, Side.SELL, "80")
    for request in (resting, stop):
        await broker.submit_order(request)
    for found in (await broker.fetch_open_orders(), await broker.fetch_open_orders(kucoin_stage.symbol)):
        assert {order.client_order_id for order in found} == {resting.client_order_id, stop.client_order_id}
        assert {order.symbol for order in found} == {kucoin_stage.symbol}
    await broker.cancel_order(lookup_of(stop))
    (left,) = await broker.fetch_open_orders()
    assert left.client_order_id == resting.client_order_id

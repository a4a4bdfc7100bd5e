"""What is asked of Binance's futures, byte for byte, and how its answers are read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.base import KeyRights, NotFound
from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.binance_futures_broker import BinanceFuturesBroker
from shared.domain.accounts import Environment
from shared.domain.errors import RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport
from shared.domain.signals import Side
from tests.integration.brokers.futures_recorded import algo, exchange_info, open_futures, order, traded
from tests.integration.brokers.recorded import ID, LOOKUP, assert_signed
from tests.integration.brokers.recorder import AT, Recorded, Recorder

ORDER, ALGO = "GET /fapi/v1/order", "GET /fapi/v1/algoOrder"
NO_ORDER = ({"code": -2013, "msg": "Order does not exist."}, 400)


@pytest.fixture
async def futures() -> AsyncIterator[BinanceFuturesAdapter]:
    adapter = BinanceFuturesAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def account(venue: Recorder, futures: BinanceFuturesAdapter) -> BinanceFuturesBroker:
    venue.answer("GET /fapi/v1/exchangeInfo", exchange_info())
    return open_futures(futures, venue)


async def test_a_look_up_by_our_id_asks_both_services_before_it_says_not_found(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer(ORDER, *NO_ORDER)
    venue.answer(ALGO, *NO_ORDER)
    assert await account.fetch_order(LOOKUP) == NotFound(ALGO)
    assert await account.fetch_order(OrderLookup(ID, "BTC/USDT", "28")) == NotFound(ORDER)
    assert await account.fetch_order(OrderLookup(ID, "BTC/USDT", "algo-7")) == NotFound(ALGO)
    asked = venue.named(ORDER, ALGO)
    assert [(sent.name, sent.params) for sent in asked] == [
        (ORDER, {"symbol": "BTCUSDT", "origClientOrderId": ID, "recvWindow": "5000"}),
        (ALGO, {"clientAlgoId": ID, "recvWindow": "5000"}),
        (ORDER, {"symbol": "BTCUSDT", "orderId": "28", "recvWindow": "5000"}),
        (ALGO, {"algoId": "7", "recvWindow": "5000"}),
    ]
    for sent in asked:
        assert_signed(sent)


async def test_a_look_up_that_one_service_does_not_answer_is_no_not_found(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer(ORDER, *NO_ORDER)
    venue.answer(ALGO, {"code": -1000, "msg": "..."}, 503)
    with pytest.raises(RetryableError):
        await account.fetch_order(LOOKUP)
    venue.answer(ALGO, algo(clientAlgoId=ID, algoStatus="FINISHED"))
    # Finished, and of what it became nothing is said: that is no answer.
    with pytest.raises(RetryableError, match="UNREADABLE_ANSWER"):
        await account.fetch_order(LOOKUP)
    venue.answer(ALGO, algo(clientAlgoId="another"))
    with pytest.raises(RetryableError, match="UNREADABLE_ANSWER"):
        await account.fetch_order(LOOKUP)


@pytest.mark.parametrize(
    ("told", "status", "left"),
    [
        ("NEW", OrderStatus.ACCEPTED, "0.5"),
        ("TRIGGERED", OrderStatus.ACCEPTED, "0.5"),
        ("CANCELED", OrderStatus.CANCELED, "0"),
        ("REJECTED", OrderStatus.REJECTED, "0"),
        ("EXPIRED", OrderStatus.EXPIRED, "0"),
    ],
)
@pytest.mark.parametrize("actual", ["", "0", None])
async def test_a_waiting_order_is_told_by_its_own_state_until_it_has_become_another(
    venue: Recorder,
    account: BinanceFuturesBroker,
    told: str,
    status: OrderStatus,
    left: str,
    actual: str | None,
) -> None:
    venue.answer(ALGO, algo(7, clientAlgoId=ID, algoStatus=told, actualOrderId=actual))
    found = await account.fetch_order(OrderLookup(ID, "BTC/USDT", "algo-7"))
    assert isinstance(found, OrderReport)
    assert (found.status, found.open_quantity, found.venue_order_id) == (status, Decimal(left), "algo-7")


async def test_what_a_waiting_order_became_is_looked_up_with_its_executions(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer(ALGO, algo(7, clientAlgoId=ID, algoStatus="FINISHED", actualOrderId="28"))
    filled = order(status="FILLED", executedQty="0.500", cumQuote="30030.0", type="MARKET")
    venue.answer(ORDER, filled)
    rows = [traded(58, qty="0.300", price="60100.0"), traded(57), traded(58, qty="0.300", price="60100.0")]
    venue.answer("GET /fapi/v1/userTrades", rows)
    found = await account.fetch_order(OrderLookup(ID, "BTC/USDT", "algo-7"))
    assert [request.params for request in venue.named(ORDER, "GET /fapi/v1/userTrades")] == [
        {"symbol": "BTCUSDT", "orderId": "28", "recvWindow": "5000"},
        {"symbol": "BTCUSDT", "orderId": "28", "limit": "1000", "recvWindow": "5000"},
    ]
    assert isinstance(found, OrderReport)
    assert (found.client_order_id, found.venue_order_id, found.status) == (ID, "28", OrderStatus.FILLED)
    assert found.average_fill_price == Decimal(60060)
    assert [(fill.venue_fill_id, fill.client_order_id) for fill in found.fills] == [("57", ID), ("58", ID)]
    assert (found.fills[0].commission, found.fills[0].commission_asset) == (Decimal("4.8"), "USDT")
    # The order is not on any list yet: the waiting one is known to be there.
    venue.answer(ORDER, *NO_ORDER)
    venue.answer(ALGO, algo(7, clientAlgoId=ID, algoStatus="TRIGGERED", actualOrderId="28"))
    early = await account.fetch_order(OrderLookup(ID, "BTC/USDT", "algo-7"))
    assert isinstance(early, OrderReport)
    assert (early.status, early.venue_order_id) == (OrderStatus.ACCEPTED, "algo-7")


async def test_open_orders_are_a_question_to_each_service(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    venue.answer("GET /fapi/v1/openOrders", [order(), order(29, symbol="GONEUSDT")])
    venue.answer("GET /fapi/v1/openAlgoOrders", [algo(7, symbol="OLDUSDT")])
    found = await account.fetch_open_orders()
    assert [(report.symbol, report.venue_order_id) for report in found] == [
        ("BTC/USDT", "28"),
        ("GONEUSDT", "29"),
        ("OLD/USDT", "algo-7"),
    ]
    names = ("GET /fapi/v1/openOrders", "GET /fapi/v1/openAlgoOrders")
    assert [request.params for request in venue.named(*names)] == [{"recvWindow": "5000"}] * 2
    await account.fetch_open_orders("BTC/USDT")
    assert [request.params for request in venue.named(*names)[2:]] == [
        {"symbol": "BTCUSDT", "recvWindow": "5000"}
    ] * 2


async def test_orders_since_are_told_once_by_the_newer_word_under_our_id(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    made = [order(28, status="FILLED", executedQty="0.5", cumQuote="1", updateTime=AT + 9000), order(30)]
    venue.answer("GET /fapi/v1/allOrders", made)
    venue.answer("GET /fapi/v1/openOrders", [order(28), order(30, updateTime=AT + 9000, origQty="0.4")])
    waited = [
        algo(7, algoStatus="FINISHED", actualOrderId="28", clientAlgoId=ID),
        algo(8),
        algo(9, algoStatus="TRIGGERED", actualOrderId="99"),
    ]
    venue.answer("GET /fapi/v1/allAlgoOrders", waited)
    venue.answer("GET /fapi/v1/openAlgoOrders", [algo(8, algoStatus="CANCELED", updateTime=AT + 9000)])
    found = await account.fetch_orders_since("BTC/USDT", datetime.now(UTC) - timedelta(minutes=1))
    assert [(r.client_order_id, r.venue_order_id, r.status, r.open_quantity) for r in found] == [
        (ID, "28", OrderStatus.FILLED, 0),
        ("client-30", "30", OrderStatus.ACCEPTED, Decimal("0.4")),
        ("client-8", "algo-8", OrderStatus.CANCELED, 0),
    ]


async def test_lists_are_asked_for_week_by_week(venue: Recorder, account: BinanceFuturesBroker) -> None:
    venue.answer("GET /fapi/v1/userTrades", lambda sent: [traded(57 if "endTime" in sent.params else 58)])
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    fills = await account.fetch_fills("BTC/USDT", since)
    spans = [request.params for request in venue.named("GET /fapi/v1/userTrades")]
    starts = [int(span["startTime"]) for span in spans]
    week = 7 * 24 * 60 * 60 * 1000
    assert starts == [int(since.timestamp()) * 1000 + week * number for number in range(2)]
    assert [span.get("endTime") for span in spans] == [str(starts[0] + week - 1), None]
    assert [fill.venue_fill_id for fill in fills] == ["57", "58"]


async def test_funding_is_followed_page_by_page_and_each_payment_counts_once(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    def page(sent: Recorded) -> list[dict[str, Any]]:
        start = int(sent.params["startTime"])
        # Two payments at each moment, so that a page ends between them.
        first = max(start - AT, 0) * 2
        return [
            {
                "symbol": "BTCUSDT",
                "incomeType": "FUNDING_FEE",
                "income": "-0.00000001",
                "asset": "USDT",
                "time": AT + number // 2,
                "tranId": 9_000_000_000 + number,
            }
            for number in range(first, min(first + 1000, 1501))
        ]

    venue.answer("GET /fapi/v1/income", page)
    found = await account.fetch_funding("BTC/USDT", datetime.fromtimestamp(AT // 1000, UTC))
    assert len({report.funding_id for report in found}) == len(found) == 1501
    assert sum(report.amount for report in found) == Decimal("-0.00001501")
    asked = [request.params for request in venue.named("GET /fapi/v1/income")]
    common = {"symbol": "BTCUSDT", "incomeType": "FUNDING_FEE", "limit": "1000", "recvWindow": "5000"}
    assert asked == [{**common, "startTime": str(start)} for start in (AT, AT + 499)]


async def test_balances_are_wallets_and_positions_come_with_their_terms(
    venue: Recorder, account: BinanceFuturesBroker
) -> None:
    wallets = [
        {"asset": "USDT", "balance": "100.5", "availableBalance": "60.1", "crossUnPnl": "7"},
        {"asset": "BNB", "balance": "0.00", "availableBalance": "0.00"},
    ]
    venue.answer("GET /fapi/v3/balance", wallets)
    (balance,) = await account.fetch_balances()
    assert (balance.asset, balance.total, balance.free) == ("USDT", Decimal("100.5"), Decimal("60.1"))
    common = {"marginAsset": "USDT", "entryPrice": "60000", "updateTime": AT}
    held = [
        {**common, "symbol": "BTCUSDT", "positionAmt": "-0.5", "liquidationPrice": "79000.1"},
        {**common, "symbol": "OLDUSDT", "positionAmt": "0.000", "liquidationPrice": "0"},
        {**common, "symbol": "1000PEPEUSDT", "positionAmt": "3", "liquidationPrice": "0"},
    ]
    venue.answer("GET /fapi/v3/positionRisk", held)
    config = [
        {"symbol": "BTCUSDT", "marginType": "ISOLATED", "leverage": 3},
        {"symbol": "1000PEPEUSDT", "marginType": "CROSSED", "leverage": 20},
    ]
    venue.answer("GET /fapi/v1/symbolConfig", config)
    short, long = await account.fetch_positions()
    assert (short.symbol, short.side, short.quantity) == ("BTC/USDT", Side.SELL, Decimal("0.5"))
    assert (short.liquidation_price, short.leverage, short.is_isolated) == (Decimal("79000.1"), 3, True)
    assert (long.symbol, long.liquidation_price, long.is_isolated) == ("1000PEPE/USDT", None, False)
    venue.answer("GET /fapi/v3/positionRisk", [])
    assert await account.fetch_positions("BTC/USDT") == ()
    assert venue.last.params == {"symbol": "BTCUSDT", "recvWindow": "5000"}


async def test_a_keys_rights_are_told_by_the_spot_address_and_in_the_sandbox_by_the_account(
    venue: Recorder, futures: BinanceFuturesAdapter
) -> None:
    rights = {"ipRestrict": True, "enableWithdrawals": True, "enableFutures": False}
    venue.answer("GET /sapi/v1/account/apiRestrictions", {**rights, "enableSpotAndMarginTrading": True})
    assert await open_futures(futures, venue).fetch_key_rights() == KeyRights(False, True, True)
    assert_signed(venue.last)
    venue.answer("GET /fapi/v1/accountConfig", {"canTrade": True, "canWithdraw": True})
    sandbox = open_futures(futures, venue, Environment.SANDBOX)
    assert await sandbox.fetch_key_rights() == KeyRights(True, None, None)
    assert_signed(venue.last)


async def test_instruments_are_perpetuals_in_usdt_with_what_margin_they_need(
    venue: Recorder, futures: BinanceFuturesAdapter
) -> None:
    venue.answer("GET /fapi/v1/exchangeInfo", exchange_info())
    market = futures.open_market_data(Environment.LIVE, venue.url)
    (bitcoin,) = await market.fetch_instruments()
    assert (bitcoin.symbol, str(bitcoin.tick), str(bitcoin.lot)) == ("BTC/USDT", "0.1", "0.001")
    assert (bitcoin.minimum_notional, bitcoin.is_margined) == (Decimal(100), True)
    assert (bitcoin.max_leverage, bitcoin.maintenance_rate) == (20, Decimal("0.025"))
    limits = await market.fetch_limits()  # type: ignore[attr-defined]
    assert (limits.weight_per_minute, limits.orders_per_10_seconds) == (2400, 250)
    assert limits.orders_per_day == 1100 * 60 * 24
    (asked,) = venue.requests
    assert (asked.name, asked.query, asked.key) == ("GET /fapi/v1/exchangeInfo", "", None)
    venue.answer(
        "GET /fapi/v1/ticker/bookTicker",
        {"symbol": "BTCUSDT", "bidPrice": "59999.9", "askPrice": "60000.1", "time": AT},
    )
    (quote,) = await market.fetch_quotes(["BTC/USDT"])
    assert (quote.bid, quote.ask, venue.last.query) == (
        Decimal("59999.9"),
        Decimal("60000.1"),
        "symbol=BTCUSDT",
    )

"""ccxt's own calls place, pair, replace and cancel at the emulated venue and read its answers."""

import ccxt.async_support as ccxt
import pytest

from tests.integration.emulators.binance.conftest import Connect, Trader

COVER = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "0.5",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "80000",
    "aboveClientOrderId": "target",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "50000",
    "belowClientOrderId": "stop",
    "listClientOrderId": "cover",
}


async def test_a_market_order_is_filled_with_its_fee(trader: Trader) -> None:
    order = await trader.buy("a" * 32)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 0.01, 67250.01)
    assert order["fees"] == [{"currency": "BTC", "cost": 1e-05}]
    assert order["clientOrderId"] == "a" * 32


async def test_a_quote_amount_is_spent_at_market(trader: Trader) -> None:
    order = await trader.client.create_order("BTC/USDT", "market", "buy", None, None, {"cost": 100})
    assert (order["filled"], order["cost"]) == (0.00148, 99.5300148)


async def test_a_limit_order_rests_and_is_found_and_canceled_by_its_client_id(trader: Trader) -> None:
    placed = await trader.client.create_order(
        "BTC/USDT", "limit", "buy", 0.01, 60000, {"clientOrderId": "resting"}
    )
    assert placed["status"] == "open"
    assert (await trader.look_up("resting"))["id"] == placed["id"]
    assert [order["id"] for order in await trader.client.fetch_open_orders("BTC/USDT")] == [placed["id"]]
    assert (await trader.client.fetch_balance())["USDT"] == {
        "free": 99400.0,
        "used": 600.0,
        "total": 100000.0,
    }
    await trader.client.cancel_order(None, "BTC/USDT", {"clientOrderId": "resting"})
    assert (await trader.look_up("resting"))["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        await trader.client.cancel_order(None, "BTC/USDT", {"clientOrderId": "resting"})


@pytest.mark.parametrize(
    ("kind", "price", "params", "venue_type"),
    [
        ("market", None, {"stopLossPrice": 60000}, "STOP_LOSS"),
        ("limit", 59000, {"stopLossPrice": 60000}, "STOP_LOSS_LIMIT"),
        ("market", None, {"takeProfitPrice": 80000}, "TAKE_PROFIT"),
        ("limit", 81000, {"takeProfitPrice": 80000}, "TAKE_PROFIT_LIMIT"),
        ("limit", 81000, {"postOnly": True}, "LIMIT_MAKER"),
    ],
)
async def test_orders_that_wait_are_taken_as_ccxt_writes_them(
    trader: Trader, kind: str, price: float | None, params: dict[str, object], venue_type: str
) -> None:
    order = await trader.client.create_order("BTC/USDT", kind, "sell", 0.01, price, params)
    assert (order["info"]["type"], order["status"]) == (venue_type, "open")


async def test_cover_is_a_pair_of_which_one_leg_trades(trader: Trader) -> None:
    await trader.client.load_markets()
    placed = await trader.client.private_post_orderlist_oco(COVER)
    assert [report["status"] for report in placed["orderReports"]] == ["NEW", "NEW"]
    assert (await trader.client.fetch_balance())["BTC"]["used"] == 0.5
    found = await trader.client.private_get_orderlist({"origClientOrderId": "cover"})
    assert (found["orders"], found["listOrderStatus"]) == (placed["orders"], "EXECUTING")
    assert len(await trader.client.private_get_openorderlist()) == 1
    trader.control.set_price("BTC/USDT", "49000")
    assert [(await trader.look_up(name))["status"] for name in ("stop", "target")] == ["closed", "expired"]
    trader.control.set_price("BTC/USDT", "67250")
    assert await trader.client.private_get_openorderlist() == []


async def test_a_stop_is_moved_by_replacing_it(trader: Trader) -> None:
    first = await trader.client.create_order(
        "BTC/USDT", "market", "sell", 0.01, None, {"stopLossPrice": 60000}
    )
    answer = await trader.client.private_post_order_cancelreplace(
        {
            "symbol": "BTCUSDT",
            "side": "SELL",
            "type": "STOP_LOSS",
            "quantity": "0.01",
            "stopPrice": "61000",
            "cancelReplaceMode": "STOP_ON_FAILURE",
            "cancelOrderId": first["id"],
            "newClientOrderId": "moved",
        }
    )
    assert (answer["cancelResult"], answer["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert (await trader.look_up("moved"))["stopPrice"] == 61000.0
    with pytest.raises(ccxt.ExchangeError, match="-2022"):
        await trader.client.private_post_order_cancelreplace(
            {
                "symbol": "BTCUSDT",
                "side": "SELL",
                "type": "STOP_LOSS",
                "quantity": "0.01",
                "stopPrice": "61000",
                "cancelReplaceMode": "STOP_ON_FAILURE",
                "cancelOrderId": first["id"],
            }
        )


async def test_an_order_is_made_smaller_in_place(trader: Trader) -> None:
    await trader.client.create_order("BTC/USDT", "limit", "buy", 0.01, 60000, {"clientOrderId": "large"})
    # This version of the client has no name for it yet.
    answer = await trader.client.request(
        "order/amend/keepPriority",
        ["private"],
        "PUT",
        {"symbol": "BTCUSDT", "origClientOrderId": "large", "newQty": "0.004", "newClientOrderId": "small"},
    )
    assert (answer["amendedOrder"]["qty"], answer["amendedOrder"]["origClientOrderId"]) == (
        "0.00400000",
        "large",
    )
    assert (await trader.look_up("small"))["amount"] == 0.004


async def test_fills_and_orders_are_listed_from_a_time_on(trader: Trader) -> None:
    first = await trader.buy("first")
    second = await trader.buy("second")
    fills = await trader.client.fetch_my_trades("BTC/USDT", first["timestamp"])
    assert [fill["order"] for fill in fills] == [first["id"], second["id"]]
    assert (fills[0]["takerOrMaker"], fills[0]["fee"]) == ("taker", {"currency": "BTC", "cost": 1e-05})
    only = await trader.client.fetch_my_trades("BTC/USDT", params={"orderId": second["id"]})
    assert [fill["id"] for fill in only] == [fills[1]["id"]]
    after = await trader.client.fetch_my_trades("BTC/USDT", params={"fromId": fills[1]["id"]})
    assert len(after) == 1
    orders = await trader.client.fetch_orders("BTC/USDT", first["timestamp"], 1)
    assert [order["id"] for order in orders] == [first["id"]]
    assert await trader.client.fetch_my_trades("BTC/USDT", second["timestamp"] + 60_000) == []


async def test_markets_quotes_candles_and_time_are_public(trader: Trader) -> None:
    markets = await trader.client.load_markets()
    assert markets["BTC/USDT"]["precision"] == {"amount": 1e-05, "price": 0.01, "base": 1e-08, "quote": 1e-08}
    assert markets["S000/USDT"]["limits"]["cost"]["min"] == 5.0
    quotes = await trader.client.fetch_bids_asks(["BTC/USDT", "ETH/USDT"])
    assert (quotes["BTC/USDT"]["bid"], quotes["ETH/USDT"]["ask"]) == (67249.99, 3480.01)
    prices = await trader.client.public_get_ticker_price({"symbol": "BTCUSDT"})
    assert prices["price"] == "67250.00000000"
    assert len(await trader.client.fetch_ohlcv("BTC/USDT", "1m", limit=3)) == 3
    assert await trader.client.fetch_time() > 1_700_000_000_000
    assert await trader.client.public_get_ping() == {}


async def test_a_key_tells_its_rights(connect: Connect) -> None:
    careless = connect(can_withdraw=True, addresses=["127.0.0.1"])
    rights = await careless.client.sapi_get_account_apirestrictions()
    assert (rights["enableWithdrawals"], rights["ipRestrict"], rights["enableSpotAndMarginTrading"]) == (
        True,
        True,
        True,
    )
    reader = connect(can_trade=False)
    assert (await reader.client.fetch_balance())["info"]["canTrade"] is False
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        await connect(addresses=["127.0.0.2"]).client.fetch_balance()
    await reader.client.load_markets()
    with pytest.raises(ccxt.BaseError, match="-2015"):
        await reader.buy("not-allowed")


@pytest.mark.parametrize(
    ("kind", "side", "quantity", "price", "params", "error", "says"),
    [
        ("market", "buy", 100, None, {}, ccxt.InsufficientFunds, "insufficient balance"),
        ("market", "buy", 0.00001, None, {}, ccxt.BadRequest, "NOTIONAL"),
        ("limit", "buy", 0.01, 60000, {"clientOrderId": "taken"}, ccxt.InvalidOrder, "Duplicate order sent."),
        ("limit", "buy", 0.01, 70000, {"postOnly": True}, ccxt.OrderImmediatelyFillable, "match and take"),
        ("market", "sell", 0.01, None, {"stopLossPrice": 70000}, ccxt.OrderImmediatelyFillable, "trigger"),
        ("limit", "buy", 0.01, 60000, {"stopLoss": {"triggerPrice": 1}}, ccxt.BadRequest, "-1104"),
        ("limit", "buy", 0.01, 60000, {"clientOrderId": "x" * 37}, ccxt.BadRequest, "-1100"),
    ],
)
async def test_refusals_reach_the_client_as_their_classes(
    trader: Trader, kind: str, side: str, quantity: float, price: float | None, params, error, says: str
) -> None:
    await trader.client.create_order("BTC/USDT", "limit", "buy", 0.01, 60000, {"clientOrderId": "taken"})
    with pytest.raises(error, match=says):
        await trader.client.create_order("BTC/USDT", kind, side, quantity, price, params)


async def test_what_is_not_there_is_not_found(trader: Trader) -> None:
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        await trader.look_up("nobody")
    with pytest.raises(ccxt.BadSymbol, match="-1121"):
        await trader.client.private_get_openorders({"symbol": "NONEUSDT"})
    with pytest.raises(ccxt.BaseError, match="is invalid"):
        await trader.client.request("nothing", ["private"], "GET", {"symbol": "BTCUSDT"})


async def test_a_wrong_key_secret_or_time_is_refused(trader: Trader) -> None:
    trader.client.secret = "another"
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        await trader.client.fetch_balance()
    trader.client.secret, trader.client.apiKey = "secret", "unknown"
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        await trader.client.fetch_balance()
    trader.client.apiKey = trader.key
    trader.control.settings(clock_skew_seconds=30)
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        await trader.client.fetch_balance()
    trader.control.settings(clock_skew_seconds=-5)
    with pytest.raises(ccxt.InvalidNonce, match="ahead of the server"):
        await trader.client.fetch_balance()
    assert abs(await trader.client.fetch_time() - trader.client.milliseconds() + 5000) < 2000
    trader.control.settings(clock_skew_seconds=0)
    assert (await trader.client.fetch_balance())["BTC"]["free"] == 2.0


async def test_every_load_account_exists_with_its_secret(trader: Trader) -> None:
    trader.client.apiKey, trader.client.secret = "load-123", "load-secret-123"
    assert (await trader.client.fetch_balance({"omitZeroBalances": "true"}))["USDT"]["free"] == 10_000_000.0
    assert trader.client.last_response_headers["x-mbx-used-weight-1m"]
    await trader.buy("any")
    assert trader.client.last_response_headers["x-mbx-order-count-10s"] == "0"

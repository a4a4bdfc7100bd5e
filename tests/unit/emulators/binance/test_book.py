"""Orders meet prices and balances as Binance's do."""

import pytest

from tests.emulators.binance.refusals import Refusal
from tests.unit.emulators.binance.trader import Trader

# BTCUSDT stands at 67250.00, so that it is bid at 67249.99 and asked for at 67250.01.
ASK, BID = "67250.01000000", "67249.99000000"


def refused(error: pytest.ExceptionInfo[Refusal]) -> tuple[int, str]:
    return error.value.code, error.value.message


def test_a_market_buy_pays_the_ask_and_its_fee_in_what_it_bought() -> None:
    trader = Trader(USDT="1000")
    answer = trader.order("BUY", "MARKET", "0.01", newClientOrderId="a")
    assert answer["status"] == "FILLED"
    assert answer["fills"] == [
        {
            "price": ASK,
            "qty": "0.01000000",
            "commission": "0.00001000",
            "commissionAsset": "BTC",
            "tradeId": 1,
        }
    ]
    assert (trader.free("USDT"), trader.free("BTC")) == ("327.4999", "0.00999")


def test_a_market_sell_pays_its_fee_in_the_quote() -> None:
    trader = Trader(BTC="0.01")
    answer = trader.order("SELL", "MARKET", "0.01")
    assert answer["cummulativeQuoteQty"] == "672.49990000"
    assert answer["fills"][0]["commissionAsset"] == "USDT"
    assert trader.free("USDT") == "671.8274001"


def test_the_fee_is_taken_in_bnb_where_that_is_set_and_there_is_enough() -> None:
    trader = Trader(USDT="10000", BNB="0.001")
    trader.control("settings", fee_asset="bnb")
    small = trader.order("BUY", "MARKET", "0.00016")
    large = trader.order("BUY", "MARKET", "0.1")
    assert small["fills"][0]["commissionAsset"] == "BNB"
    assert small["fills"][0]["commission"] == "0.00001333"
    assert large["fills"][0]["commissionAsset"] == "BTC"


def test_money_for_a_quote_amount_buys_whole_lots_and_never_more() -> None:
    trader = Trader(USDT="100")
    answer = trader.send(
        "POST /api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quoteOrderQty="100"
    )
    assert answer["origQty"] == answer["executedQty"] == "0.00148000"
    assert answer["origQuoteOrderQty"] == "100.00000000"
    assert answer["cummulativeQuoteQty"] == "99.53001480"


def test_a_resting_buy_locks_its_money_and_gives_it_back_when_canceled() -> None:
    trader = Trader(USDT="1000")
    trader.order("BUY", "LIMIT", "0.01", price="60000", newClientOrderId="a")
    assert (trader.free("USDT"), trader.locked("USDT")) == ("400", "600")
    answer = trader.cancel(origClientOrderId="a")
    assert (answer["status"], answer["origClientOrderId"]) == ("CANCELED", "a")
    assert (trader.free("USDT"), trader.locked("USDT")) == ("1000", "0")


def test_who_rests_is_filled_at_his_own_price_and_who_takes_at_the_quote() -> None:
    trader = Trader(USDT="2000")
    trader.order("BUY", "LIMIT", "0.01", price="67000", newClientOrderId="rests")
    trader.order("BUY", "LIMIT", "0.01", price="68000", newClientOrderId="takes")
    trader.price("66000")
    rests, takes = trader.found("rests").fills[0], trader.found("takes").fills[0]
    assert (rests.price, rests.is_maker) == (67000 * 10**8, True)
    assert (takes.price, takes.is_maker) == (6725001 * 10**6, False)
    assert (trader.free("USDT"), trader.locked("USDT")) == ("657.4999", "0")


def test_a_partial_fill_leaves_the_rest_locked_until_the_price_comes_again() -> None:
    trader = Trader(USDT="1000")
    trader.order("BUY", "LIMIT", "0.01", price="67000", newClientOrderId="a", fraction="0.3")
    trader.price("66000")
    assert (trader.status("a"), trader.locked("USDT")) == ("PARTIALLY_FILLED", "469")
    trader.price()
    assert (trader.status("a"), trader.locked("USDT"), trader.free("BTC")) == ("FILLED", "0", "0.00999")


def test_a_partly_filled_market_order_ends_as_expired() -> None:
    trader = Trader(USDT="1000")
    answer = trader.order("BUY", "MARKET", "0.01", fraction="0.3")
    assert (answer["status"], answer["executedQty"]) == ("EXPIRED", "0.00300000")


def test_a_script_fits_the_next_execution_of_the_order_it_names() -> None:
    trader = Trader(USDT="2000")
    trader.control("partial", fraction="0.5", client_order_id="second")
    assert trader.order("BUY", "MARKET", "0.01", newClientOrderId="first")["executedQty"] == "0.01000000"
    assert trader.order("BUY", "MARKET", "0.01", newClientOrderId="second")["executedQty"] == "0.00500000"
    assert trader.order("BUY", "MARKET", "0.001", newClientOrderId="third")["executedQty"] == "0.00100000"


def test_one_execution_may_come_in_several_fills_each_a_tick_worse() -> None:
    trader = Trader(USDT="1000")
    trader.control("settings", fills_per_execution=3)
    answer = trader.order("BUY", "MARKET", "0.01")
    assert [(fill["qty"], fill["price"]) for fill in answer["fills"]] == [
        ("0.00333000", "67250.01000000"),
        ("0.00333000", "67250.02000000"),
        ("0.00334000", "67250.03000000"),
    ]


@pytest.mark.parametrize(
    ("price", "tif", "fraction", "status", "executed"),
    [
        ("60000", "IOC", None, "EXPIRED", "0.00000000"),
        ("68000", "IOC", "0.5", "EXPIRED", "0.00500000"),
        ("68000", "FOK", "0.5", "EXPIRED", "0.00000000"),
        ("68000", "FOK", None, "FILLED", "0.01000000"),
        ("68000", "GTC", "0.5", "PARTIALLY_FILLED", "0.00500000"),
    ],
)
def test_time_in_force_decides_what_may_rest(
    price: str, tif: str, fraction: str | None, status: str, executed: str
) -> None:
    trader = Trader(USDT="1000")
    answer = trader.order("BUY", "LIMIT", "0.01", price=price, timeInForce=tif, fraction=fraction)
    assert (answer["status"], answer["executedQty"]) == (status, executed)
    resting = status == "PARTIALLY_FILLED"
    assert (trader.locked("USDT") != "0") == resting


def test_a_stop_sells_at_market_once_the_last_price_reaches_it() -> None:
    trader = Trader(BTC="0.01")
    answer = trader.order("SELL", "STOP_LOSS", "0.01", stopPrice="60000", newClientOrderId="stop")
    assert (answer["status"], answer["workingTime"]) == ("NEW", -1)
    assert trader.locked("BTC") == "0.01"
    trader.price("60000.01")
    assert trader.status("stop") == "NEW"
    trader.price("59000")
    assert trader.status("stop") == "FILLED"
    assert trader.found("stop").fills[0].price == 5899999 * 10**6


def test_a_stop_limit_that_is_jumped_over_rests_as_a_limit_order() -> None:
    trader = Trader(BTC="0.01")
    trader.order("SELL", "STOP_LOSS_LIMIT", "0.01", stopPrice="60000", price="59900", newClientOrderId="stop")
    trader.price("59000")
    assert (trader.status("stop"), trader.found("stop").waits_for_its_stop) == ("NEW", False)
    trader.price("59950")
    assert trader.status("stop") == "FILLED"


def test_a_stop_that_buys_locks_its_money_and_expires_if_it_cannot_pay() -> None:
    trader = Trader(USDT="700")
    trader.order("BUY", "STOP_LOSS", "0.01", stopPrice="70000", newClientOrderId="stop")
    assert (trader.free("USDT"), trader.locked("USDT")) == ("0", "700")
    trader.price("71000")
    assert (trader.status("stop"), trader.free("USDT")) == ("EXPIRED", "700")


def test_a_take_profit_waits_on_the_other_side() -> None:
    trader = Trader(BTC="0.01")
    trader.order("SELL", "TAKE_PROFIT", "0.01", stopPrice="70000", newClientOrderId="target")
    trader.price("69999")
    assert trader.status("target") == "NEW"
    trader.price("70000")
    assert trader.status("target") == "FILLED"


@pytest.mark.parametrize(
    ("side", "kind", "quantity", "params", "code", "message"),
    [
        ("BUY", "MARKET", "0.00001", {}, -1013, "Filter failure: NOTIONAL"),
        ("BUY", "MARKET", "0.000015", {}, -1013, "Filter failure: LOT_SIZE"),
        ("BUY", "LIMIT", "0.01", {"price": "60000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ("BUY", "LIMIT", "1", {"price": "10000"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        ("SELL", "STOP_LOSS", "0.01", {"stopPrice": "60000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ("BUY", "MARKET", "0", {}, -1013, "Invalid quantity."),
        ("BUY", "MARKET", "0.000000001", {}, -1111, "Parameter 'quantity' has too much precision."),
        (
            "BUY",
            "MARKET",
            "1e3",
            {},
            -1100,
            r"Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.",
        ),
        ("HOLD", "MARKET", "0.01", {}, -1117, "Invalid side."),
        ("BUY", "HOPE", "0.01", {}, -1116, "Invalid orderType."),
        ("BUY", "MARKET", "0.01", {"price": "1"}, -1106, "Parameter 'price' sent when not required."),
        (
            "BUY",
            "LIMIT",
            "0.01",
            {},
            -1102,
            "Mandatory parameter 'price' was not sent, was empty/null, or malformed.",
        ),
        ("BUY", "LIMIT", "0.01", {"price": "60000", "timeInForce": "DAY"}, -1115, "Invalid timeInForce."),
        ("BUY", "MARKET", "1", {}, -2010, "Account has insufficient balance for requested action."),
        ("SELL", "MARKET", "1", {}, -2010, "Account has insufficient balance for requested action."),
        ("SELL", "STOP_LOSS", "0.01", {"stopPrice": "67250"}, -2010, "Stop price would trigger immediately."),
        (
            "BUY",
            "LIMIT_MAKER",
            "0.01",
            {"price": "68000"},
            -2010,
            "Order would immediately match and take.",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_in_the_venues_words(
    side: str, kind: str, quantity: str, params: dict[str, str], code: int, message: str
) -> None:
    trader = Trader(USDT="1000", BTC="0.5")
    with pytest.raises(Refusal) as error:
        trader.order(side, kind, quantity, **params)
    assert refused(error) == (code, message)
    assert (trader.free("USDT"), trader.free("BTC"), trader.account.ledgers["BTCUSDT"].orders) == (
        "1000",
        "0.5",
        [],
    )


def test_a_closed_market_takes_no_orders_but_lets_them_be_canceled() -> None:
    trader = Trader(USDT="1000")
    trader.order("BUY", "LIMIT", "0.01", price="60000", newClientOrderId="a")
    trader.control("market", symbol="BTC/USDT", status="BREAK")
    with pytest.raises(Refusal) as error:
        trader.order("BUY", "MARKET", "0.005")
    assert refused(error) == (-2010, "Market is closed.")
    assert trader.cancel(origClientOrderId="a")["status"] == "CANCELED"


def test_five_orders_with_a_stop_price_are_all_that_a_symbol_holds() -> None:
    trader = Trader(BTC="1")
    for _ in range(5):
        trader.order("SELL", "STOP_LOSS", "0.01", stopPrice="60000")
    with pytest.raises(Refusal) as error:
        trader.order("SELL", "STOP_LOSS", "0.01", stopPrice="60000")
    assert refused(error) == (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")


def test_order_and_trade_ids_are_numbered_by_symbol() -> None:
    trader = Trader(USDT="10000")
    first = trader.order("BUY", "MARKET", "0.01")
    second = trader.send("POST /api/v3/order", symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.01")
    assert (first["orderId"], second["orderId"]) == (1, 1)
    assert (first["fills"][0]["tradeId"], second["fills"][0]["tradeId"]) == (1, 1)

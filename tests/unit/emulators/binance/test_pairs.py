"""Of two orders that cancel one another, one lock is kept and one may trade."""

import pytest

from tests.emulators.binance.refusals import Refusal
from tests.unit.emulators.binance.trader import Trader


def test_both_legs_share_one_lock() -> None:
    trader = Trader(BTC="1")
    answer = trader.pair()
    assert (trader.free("BTC"), trader.locked("BTC")) == ("0", "1")
    assert answer["listOrderStatus"] == "EXECUTING"
    assert [report["type"] for report in answer["orderReports"]] == ["STOP_LOSS", "LIMIT_MAKER"]
    assert [report["status"] for report in answer["orderReports"]] == ["NEW", "NEW"]


def test_a_leg_that_fills_only_partly_already_expires_the_other() -> None:
    trader = Trader(BTC="1")
    trader.pair(fraction="0.4")
    trader.price("70000.01")
    assert (trader.status("target"), trader.status("stop")) == ("PARTIALLY_FILLED", "EXPIRED")
    assert trader.locked("BTC") == "0.6"
    trader.price()
    assert (trader.status("target"), trader.locked("BTC"), trader.free("BTC")) == ("FILLED", "0", "0")


def test_a_stop_that_triggers_expires_the_target() -> None:
    trader = Trader(BTC="1")
    trader.pair()
    trader.price("59000")
    assert (trader.status("stop"), trader.status("target")) == ("FILLED", "EXPIRED")
    assert trader.account.latest_pair["cover"].is_open is False


def test_a_stop_limit_that_rests_after_its_trigger_keeps_the_list_executing() -> None:
    trader = Trader(BTC="1")
    trader.pair(belowType="STOP_LOSS_LIMIT", belowPrice="59900", belowTimeInForce="GTC")
    trader.price("59000")
    assert (trader.status("stop"), trader.status("target")) == ("NEW", "EXPIRED")
    assert trader.account.latest_pair["cover"].is_open
    assert trader.locked("BTC") == "1"


def test_canceling_a_leg_cancels_the_list() -> None:
    trader = Trader(BTC="1")
    trader.pair()
    answer = trader.cancel(origClientOrderId="stop")
    assert answer["listOrderStatus"] == "ALL_DONE"
    assert [report["status"] for report in answer["orderReports"]] == ["CANCELED", "CANCELED"]
    assert (trader.free("BTC"), trader.locked("BTC")) == ("1", "0")


def test_a_list_is_canceled_by_its_own_id() -> None:
    trader = Trader(BTC="1")
    number = trader.pair()["orderListId"]
    trader.send("DELETE /api/v3/orderList", symbol="BTCUSDT", orderListId=str(number))
    assert (trader.status("stop"), trader.status("target")) == ("CANCELED", "CANCELED")
    with pytest.raises(Refusal, match="-2011 Unknown order sent"):
        trader.send("DELETE /api/v3/orderList", symbol="BTCUSDT", listClientOrderId="cover")


def test_all_orders_of_a_symbol_are_canceled_with_their_pairs() -> None:
    trader = Trader(BTC="1", USDT="1000")
    trader.order("BUY", "LIMIT", "0.001", price="60000")
    trader.pair()
    answer = trader.send("DELETE /api/v3/openOrders", symbol="BTCUSDT")
    assert len(answer) == 2
    assert answer[1]["contingencyType"] == "OCO"
    assert (trader.locked("BTC"), trader.locked("USDT")) == ("0", "0")
    with pytest.raises(Refusal, match="Unknown order sent"):
        trader.send("DELETE /api/v3/openOrders", symbol="BTCUSDT")


def test_a_pair_that_buys_locks_the_dearer_leg_and_gives_the_difference_back() -> None:
    trader = Trader(USDT="700")
    trader.pair(
        "0.01",
        side="BUY",
        aboveType="STOP_LOSS",
        aboveStopPrice="70000",
        belowType="LIMIT_MAKER",
        belowPrice="60000",
        abovePrice="",
        belowStopPrice="",
    )
    assert trader.locked("USDT") == "700"
    trader.price("59000")
    assert (trader.free("USDT"), trader.locked("USDT"), trader.free("BTC")) == ("100", "0", "0.00999")


def test_amending_one_leg_makes_both_smaller() -> None:
    trader = Trader(BTC="1")
    trader.pair()
    trader.send(
        "PUT /api/v3/order/amend/keepPriority",
        symbol="BTCUSDT",
        origClientOrderId="stop",
        newQty="0.4",
        newClientOrderId="stop",
    )
    assert {trader.found(name).quantity for name in ("stop", "target")} == {40_000_000}
    assert (trader.free("BTC"), trader.locked("BTC")) == ("0.6", "0.4")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"abovePrice": "67000"}, -2010),
        ({"belowStopPrice": "68000"}, -2010),
        ({"aboveType": "STOP_LOSS", "abovePrice": "", "aboveStopPrice": "70000"}, -1197),
        ({"belowType": "LIMIT_MAKER", "belowStopPrice": "", "belowPrice": "60000"}, -1168),
        ({"belowType": "TAKE_PROFIT", "belowStopPrice": "60000"}, -1199),
        ({"aboveType": "MARKET"}, -1158),
        ({"belowStopPrice": ""}, -1102),
        ({"aboveTimeInForce": "GTC"}, -1106),
        ({"quantity": "0.000001"}, -1013),
        ({"quantity": "2"}, -2010),
    ],
)
def test_a_pair_that_cannot_be_is_refused_and_leaves_no_trace(params: dict[str, str], code: int) -> None:
    trader = Trader(BTC="1")
    with pytest.raises(Refusal) as error:
        trader.pair(**params)
    assert error.value.code == code
    assert (trader.free("BTC"), trader.account.pairs, trader.account.ledgers["BTCUSDT"].orders) == (
        "1",
        [],
        [],
    )


def test_replacing_cancels_first_and_then_places() -> None:
    trader = Trader(BTC="1")
    trader.order("SELL", "STOP_LOSS", "1", stopPrice="60000", newClientOrderId="old")
    answer = replace(trader, "old", "62000")
    assert (answer["cancelResult"], answer["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert (trader.status("old"), trader.status("new"), trader.locked("BTC")) == ("CANCELED", "NEW", "1")


def test_replacing_may_stop_at_a_cancel_that_fails_or_go_on() -> None:
    trader = Trader(BTC="1")
    with pytest.raises(Refusal) as stopped:
        replace(trader, "none", "62000")
    assert (stopped.value.code, stopped.value.status) == (-2022, 400)
    assert stopped.value.body()["data"] == {
        "cancelResult": "FAILURE",
        "newOrderResult": "NOT_ATTEMPTED",
        "cancelResponse": {"code": -2011, "msg": "Unknown order sent."},
        "newOrderResponse": None,
    }
    with pytest.raises(Refusal) as went_on:
        replace(trader, "none", "62000", "ALLOW_FAILURE")
    assert (went_on.value.code, went_on.value.status) == (-2021, 409)
    assert trader.status("new") == "NEW"


def test_replacing_may_leave_nothing_in_the_old_ones_place() -> None:
    trader = Trader(BTC="1")
    trader.order("SELL", "STOP_LOSS", "1", stopPrice="60000", newClientOrderId="old")
    with pytest.raises(Refusal) as error:
        replace(trader, "old", "68000")
    assert (error.value.code, error.value.status) == (-2021, 409)
    assert error.value.body()["data"]["newOrderResponse"] == {
        "code": -2010,
        "msg": "Stop price would trigger immediately.",
    }
    assert (trader.status("old"), trader.locked("BTC")) == ("CANCELED", "0")


def test_a_replacement_that_fails_a_filter_touches_nothing() -> None:
    trader = Trader(BTC="1")
    trader.order("SELL", "STOP_LOSS", "1", stopPrice="60000", newClientOrderId="old")
    with pytest.raises(Refusal, match="PRICE_FILTER"):
        replace(trader, "old", "60000.001")
    assert trader.status("old") == "NEW"


def replace(trader: Trader, old: str, stop: str, mode: str = "STOP_ON_FAILURE") -> dict[str, object]:
    answer: dict[str, object] = trader.send(
        "POST /api/v3/order/cancelReplace",
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_LOSS",
        quantity="1",
        stopPrice=stop,
        cancelReplaceMode=mode,
        cancelOrigClientOrderId=old,
        newClientOrderId="new",
    )
    return answer

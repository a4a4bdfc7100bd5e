"""When a client order id may come again: three modes of which each real venue has one."""

import pytest

from tests.emulators.binance.refusals import Refusal
from tests.unit.emulators.binance.trader import Trader


def resting(trader: Trader, name: str = "a") -> dict[str, object]:
    answer: dict[str, object] = trader.order("BUY", "LIMIT", "0.001", price="60000", newClientOrderId=name)
    return answer


def test_an_id_is_unique_among_open_orders_and_free_after() -> None:
    trader = Trader(USDT="1000")
    resting(trader)
    with pytest.raises(Refusal, match="-2010 Duplicate order sent"):
        resting(trader)
    trader.cancel(origClientOrderId="a")
    assert resting(trader)["orderId"] == 2
    assert trader.found("a").order_id == 2


def test_an_id_may_be_refused_for_ever() -> None:
    trader = Trader(USDT="1000")
    trader.control("settings", client_ids="always")
    resting(trader)
    trader.cancel(origClientOrderId="a")
    with pytest.raises(Refusal, match="Duplicate order sent"):
        resting(trader)


def test_an_id_may_bring_back_the_old_order() -> None:
    trader = Trader(USDT="1000")
    trader.control("settings", client_ids="return_existing")
    resting(trader)
    trader.cancel(origClientOrderId="a")
    assert resting(trader)["status"] == "CANCELED"
    assert len(trader.account.ledgers["BTCUSDT"].orders) == 1


def test_an_id_may_bring_back_the_old_pair() -> None:
    trader = Trader(BTC="2")
    trader.control("settings", client_ids="return_existing")
    first = trader.pair()
    assert trader.pair()["orders"] == first["orders"]
    assert trader.locked("BTC") == "1"


def test_the_ids_of_a_pair_count_too() -> None:
    trader = Trader(BTC="2", USDT="100")
    trader.pair()
    with pytest.raises(Refusal, match="Duplicate order sent"):
        trader.pair(listClientOrderId="other")
    with pytest.raises(Refusal, match="Duplicate order sent"):
        trader.pair(aboveClientOrderId="one", belowClientOrderId="two")
    with pytest.raises(Refusal, match="Duplicate order sent"):
        trader.pair(listClientOrderId="new", aboveClientOrderId="same", belowClientOrderId="same")
    with pytest.raises(Refusal, match="Duplicate order sent"):
        resting(trader, "stop")


def test_an_id_that_is_too_long_or_strange_is_refused() -> None:
    trader = Trader(USDT="1000")
    for name in ("x" * 37, "with space", "ünknown"):
        with pytest.raises(Refusal) as error:
            resting(trader, name)
        assert error.value.code == -1100

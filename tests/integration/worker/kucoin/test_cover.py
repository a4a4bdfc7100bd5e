"""A trade at KuCoin from a message to its end: stops rest in a family of their own, targets are watched by us."""

from decimal import Decimal

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.domain.trades import TradeStatus
from tests.integration.worker.kucoin.conftest import KucoinDesk

LONG = "LONG BTC/USDT\nEntry: market\nStop loss: 95\nTargets: 105 / 110"
STOPS = {"method": "POST", "path": "/api/v1/stop-order"}


def test_a_position_is_covered_by_stops_that_hold_nothing(desk: KucoinDesk) -> None:
    trade = desk.trade(desk.say(LONG))
    assert trade.held == desk.held() == trade.resting > 0
    assert {kind for kind, _ in desk.resting()} == {"STOP_LOSS"}
    assert sum(quantity for _, quantity in desk.resting()) == trade.held
    assert (trade.status, trade.needs_cover, trade.naked_since) == (TradeStatus.OPEN, False, None)


def test_targets_sell_their_shares_and_leave_no_stop_behind(desk: KucoinDesk) -> None:
    message = desk.say(LONG)
    whole = desk.held()
    desk.move("105.02")
    trade = desk.trade(message)
    assert 0 < trade.held == desk.held() < whole
    assert sum(quantity for _, quantity in desk.resting()) == trade.resting == trade.held
    desk.move("110.02")
    closed = desk.trade(message)
    assert (closed.status, closed.close_reason, desk.held()) == (TradeStatus.CLOSED, "TARGET_HIT", 0)
    assert desk.resting() == []


def test_a_stop_that_is_met_is_followed_into_the_other_family(desk: KucoinDesk) -> None:
    message = desk.say(LONG)
    before = {o.order_id: o.venue_order_id for o in desk.driver.orders(message) if o.purpose is Purpose.STOP}
    desk.move("94.9")
    trade = desk.trade(message)
    assert (trade.status, trade.close_reason, desk.held()) == (TradeStatus.CLOSED, "STOP_HIT", 0)
    stops = [o for o in desk.driver.orders(message) if o.purpose is Purpose.STOP]
    assert {o.status for o in stops} == {OrderStatus.FILLED}
    for order in stops:
        assert order.venue_order_id != before[order.order_id]
        assert order.average_fill_price == Decimal("94.89")


def test_a_stop_whose_answer_was_lost_is_found_by_our_id_and_sent_once(desk: KucoinDesk) -> None:
    desk.venue.add_fault("accept_then_500", **STOPS, key=desk.key, times=1)
    message = desk.say(LONG)
    desk.look()
    trade = desk.trade(message)
    assert trade.resting == trade.held == desk.held()
    assert sum(quantity for _, quantity in desk.resting()) == trade.held
    sent = desk.venue.summary()["submits_by_client_id"]
    assert {sent[f"{desk.key}:{order.client_order_id}"] for order in desk.driver.orders(message)} == {1}


def test_an_entry_whose_answer_was_lost_is_covered_all_the_same(desk: KucoinDesk) -> None:
    desk.venue.add_fault("accept_then_drop", method="POST", path="/api/v1/hf/orders", key=desk.key, times=1)
    message = desk.say(LONG)
    desk.look()
    trade = desk.trade(message)
    assert trade.held == trade.resting == desk.held() > 0
    assert desk.venue.summary()["doubles"] == []


def test_a_cancel_whose_answer_was_lost_does_not_hold_up_the_trade(desk: KucoinDesk) -> None:
    message = desk.say(LONG)
    desk.venue.add_fault("accept_then_500", method="DELETE", key=desk.key, times=1)
    desk.move("105.02")
    # The venue shows the cancelled stop by its own id alone.
    for _ in range(3):
        desk.look()
    trade = desk.trade(message)
    assert trade.exited > 0
    assert trade.held == trade.resting == desk.held()
    assert sum(quantity for _, quantity in desk.resting()) == trade.held


def test_a_position_that_was_sold_by_hand_is_not_sold_again(desk: KucoinDesk) -> None:
    message = desk.say(LONG)
    # The coin is gone; the stops rest on, because they hold nothing.
    desk.venue.change_account(desk.key, balances={"BTC": "0"})
    desk.move("94.9")
    assert desk.held() == 0
    bought = desk.trade(message).entered
    sold = sum(o.filled_quantity for o in desk.driver.orders(message) if o.purpose is not Purpose.ENTRY)
    assert (bought > 0, sold) == (True, 0)

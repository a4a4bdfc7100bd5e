"""Trades at Coinbase from signal to end: stops rest as stop-limits, targets are watched, and no answer is taken for two."""

from decimal import Decimal

import pytest

from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderType, Purpose
from shared.domain.trades import TradeStatus
from tests.integration.worker.coinbase.conftest import SYMBOL, CoinbaseDesk

LONG = f"LONG {SYMBOL}\nEntry: market\nStop loss: 95\nTargets: 105 / 110"
POST = {"method": "POST", "path": "/api/v3/brokerage/orders"}


def test_a_signal_becomes_a_position_whose_stops_rest_at_the_venue(desk: CoinbaseDesk) -> None:
    trade = desk.driver.trade(desk.driver.say(LONG))
    assert desk.driver.account(desk.bot).balance_total is not None
    resting = desk.open_rows()
    assert {(row["type"], row["stopPrice"], row["price"]) for row in resting} == {
        ("STOP_LOSS_LIMIT", "95.00000000", "93.10000000")
    }
    # What was bought is all there: the fee was paid in dollars.
    assert sum(Decimal(row["origQty"]) for row in resting) == trade.held == desk.held("ETH") > 0
    assert (trade.resting, trade.needs_cover) == (trade.held, False)
    assert (trade.watch_above, trade.watch_below) == (105, Decimal("93.1"))


def test_a_touched_target_frees_its_share_and_sells_it_and_the_last_one_closes_the_trade(
    desk: CoinbaseDesk,
) -> None:
    message = desk.driver.say(LONG)
    bought = desk.driver.trade(message).held
    desk.move("105.02")
    trade = desk.driver.trade(message)
    assert 0 < trade.exited < bought
    assert trade.held == desk.held("ETH") == sum(Decimal(row["origQty"]) for row in desk.open_rows())
    desk.move("110.02")
    closed = desk.driver.trade(message)
    assert (closed.status, closed.close_reason) == (TradeStatus.CLOSED, "TARGET_HIT")
    assert (desk.held("ETH"), desk.open_rows()) == (0, [])


def test_a_stop_that_the_market_reaches_sells_at_the_venue(desk: CoinbaseDesk) -> None:
    message = desk.driver.say(LONG)
    desk.move("94.9")
    trade = desk.driver.trade(message)
    assert (trade.status, trade.close_reason) == (TradeStatus.CLOSED, "STOP_HIT")
    assert (desk.held("ETH"), desk.open_rows()) == (0, [])


def test_a_market_that_jumps_over_the_stops_limit_is_met_at_market(desk: CoinbaseDesk) -> None:
    message = desk.driver.say(LONG)
    desk.move("90")
    trade = desk.driver.trade(message)
    assert (trade.status, trade.close_reason) == (TradeStatus.CLOSED, "STOP_HIT")
    assert (desk.held("ETH"), desk.open_rows()) == (0, [])
    leaving = [order for order in desk.driver.orders(message) if order.purpose is Purpose.EXIT]
    assert {order.order_type for order in leaving} == {OrderType.MARKET}


@pytest.mark.parametrize("kind", ["accept_then_drop", "accept_then_500", "garbage"])
def test_an_order_whose_answer_was_lost_is_found_in_the_lists_and_sent_once(
    desk: CoinbaseDesk, kind: str
) -> None:
    desk.venue.add_fault(kind, **POST, key=desk.key, times=1)
    message = desk.driver.say(LONG)
    desk.driver.context.late.wait(8)
    desk.driver.answer_bells()
    desk.driver.make_due()
    desk.move("100")
    (entry,) = [order for order in desk.driver.orders(message) if order.purpose is Purpose.ENTRY]
    assert entry.status is OrderStatus.FILLED
    trade = desk.driver.trade(message)
    assert trade.held == desk.held("ETH") == trade.resting
    summary = desk.venue.summary()
    assert summary["submits_by_client_id"][f"{desk.key}:{entry.client_order_id}"] == 1
    assert not [name for name in summary["doubles"] if name.startswith(desk.key)]

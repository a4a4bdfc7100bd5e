"""One signal of each kind, from its message to a trade that is covered, closed and accounted as the venue's books say."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderType, Purpose
from shared.domain.trades import TradeStatus
from tests.integration.worker.venues.conftest import OpenDesk
from worker.pipeline.funding import collect_funding

CENT = Decimal("0.01")


def test_spot_is_covered_by_a_pair_and_closed_by_its_target(open_desk: OpenDesk) -> None:
    desk = open_desk("binance")
    desk.control.set_price("S041USDT", "50")
    before = Decimal(desk.control.accounts(desk.key)[desk.key]["USDT"]["free"])
    message = desk.say("LONG S041/USDT\nEntry: market\nSL: 45\nTP: 60")
    trade = desk.trade(message)
    assert (trade.status, trade.resting, trade.naked_since) == (TradeStatus.OPEN, trade.coverable, None)
    desk.move("S041USDT", "60.01")
    closed = desk.trade(message)
    assert (closed.status, closed.close_reason) == (TradeStatus.CLOSED, "TARGET_HIT")
    after = desk.control.accounts(desk.key)[desk.key]
    dust = closed.held * 60
    assert abs(closed.realised_pnl + dust - (Decimal(after["USDT"]["free"]) - before)) < CENT


def test_a_short_with_leverage_is_covered_above_pays_funding_and_fees(open_desk: OpenDesk) -> None:
    desk = open_desk("binance_futures", max_leverage=5)
    desk.control.set_price("S042USDT", "50")
    message = desk.say("SHORT S042/USDT 5x\nEntry: market\nStop loss: 52\nTarget: 46")
    trade = desk.trade(message)
    assert (trade.status, trade.leverage, trade.naked_since) == (TradeStatus.OPEN, 5, None)
    assert trade.resting == trade.coverable == trade.held > 0
    desk.control.pay_funding("S042USDT", "0.0001")
    desk.control.pay_funding("S042USDT", "-0.0003")
    for _ in range(2):
        collect_funding(desk.driver.context)
        desk.driver.answer_bells()
    desk.move("S042USDT", "45.99")
    closed = desk.trade(message)
    books = {kind: Decimal(amount) for kind, amount in desk.control.books(desk.key).items()}
    assert (closed.status, closed.close_reason, closed.held) == (TradeStatus.CLOSED, "TARGET_HIT", 0)
    assert closed.funding == books["FUNDING_FEE"] != 0
    assert closed.realised_pnl == books["REALIZED_PNL"] + books["COMMISSION"] + books["FUNDING_FEE"]
    assert closed.realised_pnl == books["wallet"] - 10_000


def test_a_part_of_a_share_rests_under_a_stop_for_the_day_and_leaves_by_it(open_desk: OpenDesk) -> None:
    desk = open_desk("alpaca", sizing="250")
    desk.control.set_price("AAPL", "200")
    message = desk.say("LONG AAPL\nEntry: market\nSL: 190\nTP: 230")
    trade = desk.trade(message)
    assert trade.held == trade.resting
    assert trade.held % 1 != 0
    [stop] = desk.orders(message, Purpose.STOP)
    assert (stop.order_type, stop.status, stop.time_in_force) == (OrderType.STOP, OrderStatus.ACCEPTED, "day")
    desk.move("AAPL", "189")
    closed = desk.trade(message)
    assert (closed.status, closed.close_reason, closed.held) == (TradeStatus.CLOSED, "STOP_HIT", 0)
    cash = Decimal(desk.control.accounts()[desk.key]["cash"])
    assert abs(closed.realised_pnl - (cash - 10_000)) < CENT


def test_an_option_call_is_watched_and_closed_at_its_target(open_desk: OpenDesk) -> None:
    desk = open_desk("alpaca", sizing="1000")
    contract = "AAPL270115C00150000"
    desk.control.set_price(contract, "2.50")
    message = desk.say("BTO AAPL 150c 1/15 @ 2.55 SL 1.50 PT 4.00")
    trade = desk.trade(message)
    assert (trade.status, trade.held, trade.managed, trade.resting) == (TradeStatus.OPEN, 3, 3, 0)
    desk.move(contract, "4.10")
    closed = desk.trade(message)
    assert (closed.status, closed.close_reason, closed.held) == (TradeStatus.CLOSED, "TARGET_HIT", 0)
    cash = Decimal(desk.control.accounts()[desk.key]["cash"])
    assert closed.realised_pnl == cash - 10_000


@pytest.mark.parametrize("price", ["94.9", "94"])
def test_a_coin_at_a_venue_without_market_stops_leaves_by_a_stop_limit(
    open_desk: OpenDesk, price: str
) -> None:
    desk = open_desk("alpaca")
    symbol = "C001/USD" if price == "94" else "C002/USD"
    desk.control.set_price(symbol, "100")
    message = desk.say(f"LONG {symbol}\nEntry: market\nSL: 95\nTP: 120")
    trade = desk.trade(message)
    assert (trade.status, trade.resting, trade.naked_since) == (TradeStatus.OPEN, trade.coverable, None)
    desk.move(symbol, price)
    closed = desk.trade(message)
    assert (closed.status, closed.close_reason) == (TradeStatus.CLOSED, "STOP_HIT")
    account = desk.control.accounts()[desk.key]
    dust = closed.held * Decimal(price)
    assert abs(closed.realised_pnl + dust - (Decimal(account["cash"]) - 10_000)) < CENT


def test_an_option_without_an_expiry_is_traded_by_the_bots_own_rule_or_not_at_all(
    open_desk: OpenDesk,
) -> None:
    text = "BTO AAPL 150c @ 2.55 SL 1.50 PT 4.00"
    strict, ruled = open_desk("alpaca"), open_desk("alpaca", option_min_days=7)
    first = datetime.now(UTC).date() + timedelta(days=7)
    friday = first + timedelta(days=(4 - first.weekday()) % 7)
    contract = f"AAPL{friday:%y%m%d}C00150000"
    ruled.control.set_price(contract, "2.50")
    message = ruled.say(text)
    found = {receipt.trading_bot_id: receipt for receipt in ruled.driver.receipts(message)}
    assert found[strict.bot.trading_bot_id].code == "CONTRACT_UNDECIDED"
    assert found[ruled.bot.trading_bot_id].code == "PASSED"
    trade = ruled.trade(message)
    assert (trade.symbol, trade.held, trade.managed) == (contract, 3, 3)


def test_cover_that_ends_with_the_day_is_placed_again_before_the_next_open(open_desk: OpenDesk) -> None:
    desk = open_desk("alpaca", sizing="250")
    desk.control.set_price("AAPL", "200")
    message = desk.say("LONG AAPL\nEntry: market\nSL: 190\nTP: 230")
    [first] = desk.orders(message, Purpose.STOP)
    try:
        desk.control.set_clock(is_open=False)
        desk.look()
        ended, again = desk.orders(message, Purpose.STOP)
        assert (ended.order_id, ended.status) == (first.order_id, OrderStatus.EXPIRED)
        assert (again.status, again.quantity, again.stop_price) == (OrderStatus.ACCEPTED, first.quantity, 190)
        assert desk.trade(message).resting == desk.trade(message).held
        # While the exchange is closed a price moves nothing.
        desk.move("AAPL", "189")
        assert desk.trade(message).status is TradeStatus.OPEN
    finally:
        desk.control.set_clock(is_open=True)
    desk.look()
    closed = desk.trade(message)
    assert (closed.status, closed.close_reason, closed.held) == (TradeStatus.CLOSED, "STOP_HIT", 0)

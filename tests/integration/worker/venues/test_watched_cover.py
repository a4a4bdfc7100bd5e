"""Where not everything can rest: stops alone (coins at Alpaca), or nothing at all (options); we watch the rest."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.orders import OrderType, Purpose
from shared.domain.trades import StopSource, TradeStatus
from shared.models.messages import InboxMessage
from tests.integration.worker.venues.conftest import OpenDesk, VenueDesk
from worker.pipeline.prices import refresh_prices
from worker.pipeline.protect import watch_cover

COIN, CONTRACT = "C001/USD", "AAPL270115C00150000"
COINS = f"LONG {COIN}\nEntry: market\nStop loss: 95\nTargets: 105 / 110"
CALLS = "BTO AAPL 150c 1/15 @ 2.05 SL 1.50 PT 3.00 / 4.00"


def stops(desk: VenueDesk, message: InboxMessage) -> list[Decimal]:
    return [quantity for kind, quantity, _ in desk.resting(message) if kind is OrderType.STOP]


class TestStopsAlone:
    @pytest.fixture
    def desk(self, open_desk: OpenDesk) -> VenueDesk:
        desk = open_desk("alpaca")
        desk.control.set_price(COIN, "100")
        return desk

    def test_the_stop_is_cut_into_the_shares_of_the_targets_which_are_watched(self, desk: VenueDesk) -> None:
        message = desk.say(COINS)
        trade = desk.trade(message)
        assert len(stops(desk, message)) == 2
        assert sum(stops(desk, message)) == trade.resting == trade.coverable
        assert (trade.watch_above, trade.watch_below) == (105, Decimal("93.1"))

    def test_a_touched_target_frees_its_share_alone_and_sells_it(self, desk: VenueDesk) -> None:
        message = desk.say(COINS)
        first, second = stops(desk, message)
        desk.move(COIN, "105.02")
        trade = desk.trade(message)
        assert (trade.exited, stops(desk, message)) == (first, [second])
        assert (trade.status, trade.needs_cover, trade.watch_above) == (TradeStatus.OPEN, False, 110)
        desk.move(COIN, "110.02")
        closed = desk.trade(message)
        assert (closed.status, closed.close_reason) == (TradeStatus.CLOSED, "TARGET_HIT")
        assert stops(desk, message) == []

    def test_a_price_between_the_levels_does_nothing(self, desk: VenueDesk) -> None:
        message = desk.say(COINS)
        before = len(desk.driver.orders(message))
        for price in ("104.9", "95.1", "101"):
            desk.move(COIN, price)
        assert (len(desk.driver.orders(message)), desk.trade(message).exited) == (before, 0)

    def test_a_stop_that_the_market_reaches_sells_at_the_venue(self, desk: VenueDesk) -> None:
        message = desk.say(COINS)
        desk.move(COIN, "95")
        trade = desk.trade(message)
        assert (trade.status, trade.close_reason) == (TradeStatus.CLOSED, "STOP_HIT")
        assert desk.orders(message, Purpose.EXIT) == []

    def test_a_market_that_jumps_over_the_stops_limit_is_met_at_market(self, desk: VenueDesk) -> None:
        message = desk.say(COINS)
        desk.move(COIN, "90")
        desk.look()
        trade = desk.trade(message)
        assert (trade.status, trade.close_reason) == (TradeStatus.CLOSED, "STOP_HIT")
        # One order to leave for each stop that was cancelled for it, at what the market still pays.
        exits = desk.orders(message, Purpose.EXIT)
        assert {(o.order_type, o.average_fill_price) for o in exits} == {(OrderType.MARKET, Decimal("89.99"))}


class TestNothingRests:
    @pytest.fixture
    def open_options(self, open_desk: OpenDesk) -> Any:
        def make(**settings: Any) -> VenueDesk:
            desk = open_desk("alpaca", **settings)
            desk.control.set_price(CONTRACT, "2.00")
            return desk

        return make

    @pytest.fixture
    def desk(self, open_options: Any) -> VenueDesk:
        found: VenueDesk = open_options()
        return found

    def test_the_position_is_covered_by_our_watch(self, desk: VenueDesk) -> None:
        message = desk.say(CALLS)
        trade = desk.trade(message)
        assert (trade.managed, trade.resting, trade.coverable) == (trade.held, 0, trade.held)
        assert (trade.naked_since, trade.needs_cover) == (None, False)
        assert desk.resting(message) == []

    def test_a_touched_stop_closes_it(self, desk: VenueDesk) -> None:
        message = desk.say(CALLS)
        desk.move(CONTRACT, "1.45")
        trade = desk.trade(message)
        assert (trade.status, trade.close_reason, desk.position(CONTRACT)) == (
            TradeStatus.CLOSED,
            "STOP_HIT",
            0,
        )
        assert trade.managed == 0

    def test_a_lost_bell_is_healed_by_the_cover_watch_though_the_price_came_back(
        self, desk: VenueDesk
    ) -> None:
        message = desk.say(CALLS)
        desk.control.set_price(CONTRACT, "1.45")
        refresh_prices(desk.driver.context)
        desk.driver.lose_bells()
        desk.control.set_price(CONTRACT, "1.95")
        desk.driver.make_due()
        assert watch_cover() == 1
        desk.driver.answer_bells()
        assert (desk.trade(message).status, desk.position(CONTRACT)) == (TradeStatus.CLOSED, 0)

    def test_targets_sell_their_shares_and_the_stop_moves_to_the_entry(self, open_options: Any) -> None:
        desk: VenueDesk = open_options(break_even_after=1)
        message = desk.say(CALLS)
        whole, paid = desk.trade(message).held, desk.trade(message).entry_average
        desk.move(CONTRACT, "3.02")
        trade = desk.trade(message)
        assert 0 < trade.exited < whole
        assert (trade.held, trade.stop_source) == (whole - trade.exited, StopSource.BREAK_EVEN)
        assert (trade.stop_price, trade.watch_below, trade.managed) == (paid, paid, trade.held)
        desk.move(CONTRACT, "1.95")
        assert (desk.trade(message).status, desk.position(CONTRACT)) == (TradeStatus.CLOSED, 0)

    def test_a_stop_trails_tick_by_tick_and_sells_when_the_price_turns(self, open_options: Any) -> None:
        desk: VenueDesk = open_options(trailing_stop_percent=Decimal(5))
        message = desk.say("BTO AAPL 150c 1/15 @ 2.05 SL 1.50")
        levels = []
        for price in ("2.40", "2.80", "2.75", "3.01"):
            desk.move(CONTRACT, price)
            levels.append(desk.trade(message).stop_price)
        assert levels == sorted(levels)
        # The bid was 3.00.
        assert levels[-1] == Decimal("2.85")
        desk.move(CONTRACT, "2.84")
        assert (desk.trade(message).close_reason, desk.position(CONTRACT)) == ("STOP_HIT", 0)

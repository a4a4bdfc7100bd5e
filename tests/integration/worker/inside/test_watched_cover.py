"""Venues where not everything can rest: stops alone, or nothing at all; what cannot rest is watched by us."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderType, Purpose
from shared.domain.trades import StopSource, TradeStatus
from tests.integration.worker.inside.conftest import InsideDesk
from worker.pipeline.protect import watch_cover

LONG = "LONG BTC/USDT\nEntry: market\nStop loss: 95\nTargets: 105 / 110"


def stops(desk: InsideDesk) -> list[Decimal]:
    return [
        row.request.quantity
        for row in desk.book.rows.values()
        if row.status is OrderStatus.ACCEPTED and row.request.order_type is OrderType.STOP
    ]


class TestStopsAlone:
    @pytest.fixture
    def desk(self, open_desk: Any) -> InsideDesk:
        found: InsideDesk = open_desk("singlevenue")
        return found

    def test_the_stop_is_cut_into_the_shares_of_the_targets_which_are_watched(self, desk: InsideDesk) -> None:
        trade = desk.trade(desk.say(LONG))
        assert len(stops(desk)) == 2
        assert sum(stops(desk)) == trade.held == trade.resting
        assert (trade.watch_above, trade.watch_below) == (105, Decimal("93.1"))

    def test_a_touched_target_frees_its_share_alone_and_sells_it(self, desk: InsideDesk) -> None:
        message = desk.say(LONG)
        first, second = stops(desk)
        desk.move("105.01")
        trade = desk.trade(message)
        assert (trade.exited, trade.held, stops(desk)) == (first, second, [second])
        assert (trade.status, trade.needs_cover, trade.watch_above) == (TradeStatus.OPEN, False, 110)
        desk.move("110.01")
        closed = desk.trade(message)
        assert (closed.status, closed.close_reason, desk.book.position) == (
            TradeStatus.CLOSED,
            "TARGET_HIT",
            0,
        )
        assert stops(desk) == []

    def test_a_price_between_the_levels_does_nothing(self, desk: InsideDesk) -> None:
        message = desk.say(LONG)
        before = len(desk.book.rows)
        for price in ("104.9", "95.1", "101"):
            desk.move(price)
        assert (len(desk.book.rows), desk.trade(message).exited) == (before, 0)

    def test_a_stop_that_the_market_reaches_sells_at_the_venue(self, desk: InsideDesk) -> None:
        message = desk.say(LONG)
        desk.move("95")
        trade = desk.trade(message)
        assert (trade.status, trade.close_reason, desk.book.position) == (TradeStatus.CLOSED, "STOP_HIT", 0)

    def test_a_market_that_jumps_over_the_stops_limit_is_met_at_market(self, desk: InsideDesk) -> None:
        message = desk.say(LONG)
        desk.move("90", jumps=True)
        trade = desk.trade(message)
        assert (trade.status, trade.close_reason, desk.book.position) == (TradeStatus.CLOSED, "STOP_HIT", 0)
        [leaving] = [o for o in desk.driver.orders(message) if o.purpose is Purpose.EXIT]
        assert (leaving.order_type, leaving.average_fill_price) == (OrderType.MARKET, 90)


class TestNothingRests:
    @pytest.fixture
    def desk(self, open_desk: Any) -> InsideDesk:
        found: InsideDesk = open_desk("managedvenue")
        return found

    def test_the_position_is_covered_by_our_watch(self, desk: InsideDesk) -> None:
        trade = desk.trade(desk.say(LONG))
        assert (trade.managed, trade.resting, trade.coverable) == (trade.held, 0, trade.held)
        assert (trade.naked_since, trade.needs_cover) == (None, False)
        assert [row.status for row in desk.book.rows.values()] == [OrderStatus.FILLED]

    def test_a_touched_stop_closes_it(self, desk: InsideDesk) -> None:
        message = desk.say(LONG)
        desk.move("94.5")
        trade = desk.trade(message)
        assert (trade.status, trade.close_reason, desk.book.position) == (TradeStatus.CLOSED, "STOP_HIT", 0)
        assert trade.managed == 0

    def test_a_lost_bell_is_healed_by_the_cover_watch_though_the_price_came_back(
        self, desk: InsideDesk
    ) -> None:
        message = desk.say(LONG)
        desk.book.move("94.5")
        desk.note_prices()
        desk.driver.lose_bells()
        desk.book.move("99")
        desk.driver.make_due()
        assert watch_cover() == 1
        desk.driver.answer_bells()
        assert (desk.trade(message).status, desk.book.position) == (TradeStatus.CLOSED, 0)

    def test_targets_sell_their_shares_and_the_stop_moves_to_the_entry(self, open_desk: Any) -> None:
        desk: InsideDesk = open_desk("managedvenue", break_even_after=1)
        message = desk.say(LONG)
        whole = desk.trade(message).held
        desk.move("105.01")
        trade = desk.trade(message)
        assert (trade.held, trade.stop_source) == (whole - trade.exited, StopSource.BREAK_EVEN)
        assert (trade.stop_price, trade.watch_below, trade.managed) == (100, 100, trade.held)
        desk.move("99.9")
        assert (desk.trade(message).status, desk.book.position) == (TradeStatus.CLOSED, 0)

    def test_a_stop_trails_tick_by_tick_and_sells_when_the_price_turns(self, open_desk: Any) -> None:
        desk: InsideDesk = open_desk("managedvenue", trailing_stop_percent=Decimal(3))
        message = desk.say("LONG BTC/USDT\nEntry: market\nStop loss: 95")
        levels = []
        for price in ("101", "103", "102", "104.37"):
            desk.move(price)
            levels.append(desk.trade(message).stop_price)
        assert levels == sorted(levels)
        assert levels[-1] == Decimal("101.22")
        desk.move("101.2")
        assert (desk.trade(message).close_reason, desk.book.position) == ("STOP_HIT", 0)

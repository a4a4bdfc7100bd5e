"""Levels that we watch: where they lie, what a touch asks for, and a stop that trails and never goes back."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.cover import CoverStyle, CoverTerms
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.signals import Side
from shared.domain.targets import watched_cause
from shared.domain.trades import StopSource, Trade
from shared.domain.watching import act_on_touch, is_about_to_trail, watched_levels
from tests.unit.shared.domain.builders import even_targets, make_instrument, make_open_trade, make_order
from tests.unit.shared.domain.tapes import managed, walk

BITCOIN = make_instrument()
S = OrderStatus
MANAGED = CoverTerms(CoverStyle.MANAGED)
SINGLE = CoverTerms(CoverStyle.SINGLE)
LIMITED = CoverTerms(CoverStyle.SINGLE, stop_limit_percent=Decimal(2))
PAIRED = CoverTerms(CoverStyle.PAIRED)
TARGETS = even_targets((Decimal(105), Decimal(110)))
ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))
OPEN = make_open_trade(10, targets=TARGETS)
SHORT = replace(
    OPEN, side=Side.SELL, stop_price=Decimal(105), targets=even_targets((Decimal(95), Decimal(90)))
)


def bounds(trade: Trade, terms: CoverTerms, *orders: Order) -> tuple[Any, Any, Any]:
    found = watched_levels(trade, (ENTRY, *orders), BITCOIN, terms).by_direction(trade.side)
    return found["is_watched"], found["watch_below"], found["watch_above"]


def touch(trade: Trade, price: str, terms: CoverTerms, *orders: Order, **how: bool) -> dict[str, Any]:
    touched = replace(trade, touched_price=Decimal(price))
    return act_on_touch(touched, (ENTRY, *orders), BITCOIN, terms, **how)


def test_where_nothing_rests_stop_and_nearest_target_are_watched() -> None:
    assert bounds(OPEN, MANAGED) == (True, Decimal(95), Decimal(105))
    assert bounds(SHORT, MANAGED) == (True, Decimal(95), Decimal(105))


def test_where_stops_rest_targets_alone_are_watched() -> None:
    assert bounds(OPEN, SINGLE) == (True, None, Decimal(105))


def test_where_stops_have_a_limit_it_is_watched_whether_the_market_jumps_over_it() -> None:
    assert bounds(OPEN, LIMITED) == (True, Decimal("93.1"), Decimal(105))
    assert bounds(SHORT, LIMITED) == (True, Decimal(95), Decimal("107.1"))


@pytest.mark.parametrize(
    "trade",
    [make_open_trade(0, targets=TARGETS), replace(OPEN, exit_cause="update", exit_fraction=Decimal(1))],
    ids=["nothing held", "leaving already"],
)
def test_what_is_flat_or_leaves_already_is_not_watched(trade: Trade) -> None:
    assert bounds(trade, MANAGED) == (False, None, None)


def test_what_rests_whole_at_the_venue_is_not_watched() -> None:
    assert bounds(OPEN, PAIRED) == (False, None, None)


def test_a_touched_stop_closes_the_position() -> None:
    done = touch(OPEN, "94.9", MANAGED)
    assert done == {
        "touched_price": None,
        "exit_cause": "stop:95",
        "exit_fraction": Decimal(1),
        "exit_reason": "STOP_HIT",
    }
    assert touch(SHORT, "105", MANAGED)["exit_cause"] == "stop:105"


def test_a_touched_target_sells_its_share() -> None:
    done = touch(OPEN, "105", SINGLE)
    assert (done["exit_fraction"], done["exit_reason"]) == (Decimal("0.5"), "TARGET_HIT")
    assert done["exit_cause"] == watched_cause(OPEN, 0)
    assert touch(SHORT, "95", SINGLE)["exit_fraction"] == Decimal("0.5")


def test_a_target_that_was_sold_is_not_sold_again() -> None:
    gone = make_order(
        "out",
        purpose=Purpose.EXIT,
        cause=watched_cause(OPEN, 0),
        quantity=Decimal(5),
        filled_quantity=Decimal(5),
        status=S.FILLED,
    )
    half = replace(make_open_trade(5, targets=TARGETS), exited=Decimal(5))
    assert bounds(half, SINGLE, gone) == (True, None, Decimal(110))
    last = touch(half, "111", SINGLE, gone)
    assert (last["exit_cause"], last["exit_fraction"]) == (watched_cause(OPEN, 1), Decimal(1))


def test_a_touch_of_a_level_that_has_moved_since_is_forgotten() -> None:
    moved = replace(OPEN, stop_price=Decimal(90), targets=())
    assert touch(moved, "94", MANAGED) == {"touched_price": None}


def test_a_touch_waits_while_an_exit_is_under_way() -> None:
    leaving = replace(OPEN, exit_cause="update", exit_fraction=Decimal("0.5"))
    assert touch(leaving, "90", MANAGED) == {}


class TestTrailing:
    trade = make_open_trade(10, trail_percent=Decimal(5))

    def test_the_stop_follows_the_price_at_its_distance(self) -> None:
        assert touch(self.trade, "110", MANAGED) == {
            "touched_price": None,
            "stop_price": Decimal("104.50"),
            "stop_percent": None,
            "stop_source": StopSource.TRAILING,
        }

    def test_of_a_short_position_from_above(self) -> None:
        short = replace(SHORT, targets=(), trail_percent=Decimal(5))
        assert touch(short, "90", MANAGED)["stop_price"] == Decimal("94.50")

    def test_it_never_goes_back(self) -> None:
        assert touch(self.trade, "99", MANAGED) == {"touched_price": None}

    def test_one_that_rests_is_moved_by_a_tenth_of_its_distance_at_least(self) -> None:
        # A tenth of five percent of 95 is 0.47: at 100.48 the stop would be 95.45, at 100.50 it is 95.47.
        assert touch(self.trade, "100.48", PAIRED) == {"touched_price": None}
        assert touch(self.trade, "100.50", PAIRED)["stop_price"] == Decimal("95.47")
        assert bounds(self.trade, PAIRED) == (True, None, Decimal("100.50"))

    def test_nothing_trails_while_halted(self) -> None:
        assert touch(self.trade, "120", MANAGED, is_halted=True) == {"touched_price": None}
        assert is_about_to_trail(replace(self.trade, touched_price=Decimal(120)))
        assert not is_about_to_trail(self.trade)


def native(prices: list[Decimal], side: Side, percent: Decimal, begin: Decimal) -> tuple[int | None, Decimal]:
    """A venue's own trailing stop on a tape: (where it sells, its level then), in the tick of 0.01."""
    stop = begin
    for place, price in enumerate(prices):
        if price <= stop if side is Side.BUY else price >= stop:
            return place, stop
        if side is Side.BUY:
            stop = max(stop, BITCOIN.floor_price(price * (1 - percent / 100)))
        else:
            stop = min(stop, BITCOIN.ceil_price(price * (1 + percent / 100)))
    return None, stop


def test_over_ten_thousand_walks_the_stop_never_goes_back_and_sells_where_a_venues_own_would() -> None:
    chance = random.Random(20261201)
    ended = 0
    for number in range(10_000):
        side = Side.BUY if number % 2 else Side.SELL
        percent = Decimal(chance.randrange(1, 80)) / 10
        begin = Decimal(95) if side is Side.BUY else Decimal(105)
        prices = walk(chance)
        trade = make_open_trade(10, side=side, stop_price=begin, trail_percent=percent)
        ours = managed(prices, trade)
        assert ours == native(prices, side, percent, begin), (number, side, percent)
        ended += ours[0] is not None
    assert 1_000 < ended < 9_999

"""Stops: numbered one after the other, at the wanted price, and asked to go only once."""

from decimal import Decimal

import pytest

from shared.domain.order_status import TERMINAL, OrderStatus
from shared.domain.orders import OrderType, Purpose
from shared.domain.signals import Side
from shared.domain.stops import StopMove, entries_over, judge_stop, next_stop_leg, not_yet_asked, stop_intent
from tests.unit.shared.domain.builders import make_open_trade, make_order


def test_a_stop_is_a_market_stop_at_the_wanted_price_of_the_next_version():
    stop = stop_intent(make_open_trade(10, cover_version=4), Decimal(3), 2, replaces="old")
    assert (stop.purpose, stop.order_type, stop.stop_price) == (Purpose.STOP, OrderType.STOP, 95)
    assert (stop.quantity, stop.leg, stop.cover_version, stop.replaces) == (3, 2, 5, "old")


def test_stops_are_numbered_on_whatever_became_of_the_earlier_ones():
    stops = [make_order(f"s{n}", purpose=Purpose.STOP, leg=n, status=OrderStatus.REJECTED) for n in range(3)]
    assert next_stop_leg([*stops, make_order("t", purpose=Purpose.TARGET, leg=9)]) == 3
    assert next_stop_leg([]) == 0


@pytest.mark.parametrize("status", sorted(OrderStatus))
def test_entries_are_over_once_none_can_fill(status: OrderStatus):
    assert entries_over([make_order(status=status)]) is (status in TERMINAL)


def test_exits_that_live_keep_no_entry_open():
    assert entries_over([make_order("stop", purpose=Purpose.STOP, status=OrderStatus.ACCEPTED)])


def test_a_cancel_is_asked_for_once():
    asked, other = make_order("asked", cancel_requested=True), make_order("other")
    assert not_yet_asked([asked, other]) == ("other",)


@pytest.mark.parametrize(
    ("price", "long", "short"),
    [
        ("94.99", StopMove.FURTHER, StopMove.NEARER),
        ("95", StopMove.SAME, StopMove.SAME),
        ("95.01", StopMove.NEARER, StopMove.FURTHER),
    ],
)
def test_further_is_what_risks_more_on_either_side(price: str, long: StopMove, short: StopMove) -> None:
    assert judge_stop(Side.BUY, Decimal(price), Decimal(95)) is long
    assert judge_stop(Side.SELL, Decimal(price), Decimal(95)) is short


@pytest.mark.parametrize(
    ("side", "price", "move"),
    [
        (Side.BUY, "98.99", StopMove.NEARER),
        (Side.BUY, "99", StopMove.WRONG_SIDE),
        (Side.SELL, "101.01", StopMove.NEARER),
        (Side.SELL, "101", StopMove.WRONG_SIDE),
    ],
)
def test_before_the_entry_a_stop_lies_on_the_losing_side_of_every_price_it_may_have(
    side: Side, price: str, move: StopMove
) -> None:
    entries = (Decimal(99), Decimal(100), Decimal(101))
    assert judge_stop(side, Decimal(price), None, entries) is move


def test_where_none_stands_any_stop_is_nearer() -> None:
    assert judge_stop(Side.BUY, Decimal(1), None) is StopMove.NEARER

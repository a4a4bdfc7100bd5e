"""A stop that the venue moves: beside the one that stands still, where exits share the position."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.protection import plan_cover
from shared.domain.trades import Trade
from shared.domain.trailing import plan_trailing, trails_at_venue
from shared.domain.watching import watched_levels
from tests.unit.shared.domain.builders import NOW, make_instrument, make_open_trade, make_order

BITCOIN = make_instrument()
S = OrderStatus
TERMS = CoverTerms(CoverStyle.REDUCE_ONLY, trails=True)
OPEN = make_open_trade(10, trail_percent=Decimal(4))
ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))


def stop(order_id: str = "stop", **changes: Any) -> Order:
    values = {
        "purpose": Purpose.STOP,
        "order_type": OrderType.STOP,
        "stop_price": Decimal(95),
        "status": S.ACCEPTED,
    }
    return make_order(order_id, **{**values, "sent_at": NOW, **changes})


def trailing(order_id: str = "trailing", **changes: Any) -> Order:
    values = {
        "order_type": OrderType.TRAILING_STOP,
        "stop_price": None,
        "trail_percent": Decimal(4),
        "leg": 1,
    }
    return stop(order_id, **{**values, **changes})


def plan(trade: Trade, *orders: Order, later: float = 0) -> CoverPlan:
    return plan_cover(trade, (ENTRY, *orders), BITCOIN, NOW + timedelta(seconds=later), TERMS)


def shape(asked: CoverPlan) -> list[tuple[str, Decimal]]:
    return [(str(item.order_type), item.quantity) for item in asked.place]


def test_it_is_placed_with_the_standing_stop_and_with_an_id_of_its_own() -> None:
    asked = plan(OPEN)
    assert shape(asked) == [("stop", 10), ("trailing_stop", 10)]
    assert asked.place[1].trail_percent == 4
    assert len({item.intent_id for item in asked.place}) == 2
    assert plan(OPEN, stop(), trailing()).is_done


def test_one_that_is_larger_than_what_is_left_stays_because_it_only_reduces() -> None:
    half = make_open_trade(5, trail_percent=Decimal(4))
    assert plan_trailing(half, (trailing(),), Decimal(5), TERMS).is_done


def test_what_was_bought_later_trails_too() -> None:
    assert shape(plan(OPEN, stop(), trailing(quantity=Decimal(4)))) == [("trailing_stop", 6)]


def test_another_distance_is_placed_before_the_old_one_goes() -> None:
    wider = replace(OPEN, trail_percent=Decimal(5))
    first = plan(wider, stop(), trailing())
    assert (shape(first), first.cancel, first.is_waiting) == ([("trailing_stop", 10)], (), True)
    new = trailing("new", trail_percent=Decimal(5), leg=2)
    assert plan(wider, stop(), trailing(), new).cancel == ("trailing",)


def test_a_trade_that_trails_no_more_loses_it() -> None:
    assert plan(replace(OPEN, trail_percent=None), stop(), trailing()).cancel == ("trailing",)


@pytest.mark.parametrize(
    ("percent", "terms"),
    [
        ("0.05", TERMS),
        ("10.1", TERMS),
        ("2.55", TERMS),
        ("4", CoverTerms(CoverStyle.REDUCE_ONLY)),
        ("4", CoverTerms(CoverStyle.PAIRED, trails=True)),
    ],
)
def test_what_the_venue_cannot_trail_is_watched_by_us(percent: str, terms: CoverTerms) -> None:
    trade = replace(OPEN, trail_percent=Decimal(percent))
    assert not trails_at_venue(trade, (), terms)
    assert watched_levels(trade, (ENTRY,), BITCOIN, terms).trail is not None


def test_what_the_venue_trails_is_not_watched() -> None:
    assert watched_levels(OPEN, (ENTRY,), BITCOIN, TERMS).trail is None


def test_after_three_refusals_it_is_ours_to_follow() -> None:
    refused = [trailing(f"refused{n}", leg=n, status=S.REJECTED) for n in range(3)]
    waits = plan(OPEN, stop(), refused[0], later=0.5)
    assert (shape(waits), waits.retry_at, waits.is_done) == ([], NOW + timedelta(seconds=1), False)
    assert shape(plan(OPEN, stop(), refused[0], later=2)) == [("trailing_stop", 10)]
    assert plan(OPEN, stop(), *refused, later=99).is_calm
    assert watched_levels(OPEN, (ENTRY, *refused), BITCOIN, TERMS).trail is not None

"""Cover where exits are linked: what is placed and cancelled until every coverable unit has a stop, and nothing when it has."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.cover import CoverPlan, CoverTerms
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.protection import plan_cover
from shared.domain.trades import Trade
from tests.unit.shared.domain.builders import (
    NOW,
    even_targets,
    make_instrument,
    make_open_trade,
    make_order,
)

BITCOIN = make_instrument()
S = OrderStatus
FILLED_ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))
RESTING_ENTRY = make_order("entry", status=S.PARTIALLY_FILLED, filled_quantity=Decimal(4))
TARGETS = even_targets((Decimal(105), Decimal(110)))


def stop_order(order_id: str = "stop", **changes: Any) -> Order:
    values: dict[str, Any] = {
        "purpose": Purpose.STOP,
        "order_type": OrderType.STOP,
        "stop_price": Decimal(95),
        "status": S.ACCEPTED,
        "sent_at": NOW,
    }
    return make_order(order_id, **{**values, **changes})


def exit_order(order_id: str = "exit", **changes: Any) -> Order:
    values = {"purpose": Purpose.EXIT, "cause": "update", "status": S.ACCEPTED, "sent_at": NOW}
    return make_order(order_id, **{**values, **changes})


def plan(trade: Trade, *orders: Order, later: float = 0) -> CoverPlan:
    return plan_cover(trade, orders, BITCOIN, NOW + timedelta(seconds=later), CoverTerms())


def test_a_fresh_fill_gets_a_stop_for_all_of_it():
    (stop,) = plan(make_open_trade(10), FILLED_ENTRY).place
    assert (stop.purpose, stop.order_type, stop.quantity) == (Purpose.STOP, OrderType.STOP, 10)
    assert (stop.stop_price, stop.limit_price, stop.cover_version) == (95, None, 1)


def test_the_same_want_derives_the_same_id_and_a_later_want_another():
    trade = make_open_trade(10)
    first, second = (plan(trade, FILLED_ENTRY, later=later).place[0].intent_id for later in (0, 5))
    assert first == second
    assert plan(replace(trade, cover_version=1), FILLED_ENTRY).place[0].intent_id != first


def test_a_partial_fill_that_grows_gets_a_further_stop_for_the_growth():
    asked = plan(make_open_trade(10, cover_version=1), RESTING_ENTRY, stop_order(quantity=Decimal(4)))
    (stop,) = asked.place
    assert (stop.quantity, stop.leg) == (6, 1)
    assert asked.cancel == ()


def test_a_covered_trade_is_calm():
    assert plan(make_open_trade(10), FILLED_ENTRY, stop_order()) == CoverPlan()


@pytest.mark.parametrize("status", sorted(LIVE))
def test_a_stop_that_is_on_its_way_is_not_placed_twice(status: OrderStatus):
    assert plan(make_open_trade(10), FILLED_ENTRY, stop_order(status=status)).is_calm


@pytest.mark.parametrize(
    ("asked", "is_calm", "is_done"),
    [
        (CoverPlan(), True, True),
        (CoverPlan(cancel=("o",)), False, False),
        (CoverPlan(retry_at=NOW), True, False),
        (CoverPlan(is_waiting=True), True, False),
    ],
)
def test_calm_is_nothing_to_do_now_and_done_is_nothing_to_wait_for(
    asked: CoverPlan, is_calm: bool, is_done: bool
):
    assert (asked.is_calm, asked.is_done) == (is_calm, is_done)


def test_growth_of_less_than_a_lot_places_nothing():
    trade = make_open_trade(Decimal("10.0004"))
    assert plan(trade, FILLED_ENTRY, stop_order()).is_calm


class TestMovedStop:
    trade = make_open_trade(10, stop_price=Decimal(98), cover_version=1)

    def test_the_old_one_is_cancelled_first_because_venues_hold_what_it_promises(self):
        asked = plan(self.trade, FILLED_ENTRY, stop_order())
        assert (asked.place, asked.cancel, asked.is_waiting) == ((), ("stop",), True)

    def test_while_it_goes_nothing_is_asked_for_twice(self):
        going = stop_order(status=S.PENDING_CANCEL, cancel_requested=True)
        asked = plan(self.trade, FILLED_ENTRY, going)
        assert (asked.is_calm, asked.is_waiting) == (True, True)

    def test_once_it_is_gone_the_new_one_is_placed_for_all_that_is_held(self):
        asked = plan(self.trade, FILLED_ENTRY, stop_order(status=S.CANCELED))
        assert [(item.stop_price, item.quantity, item.leg) for item in asked.place] == [(98, 10, 1)]

    def test_a_part_that_filled_on_the_way_is_not_covered_again(self):
        trade = replace(self.trade, held=Decimal(7), exited=Decimal(3), coverable=Decimal(7))
        gone = stop_order(status=S.CANCELED, filled_quantity=Decimal(3))
        assert [item.quantity for item in plan(trade, FILLED_ENTRY, gone).place] == [7]

    def test_targets_wait_until_old_levels_are_gone(self):
        trade = replace(self.trade, targets=TARGETS)
        assert plan(trade, FILLED_ENTRY, stop_order()).place == ()


class TestTargets:
    def test_they_wait_until_the_entries_are_over(self):
        trade = make_open_trade(4, targets=TARGETS)
        asked = plan(trade, RESTING_ENTRY, stop_order(quantity=Decimal(4)))
        assert asked.is_calm

    def test_then_each_is_a_limit_for_its_share(self):
        asked = plan(make_open_trade(10, targets=TARGETS), FILLED_ENTRY, stop_order())
        assert [(i.purpose, i.order_type, i.limit_price, i.quantity) for i in asked.place] == [
            (Purpose.TARGET, OrderType.LIMIT, 105, 5),
            (Purpose.TARGET, OrderType.LIMIT, 110, 5),
        ]
        assert {item.cover_version for item in asked.place} == {1}

    def test_a_target_that_was_reached_is_not_placed_again(self):
        done = make_order(
            "t0",
            purpose=Purpose.TARGET,
            limit_price=Decimal(105),
            status=S.FILLED,
            filled_quantity=Decimal(5),
        )
        trade = make_open_trade(5, entered=Decimal(10), exited=Decimal(5), targets=TARGETS)
        asked = plan(trade, FILLED_ENTRY, stop_order(open_quantity=Decimal(5)), done)
        assert [(item.leg, item.quantity) for item in asked.place] == [(1, 5)]

    def test_changed_targets_replace_the_old_ones(self):
        old = make_order("t0", purpose=Purpose.TARGET, limit_price=Decimal(105), status=S.ACCEPTED)
        trade = make_open_trade(10, targets=even_targets((Decimal(120),)))
        asked = plan(trade, FILLED_ENTRY, stop_order(), old)
        assert (asked.place, asked.cancel) == ((), ("t0",))
        after = plan(trade, FILLED_ENTRY, stop_order(), replace(old, status=S.CANCELED))
        assert [item.limit_price for item in after.place] == [120]

    def test_new_targets_after_the_first_was_reached_share_what_is_left(self):
        done = make_order(
            "t0",
            purpose=Purpose.TARGET,
            limit_price=Decimal(105),
            status=S.FILLED,
            filled_quantity=Decimal(5),
        )
        trade = make_open_trade(
            5,
            entered=Decimal(10),
            exited=Decimal(5),
            targets=even_targets((Decimal(120), Decimal(130))),
        )
        asked = plan(trade, FILLED_ENTRY, stop_order(open_quantity=Decimal(5)), done)
        assert [item.quantity for item in asked.place] == [Decimal("2.5"), Decimal("2.5")]

    def test_what_rests_already_leaves_less_for_the_others(self):
        large = make_order(
            "t0", purpose=Purpose.TARGET, limit_price=Decimal(105), status=S.ACCEPTED, quantity=Decimal(8)
        )
        asked = plan(make_open_trade(10, targets=TARGETS), FILLED_ENTRY, stop_order(), large)
        assert [(item.leg, item.quantity) for item in asked.place] == [(1, 2)]

    def test_a_later_want_of_the_same_target_has_another_id(self):
        trade = make_open_trade(10, targets=TARGETS)
        ids = [
            item.intent_id
            for version in (0, 1, 2)
            for item in plan(replace(trade, cover_version=version), FILLED_ENTRY, stop_order()).place
        ]
        assert len(set(ids)) == 6

    def test_they_are_not_placed_while_the_trade_is_leaving(self):
        trade = make_open_trade(10, targets=TARGETS, exit_cause="update", exit_fraction=Decimal(1))
        assert [item.purpose for item in plan(trade, FILLED_ENTRY, stop_order()).place] == [Purpose.EXIT]

    def test_a_venue_that_refuses_them_again_and_again_is_left_in_peace(self):
        refused = [
            make_order(f"t{n}", purpose=Purpose.TARGET, limit_price=Decimal(105), status=S.REJECTED)
            for n in range(6)
        ]
        trade = make_open_trade(10, targets=TARGETS)
        assert plan(trade, FILLED_ENTRY, stop_order(), *refused).is_calm


class TestExit:
    leaving = make_open_trade(10, exit_cause="update", exit_fraction=Decimal(1))

    def test_a_cause_becomes_one_market_order_for_its_share_and_the_stop_stays(self):
        half = replace(self.leaving, exit_fraction=Decimal("0.5"))
        asked = plan(half, FILLED_ENTRY, stop_order())
        assert [(i.purpose, i.order_type, i.quantity, i.cause) for i in asked.place] == [
            (Purpose.EXIT, OrderType.MARKET, 5, "update")
        ]
        assert asked.cancel == ()

    def test_a_whole_exit_of_an_uncovered_trade_places_no_stop_beside_it(self):
        assert [item.purpose for item in plan(self.leaving, FILLED_ENTRY).place] == [Purpose.EXIT]

    def test_a_part_of_an_uncovered_trade_leaves_and_the_rest_gets_a_stop(self):
        asked = plan(replace(self.leaving, exit_fraction=Decimal("0.4")), FILLED_ENTRY)
        assert [(item.purpose, item.quantity) for item in asked.place] == [
            (Purpose.EXIT, 4),
            (Purpose.STOP, 6),
        ]

    @pytest.mark.parametrize("status", sorted({*LIVE, S.FILLED}))
    def test_the_same_cause_never_leaves_twice(self, status: OrderStatus):
        asked = plan(self.leaving, FILLED_ENTRY, stop_order(), exit_order(status=status))
        assert Purpose.EXIT not in {item.purpose for item in asked.place}

    def test_a_share_too_small_to_trade_takes_all(self):
        trade = make_open_trade(Decimal("0.06"), exit_cause="update", exit_fraction=Decimal("0.5"))
        assert plan(trade, FILLED_ENTRY).place[0].quantity == Decimal("0.06")

    def test_a_refused_exit_is_tried_again_after_a_pause_with_a_new_id(self):
        refused = exit_order(status=S.REJECTED)
        waiting = plan(self.leaving, FILLED_ENTRY, stop_order(), refused, later=0.5)
        assert (waiting.place, waiting.retry_at) == ((), NOW + timedelta(seconds=1))
        (again,) = plan(self.leaving, FILLED_ENTRY, stop_order(), refused, later=1).place
        (first,) = plan(self.leaving, FILLED_ENTRY, stop_order()).place
        assert again.intent_id != first.intent_id

    def test_a_position_whose_exit_waits_for_its_next_try_is_covered_meanwhile(self):
        asked = plan(self.leaving, FILLED_ENTRY, exit_order(status=S.REJECTED), later=0.5)
        assert [(item.purpose, item.quantity) for item in asked.place] == [(Purpose.STOP, 10)]
        assert asked.retry_at == NOW + timedelta(seconds=1)

    def test_what_a_cut_off_exit_had_sold_counts_towards_its_share(self):
        cut = exit_order(status=S.CANCELED, quantity=Decimal(5), filled_quantity=Decimal(3))
        trade = make_open_trade(
            7,
            entered=Decimal(10),
            exited=Decimal(3),
            exit_cause="update",
            exit_fraction=Decimal("0.5"),
        )
        asked = plan(trade, FILLED_ENTRY, stop_order(open_quantity=Decimal(7)), cut)
        assert [item.quantity for item in asked.place] == [2]

    def test_what_an_exit_that_lives_will_sell_needs_no_stop(self):
        asked = plan(self.leaving, FILLED_ENTRY, exit_order(quantity=Decimal(10)))
        assert asked.is_calm


class TestRefusedStop:
    @pytest.mark.parametrize(
        ("refusals", "pause"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 30), (6, 60), (20, 60)]
    )
    def test_it_is_tried_again_after_a_growing_pause_without_end(self, refusals: int, pause: int):
        refused = [stop_order(f"s{n}", leg=n, status=S.REJECTED) for n in range(refusals)]
        trade = make_open_trade(10)
        waiting = plan(trade, FILLED_ENTRY, *refused, later=pause - 0.01)
        assert (waiting.place, waiting.retry_at) == ((), NOW + timedelta(seconds=pause))
        again = plan(trade, FILLED_ENTRY, *refused, later=pause)
        assert [(item.quantity, item.leg) for item in again.place] == [(10, refusals)]

    def test_the_pause_begins_with_the_last_refusal(self):
        early = stop_order("s0", status=S.REJECTED, sent_at=NOW - timedelta(hours=1))
        last = stop_order("s1", leg=1, status=S.REJECTED)
        assert plan(make_open_trade(10), FILLED_ENTRY, early, last).retry_at == NOW + timedelta(seconds=2)

    def test_an_abandoned_one_counts_as_refused(self):
        asked = plan(make_open_trade(10), FILLED_ENTRY, stop_order(status=S.ABANDONED))
        assert asked.retry_at == NOW + timedelta(seconds=1)

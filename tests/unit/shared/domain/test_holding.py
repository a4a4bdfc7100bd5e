"""Cover at a venue where resting exits hold their quantity: pairs, lone stops, and what goes first."""

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
from tests.unit.shared.domain.builders import NOW, even_targets, make_instrument, make_open_trade, make_order

BITCOIN = make_instrument()
S = OrderStatus
FILLED_ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))
RESTING_ENTRY = make_order("entry", status=S.PARTIALLY_FILLED, filled_quantity=Decimal(4))
TARGETS = even_targets((Decimal(105), Decimal(110)))
TERMS = CoverTerms(CoverStyle.PAIRED, replaces_stops=True)


def stop_order(order_id: str = "stop", **changes: Any) -> Order:
    values: dict[str, Any] = {
        "purpose": Purpose.STOP,
        "order_type": OrderType.STOP,
        "stop_price": Decimal(95),
        "status": S.ACCEPTED,
        "sent_at": NOW,
    }
    return make_order(order_id, **{**values, **changes})


def pair(leg: int, quantity: int, *, stop_price: int = 95, **changes: Any) -> tuple[Order, Order]:
    """The stop and the target of one pair, both resting."""
    shared: dict[str, Any] = {"pair_id": f"pair{leg}", "quantity": Decimal(quantity), **changes}
    stop = stop_order(f"stop{leg}", leg=leg, **{"stop_price": Decimal(stop_price), **shared})
    target = make_order(
        f"target{leg}",
        purpose=Purpose.TARGET,
        leg=leg,
        limit_price=TARGETS[leg].price,
        **{"status": S.ACCEPTED, **shared},
    )
    return stop, target


def plan(trade: Trade, *orders: Order, later: float = 0, terms: CoverTerms = TERMS) -> CoverPlan:
    return plan_cover(trade, orders, BITCOIN, NOW + timedelta(seconds=later), terms)


def shape(asked: CoverPlan) -> list[tuple[str, Decimal, bool]]:
    return [(str(item.purpose), item.quantity, item.pair_id is not None) for item in asked.place]


WITH_TARGETS = make_open_trade(10, targets=TARGETS)


def test_every_target_is_written_together_with_a_stop_for_its_share():
    asked = plan(WITH_TARGETS, FILLED_ENTRY)
    assert shape(asked) == [("stop", 5, True), ("target", 5, True)] * 2
    assert len({item.pair_id for item in asked.place}) == 2
    assert len({item.intent_id for item in asked.place}) == 4


def test_without_targets_one_stop_covers_all():
    assert shape(plan(make_open_trade(10), FILLED_ENTRY)) == [("stop", 10, False)]


def test_while_an_entry_may_fill_each_fill_gets_a_stop_alone_at_once():
    assert shape(plan(replace(WITH_TARGETS, coverable=Decimal(4)), RESTING_ENTRY)) == [("stop", 4, False)]


def test_then_the_stop_alone_goes_and_what_is_free_is_paired_meanwhile():
    asked = plan(WITH_TARGETS, FILLED_ENTRY, stop_order(quantity=Decimal(4)))
    assert shape(asked) == [("stop", 5, True), ("target", 5, True)]
    assert (asked.cancel, asked.is_waiting) == (("stop",), True)


def test_a_paired_trade_is_calm():
    assert plan(WITH_TARGETS, FILLED_ENTRY, *pair(0, 5), *pair(1, 5)) == CoverPlan()


def test_more_targets_than_the_venue_keeps_stops_for_join_the_last():
    many = even_targets(tuple(Decimal(price) for price in range(101, 111)))
    asked = plan(make_open_trade(10, targets=many), FILLED_ENTRY)
    stops = [item.quantity for item in asked.place if item.purpose is Purpose.STOP]
    assert stops == [1, 1, 1, 7]


class TestTargetFilled:
    stop, target = pair(0, 5)

    def test_in_part_its_stop_is_gone_so_the_rest_is_taken_back_and_paired_anew(self):
        trade = replace(WITH_TARGETS, held=Decimal(8), exited=Decimal(2), coverable=Decimal(8))
        part = replace(self.target, status=S.PARTIALLY_FILLED, filled_quantity=Decimal(2))
        gone = replace(self.stop, status=S.EXPIRED)
        first = plan(trade, FILLED_ENTRY, gone, part, *pair(1, 5))
        assert (first.place, first.cancel) == ((), ("target0",))
        second = plan(trade, FILLED_ENTRY, gone, replace(part, status=S.CANCELED), *pair(1, 5))
        assert shape(second) == [("stop", 3, True), ("target", 3, True)]

    def test_in_whole_nothing_is_placed_for_it_again(self):
        trade = replace(WITH_TARGETS, held=Decimal(5), exited=Decimal(5), coverable=Decimal(5))
        done = replace(self.target, status=S.FILLED, filled_quantity=Decimal(5))
        assert plan(trade, FILLED_ENTRY, replace(self.stop, status=S.EXPIRED), done, *pair(1, 5)).is_calm


class TestMovedStop:
    moved = make_open_trade(10, stop_price=Decimal(98), cover_version=3)

    def test_a_lone_one_is_replaced_in_one_write(self):
        (stop,) = plan(self.moved, FILLED_ENTRY, stop_order()).place
        assert (stop.replaces, stop.quantity, stop.stop_price) == ("stop", 10, 98)

    def test_while_the_replacement_is_on_its_way_nothing_else_is_asked(self):
        coming = stop_order("new", leg=1, stop_price=Decimal(98), replaces="stop", status=S.SUBMITTED)
        assert plan(self.moved, FILLED_ENTRY, stop_order(), coming).is_calm

    def test_where_venues_replace_nothing_it_goes_first(self):
        asked = plan(self.moved, FILLED_ENTRY, stop_order(), terms=CoverTerms(CoverStyle.PAIRED))
        assert (asked.place, asked.cancel, asked.is_waiting) == ((), ("stop",), True)

    def test_pairs_go_first_and_come_back_at_the_new_price(self):
        trade = replace(self.moved, targets=TARGETS)
        first = plan(trade, FILLED_ENTRY, *pair(0, 5), *pair(1, 5))
        assert first.place == ()
        assert set(first.cancel) == {"stop0", "target0", "stop1", "target1"}
        gone = [replace(o, status=S.CANCELED) for o in (*pair(0, 5), *pair(1, 5))]
        second = plan(trade, FILLED_ENTRY, *gone)
        assert [item.stop_price for item in second.place if item.purpose is Purpose.STOP] == [98, 98]


class TestExit:
    leaving = replace(WITH_TARGETS, exit_cause="update", exit_fraction=Decimal(1))

    def test_a_whole_exit_first_takes_every_part_away(self):
        asked = plan(self.leaving, FILLED_ENTRY, *pair(0, 5), *pair(1, 5))
        assert asked.place == ()
        assert set(asked.cancel) == {"stop0", "target0", "stop1", "target1"}

    def test_then_it_sells_all(self):
        gone = [replace(o, status=S.CANCELED) for o in (*pair(0, 5), *pair(1, 5))]
        assert shape(plan(self.leaving, FILLED_ENTRY, *gone)) == [("exit", 10, False)]

    def test_a_part_takes_the_furthest_target_away_and_leaves_the_nearest(self):
        half = replace(self.leaving, exit_fraction=Decimal("0.5"))
        asked = plan(half, FILLED_ENTRY, *pair(0, 5), *pair(1, 5))
        assert (asked.place, set(asked.cancel)) == ((), {"stop1", "target1"})

    def test_what_is_not_sold_is_covered_when_the_exit_is_on_its_way(self):
        third = replace(self.leaving, exit_fraction=Decimal("0.3"))
        sold = make_order(
            "exit", purpose=Purpose.EXIT, cause="update", quantity=Decimal(3), status=S.SUBMITTED
        )
        gone = [replace(o, status=S.CANCELED) for o in pair(1, 5)]
        assert shape(plan(third, FILLED_ENTRY, *pair(0, 5), *gone, sold)) == [("stop", 2, False)]


class TestRefused:
    @pytest.mark.parametrize("code", ["TARGET_ALREADY_PASSED", "BELOW_MINIMUM_NOTIONAL"])
    def test_a_pair_refused_for_its_target_leaves_no_pause_without_a_stop(self, code: str):
        refused = [replace(o, status=S.REJECTED, code=code) for o in pair(0, 10)]
        asked = plan(make_open_trade(10, targets=TARGETS[:1]), FILLED_ENTRY, *refused)
        assert Purpose.STOP in {item.purpose for item in asked.place}

    def test_a_target_whose_price_has_passed_is_not_written_again(self):
        refused = [replace(o, status=S.REJECTED, code="TARGET_ALREADY_PASSED") for o in pair(0, 5)]
        assert shape(plan(WITH_TARGETS, FILLED_ENTRY, *refused, *pair(1, 5))) == [("stop", 5, False)]

    def test_one_refused_for_lack_of_money_waits_like_any_stop(self):
        refused = [replace(o, status=S.REJECTED, code="INSUFFICIENT_FUNDS") for o in pair(0, 5)]
        asked = plan(WITH_TARGETS, FILLED_ENTRY, *refused, *pair(1, 5), later=0.5)
        assert (asked.place, asked.retry_at) == ((), NOW + timedelta(seconds=1))


class TestStopsAlone:
    """Targets are watched by us: their shares have stops of their own, so that a touch frees no more."""

    terms = CoverTerms(CoverStyle.SINGLE)
    thirds = even_targets((Decimal(105), Decimal(110), Decimal(115)))

    def test_the_stop_is_cut_into_the_targets_shares(self) -> None:
        trade = make_open_trade(9, targets=self.thirds)
        entry = make_order("entry", status=S.FILLED, filled_quantity=Decimal(9))
        assert shape(plan(trade, entry, terms=self.terms)) == [("stop", 3, False)] * 3

    def test_while_the_entry_may_still_fill_it_stays_whole(self) -> None:
        trade = make_open_trade(4, targets=self.thirds)
        assert shape(plan(trade, RESTING_ENTRY, terms=self.terms)) == [("stop", 4, False)]

    def test_an_exit_frees_the_part_that_is_just_large_enough(self) -> None:
        trade = replace(
            make_open_trade(10, targets=self.thirds), exit_cause="target:0:105", exit_fraction=Decimal("0.3")
        )
        parts = [stop_order(f"s{n}", leg=n, quantity=Decimal(n)) for n in (2, 3, 5)]
        asked = plan(trade, FILLED_ENTRY, *parts, terms=self.terms)
        assert (asked.place, asked.cancel) == ((), ("s3",))

    def test_a_full_exit_frees_all(self) -> None:
        trade = replace(make_open_trade(10), exit_cause="update", exit_fraction=Decimal(1))
        parts = [stop_order(f"s{n}", leg=n, quantity=Decimal(n)) for n in (2, 3, 5)]
        assert set(plan(trade, FILLED_ENTRY, *parts, terms=self.terms).cancel) == {"s2", "s3", "s5"}

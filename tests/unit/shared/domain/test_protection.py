"""Cover: how much of a position can be covered, and how much of that is."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.protection import coverable_quantity, naked_quantity, plan_cover, resting_quantity
from tests.unit.shared.domain.builders import (
    NOW,
    make_instrument,
    make_open_trade,
    make_order,
    make_trade,
)

BITCOIN = make_instrument()
S = OrderStatus
FILLED_ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))
RESTING_ENTRY = make_order("entry", status=S.PARTIALLY_FILLED, filled_quantity=Decimal(4))


def stop_order(order_id: str = "stop", **changes: Any) -> Order:
    values: dict[str, Any] = {
        "purpose": Purpose.STOP,
        "order_type": OrderType.STOP,
        "stop_price": Decimal(95),
        "status": S.ACCEPTED,
        "sent_at": NOW,
    }
    return make_order(order_id, **{**values, **changes})


@pytest.fixture(params=list(CoverStyle))
def terms(request: pytest.FixtureRequest) -> CoverTerms:
    return CoverTerms(request.param)


class TestNothingToCover:
    def test_exits_are_cancelled_when_the_position_is_gone_and_the_entries_are_over(self, terms: CoverTerms):
        plan = plan_cover(make_open_trade(0), (FILLED_ENTRY, stop_order()), BITCOIN, NOW, terms)
        assert plan == CoverPlan(cancel=("stop",))

    def test_they_stay_while_an_entry_may_still_fill(self, terms: CoverTerms):
        assert plan_cover(make_open_trade(0), (RESTING_ENTRY, stop_order()), BITCOIN, NOW, terms).is_calm

    def test_a_trade_that_never_filled_asks_for_nothing(self, terms: CoverTerms):
        assert plan_cover(make_trade(), (make_order("entry"),), BITCOIN, NOW, terms).is_calm

    @pytest.mark.parametrize(
        ("held", "price", "coverable"),
        [
            ("1.0009", "100", "1"),
            ("0.05", "100", "0.05"),
            ("0.049", "100", "0"),
            ("1", None, "0"),
            ("-1", "100", "0"),
        ],
    )
    def test_only_whole_lots_above_the_minimum_can_be_covered(
        self, held: str, price: str | None, coverable: str
    ):
        known = None if price is None else Decimal(price)
        assert coverable_quantity(Decimal(held), BITCOIN, known) == Decimal(coverable)


class TestCrumbs:
    @pytest.mark.parametrize(("held", "coverable"), [("10.049", "10"), ("10.05", "10.05"), ("9", "9")])
    def test_what_is_too_small_for_an_order_of_its_own_waits_beside_a_stop(self, held: str, coverable: str):
        found = coverable_quantity(Decimal(held), BITCOIN, Decimal(100), [stop_order()])
        assert found == Decimal(coverable)

    def test_and_is_covered_with_the_rest_when_that_is_placed_anew(self):
        gone = stop_order(status=S.CANCELED)
        assert coverable_quantity(Decimal("10.04"), BITCOIN, Decimal(100), [gone]) == Decimal("10.04")


class TestNaked:
    @pytest.mark.parametrize(
        ("status", "naked"),
        [
            (S.INITIALIZED, 10),
            (S.SUBMITTED, 10),
            (S.UNKNOWN, 10),
            (S.PENDING_CANCEL, 10),
            (S.REJECTED, 10),
            (S.ACCEPTED, 0),
            (S.PARTIALLY_FILLED, 0),
        ],
    )
    def test_only_what_a_venue_has_accepted_is_cover(self, status: OrderStatus, naked: int):
        assert naked_quantity(Decimal(10), [stop_order(status=status)]) == naked

    def test_resting_and_naked_make_up_the_coverable_part(self):
        orders = [stop_order(quantity=Decimal(3)), stop_order("s2", open_quantity=Decimal(2))]
        assert resting_quantity(orders) == 5
        assert naked_quantity(Decimal(10), orders) == 5

    def test_targets_and_entries_cover_nothing(self):
        target = make_order("t", purpose=Purpose.TARGET, status=S.ACCEPTED)
        assert naked_quantity(Decimal(10), [target, RESTING_ENTRY]) == 10

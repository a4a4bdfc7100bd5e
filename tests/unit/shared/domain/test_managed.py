"""Cover where nothing rests: what leaves, and what goes that rested under other terms."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.protection import managed_quantity, plan_cover
from shared.domain.trades import Trade
from tests.unit.shared.domain.builders import NOW, make_instrument, make_open_trade, make_order

OPTION = make_instrument(lot=Decimal(1), minimum_notional=Decimal(0), multiplier=Decimal(100))
S = OrderStatus
MANAGED = CoverTerms(CoverStyle.MANAGED)
OPEN = make_open_trade(10)
LEAVING = replace(OPEN, exit_cause="stop:95", exit_fraction=Decimal(1))


def plan(trade: Trade, *orders: Order, later: float = 0) -> CoverPlan:
    return plan_cover(trade, orders, OPTION, NOW + timedelta(seconds=later), MANAGED)


def test_an_open_position_needs_no_order_and_is_covered_by_our_watch() -> None:
    assert plan(OPEN).is_done
    assert managed_quantity(Decimal(10), Decimal(95), MANAGED) == 10


def test_without_a_stop_nothing_is_managed_and_other_terms_manage_nothing() -> None:
    assert managed_quantity(Decimal(10), None, MANAGED) == 0
    assert managed_quantity(Decimal(10), Decimal(95), CoverTerms(CoverStyle.SINGLE)) == 0


def test_what_is_wanted_leaves_at_market() -> None:
    (leaving,) = plan(LEAVING).place
    assert (leaving.purpose, leaving.quantity, leaving.cause) == (Purpose.EXIT, 10, "stop:95")


def test_what_rests_from_other_terms_goes_first() -> None:
    rests = make_order("stop", purpose=Purpose.STOP, stop_price=Decimal(95), status=S.ACCEPTED)
    asked = plan(LEAVING, rests)
    assert (asked.place, asked.cancel, asked.is_waiting) == ((), ("stop",), True)


def test_an_exit_that_was_refused_is_tried_again_and_never_given_up() -> None:
    refused = make_order(
        "out", purpose=Purpose.EXIT, cause="stop:95", status=S.REJECTED, code="MARKET_CLOSED", sent_at=NOW
    )
    assert plan(LEAVING, refused).retry_at == NOW + timedelta(seconds=1)
    assert len(plan(LEAVING, refused, later=61).place) == 1

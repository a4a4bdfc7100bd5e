"""Cover where exits share one position: the new stop rests before the old one goes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.protection import plan_cover
from shared.domain.trades import Trade
from tests.unit.shared.domain.builders import NOW, even_targets, make_instrument, make_open_trade, make_order

BITCOIN = make_instrument()
S = OrderStatus
SHARED = CoverTerms(CoverStyle.REDUCE_ONLY)
ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))
TARGETS = even_targets((Decimal(105), Decimal(110)))


def stop(order_id: str = "stop", quantity: int = 10, price: int = 95, **changes: Any) -> Order:
    values: dict[str, Any] = {"status": S.ACCEPTED, "sent_at": NOW, **changes}
    return make_order(
        order_id,
        purpose=Purpose.STOP,
        order_type=OrderType.STOP,
        quantity=Decimal(quantity),
        stop_price=Decimal(price),
        **values,
    )


def plan(trade: Trade, *orders: Order, later: float = 0) -> CoverPlan:
    return plan_cover(trade, (ENTRY, *orders), BITCOIN, NOW + timedelta(seconds=later), SHARED)


def shape(asked: CoverPlan) -> list[tuple[str, Decimal]]:
    return [(str(item.purpose), item.quantity) for item in asked.place]


OPEN = make_open_trade(10)


def test_a_stop_for_all_and_a_target_for_each_share_rest_beside_each_other() -> None:
    asked = plan(replace(OPEN, targets=TARGETS))
    assert shape(asked) == [("stop", 10), ("target", 5), ("target", 5)]
    assert asked.cancel == ()


def test_what_the_entry_buys_later_gets_a_stop_of_its_own() -> None:
    assert shape(plan(OPEN, stop(quantity=4))) == [("stop", 6)]


def test_a_stop_that_moves_is_placed_before_the_old_one_goes() -> None:
    moved = replace(OPEN, stop_price=Decimal(97))
    first = plan(moved, stop())
    assert (shape(first), first.cancel, first.is_waiting) == ([("stop", 10)], (), True)
    on_its_way = stop("new", price=97, leg=1, status=S.SUBMITTED)
    assert plan(moved, stop(), on_its_way).is_calm
    assert plan(moved, stop(), stop("new", price=97, leg=1)).cancel == ("stop",)


def test_a_stop_that_became_too_large_is_replaced_by_one_that_fits() -> None:
    smaller = make_open_trade(5)
    first = plan(smaller, stop())
    assert (shape(first), first.cancel) == ([("stop", 5)], ())
    assert plan(smaller, stop(), stop("fits", quantity=5, leg=1)).cancel == ("stop",)
    assert plan(smaller, stop("fits", quantity=5, leg=1)).is_done


def test_while_all_of_it_leaves_every_stop_stays() -> None:
    leaving = replace(OPEN, exit_cause="update", exit_fraction=Decimal(1))
    asked = plan(leaving, stop())
    assert (shape(asked), asked.cancel) == ([("exit", 10)], ())


def test_a_partial_exit_goes_at_once_and_a_stop_for_the_rest_with_it() -> None:
    leaving = replace(OPEN, exit_cause="update", exit_fraction=Decimal("0.4"))
    assert shape(plan(leaving, stop())) == [("exit", 4), ("stop", 6)]


def test_a_refused_stop_is_tried_again_after_a_pause_and_the_old_one_stays_meanwhile() -> None:
    moved = replace(OPEN, stop_price=Decimal(97))
    refused = stop("refused", price=97, leg=1, status=S.REJECTED)
    assert (plan(moved, stop(), refused).cancel, shape(plan(moved, stop(), refused))) == ((), [])
    assert shape(plan(moved, stop(), refused, later=2)) == [("stop", 10)]

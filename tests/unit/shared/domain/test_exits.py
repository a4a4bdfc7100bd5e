"""Market exits: each cause sells its share once, and a refused one comes again after a growing pause."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.exits import RETRY_SECONDS, is_sold_but_for_dust, plan_exit, retry_after
from shared.domain.intents import Intent
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.trades import Trade
from tests.unit.shared.domain.builders import NOW, make_instrument, make_open_trade, make_order

BITCOIN = make_instrument()
S = OrderStatus


def an_exit(order_id: str = "exit", **changes: Any) -> Order:
    values = {"purpose": Purpose.EXIT, "cause": "update", "status": S.REJECTED, "sent_at": NOW}
    return make_order(order_id, **{**values, **changes})


def leaving(fraction: str, coverable: int = 10, **changes: Any) -> Trade:
    return make_open_trade(coverable, exit_cause="update", exit_fraction=Decimal(fraction), **changes)


def planned(trade: Trade, *orders: Order, later: float = 60) -> Intent | datetime | None:
    return plan_exit(trade, orders, BITCOIN, NOW + timedelta(seconds=later))


def test_nothing_is_sold_that_nobody_asked_for():
    assert planned(make_open_trade(10)) is None


@given(st.integers(1, 100), st.integers(1, 20))
def test_a_share_is_sold_in_whole_lots_and_never_more_than_is_held(percent: int, held: int):
    order = planned(leaving(str(Decimal(percent) / 100), held))
    assert isinstance(order, Intent)
    assert 0 < order.quantity <= held
    assert order.quantity % BITCOIN.lot == 0


@pytest.mark.parametrize("status", [S.INITIALIZED, S.SUBMITTED, S.UNKNOWN, S.ACCEPTED, S.FILLED])
def test_one_that_lives_or_was_filled_is_enough(status: OrderStatus):
    assert planned(leaving("1"), an_exit(status=status)) is None


def test_another_cause_is_another_exit():
    assert isinstance(planned(leaving("1"), an_exit(cause="other", status=S.FILLED)), Intent)


@pytest.mark.parametrize("refusals", range(1, 9))
def test_the_pause_grows_to_a_minute_and_stays(refusals: int):
    refused = [an_exit(f"e{n}") for n in range(refusals)]
    pause = RETRY_SECONDS[min(refusals, len(RETRY_SECONDS)) - 1]
    assert retry_after(refused, NOW) == NOW + timedelta(seconds=pause)
    assert retry_after(refused, NOW + timedelta(seconds=pause)) is None


def test_a_share_that_a_cut_off_try_has_sold_leaves_no_crumb_behind_when_all_is_to_go():
    cut = an_exit(status=S.CANCELED, filled_quantity=Decimal("9.96"))
    order = planned(leaving("1", coverable=1, entered=Decimal(10)), cut)
    assert isinstance(order, Intent)
    assert order.quantity == 1


@pytest.mark.parametrize(
    ("sold", "status", "is_done"),
    [
        ("4.999", S.CANCELED, True),
        ("4.9", S.CANCELED, False),
        ("4.999", S.PARTIALLY_FILLED, False),
        ("0", S.REJECTED, False),
    ],
)
def test_a_share_is_done_when_what_its_tries_have_left_of_it_is_dust(
    sold: str, status: OrderStatus, is_done: bool
):
    trade = make_open_trade(10 - Decimal(sold), exit_cause="update", exit_fraction=Decimal("0.5"))
    tried = an_exit(status=status, filled_quantity=Decimal(sold))
    assert is_sold_but_for_dust(trade, [tried], BITCOIN) is is_done


def test_a_full_close_is_never_done_by_dust_and_what_nobody_asked_for_neither():
    tried = an_exit(status=S.CANCELED, filled_quantity=Decimal("9.999"))
    assert not is_sold_but_for_dust(leaving("1", 0), [tried], BITCOIN)
    assert not is_sold_but_for_dust(make_open_trade(0), [tried], BITCOIN)

"""Reports folded into orders: late, repeated and reordered ones are absorbed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.order_status import AT_VENUE, OrderStatus, may_follow
from shared.domain.orders import Order, OrderChange, OrderReport, fold_report
from tests.unit.shared.domain.builders import make_order, make_report

S = OrderStatus
TOLD = [S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.REJECTED, S.CANCELED, S.EXPIRED, S.PENDING_CANCEL]
ENDS = [S.CANCELED, S.EXPIRED, S.REJECTED, S.ABANDONED]
ANY_REPORT = st.builds(
    make_report,
    st.sampled_from([*TOLD, S.SUBMITTED]),
    st.integers(0, 10),
    open_quantity=st.none() | st.integers(0, 10).map(Decimal),
)


def after(order: Order, report: OrderReport) -> Order:
    change = fold_report(order, report)
    if change is None:
        return order
    return replace(
        order,
        status=change.status,
        filled_quantity=change.filled_quantity,
        open_quantity=change.open_quantity,
        average_fill_price=change.average_fill_price,
    )


def change_of(order: Order, report: OrderReport) -> OrderChange:
    change = fold_report(order, report)
    assert change is not None
    return change


@st.composite
def histories(draw: st.DrawFn) -> list[OrderReport]:
    """What one venue says of one order in the order of its time: it grows, it is shrunk, it ends."""
    filled, still_open = 0, 10
    told = [make_report(S.ACCEPTED, 0, open_quantity=Decimal(10))]
    for is_fill in draw(st.lists(st.booleans(), max_size=4)):
        step = draw(st.integers(0, still_open))
        filled, still_open = filled + (step if is_fill else 0), still_open - step
        status = S.PARTIALLY_FILLED if filled else S.ACCEPTED
        told.append(make_report(status, filled, open_quantity=Decimal(still_open)))
    if filled == 10:
        end = S.FILLED
    else:
        end = draw(st.sampled_from([S.CANCELED, S.EXPIRED]))
    return [*told, make_report(end, filled, open_quantity=Decimal(0))]


@given(st.data(), histories(), st.sampled_from([S.SUBMITTED, S.UNKNOWN]))
def test_one_venues_story_told_in_any_order_and_any_number_of_times_ends_the_same(
    data: st.DataObject, history: list[OrderReport], status: OrderStatus
):
    told = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=5))))
    order = make_order(status=status)
    for report in told:
        order = after(order, report)
    last = history[-1]
    assert (order.status, order.filled_quantity) == (last.status, last.filled_quantity)
    assert order.open_quantity == 0


@given(st.data(), histories())
def test_a_report_older_than_what_is_known_changes_nothing(data: st.DataObject, history: list[OrderReport]):
    seen = data.draw(st.integers(1, len(history)))
    order = make_order(status=S.SUBMITTED)
    for report in history[:seen]:
        order = after(order, report)
    for old in history[:seen]:
        assert fold_report(order, old) is None


@given(
    st.lists(ANY_REPORT, max_size=8), st.sampled_from([S.SUBMITTED, S.UNKNOWN, *ENDS, *AT_VENUE, S.FILLED])
)
def test_whatever_is_reported_only_legal_moves_are_made_and_the_filled_quantity_is_the_largest(
    reports: list[OrderReport], status: OrderStatus
):
    order = make_order(status=status)
    for report in reports:
        moved = after(order, report)
        assert moved.status == order.status or may_follow(order.status, moved.status)
        assert moved.filled_quantity == max(order.filled_quantity, report.filled_quantity)
        assert moved.remaining <= order.remaining
        order = moved
    assert order.filled_quantity == max([Decimal(0), *(report.filled_quantity for report in reports)])


@given(ANY_REPORT, st.sampled_from([S.SUBMITTED, S.UNKNOWN, *ENDS, *AT_VENUE]))
def test_a_report_that_is_repeated_settles_at_once_or_by_the_next_move_of_the_table(
    report: OrderReport, status: OrderStatus
):
    # Two moves where the table has no direct one: a late fill reopens, the same report then ends it again.
    twice = after(after(make_order(status=status), report), report)
    assert fold_report(twice, report) is None


@pytest.mark.parametrize("end", ENDS)
def test_a_fill_after_an_end_is_late_and_reopens_the_order(end: OrderStatus):
    order = make_order(status=end, filled_quantity=Decimal(2))
    change = change_of(order, make_report(S.PARTIALLY_FILLED, 3))
    assert (change.status, change.filled_quantity, change.is_late) == (S.PARTIALLY_FILLED, 3, True)


@pytest.mark.parametrize("end", [S.CANCELED, S.EXPIRED, S.REJECTED])
@pytest.mark.parametrize("old", [S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED])
def test_an_end_is_not_left_for_a_report_without_a_new_fill(end: OrderStatus, old: OrderStatus):
    assert fold_report(make_order(status=end, filled_quantity=Decimal(3)), make_report(old, 3)) is None


def test_a_canceled_order_whose_fills_are_counted_later_stays_canceled():
    order = make_order(status=S.CANCELED, filled_quantity=Decimal(2))
    change = change_of(order, make_report(S.CANCELED, 4))
    assert (change.status, change.filled_quantity, change.is_late) == (S.CANCELED, 4, True)


def test_an_abandoned_order_that_rests_at_the_venue_lives_again():
    change = change_of(make_order(status=S.ABANDONED), make_report(S.ACCEPTED))
    assert (change.status, change.is_late) == (S.ACCEPTED, False)


def test_a_fill_while_the_order_is_alive_is_not_late():
    assert not change_of(make_order(status=S.ACCEPTED), make_report(S.FILLED, 10)).is_late


def test_a_linked_exit_that_shrank_without_a_fill_is_news_once():
    order = make_order(status=S.ACCEPTED, open_quantity=Decimal(10))
    shrunk = make_report(S.ACCEPTED, open_quantity=Decimal(6))
    assert change_of(order, shrunk).open_quantity == 6
    assert after(order, shrunk).remaining == 6
    assert fold_report(after(order, shrunk), shrunk) is None
    assert fold_report(after(order, shrunk), make_report(S.ACCEPTED, open_quantity=Decimal(10))) is None


def test_a_venue_that_does_not_say_what_is_open_leaves_the_difference():
    order = after(make_order(status=S.ACCEPTED), make_report(S.PARTIALLY_FILLED, 4))
    assert (order.open_quantity, order.remaining) == (None, 6)


def test_a_growth_without_a_word_about_the_rest_shrinks_what_was_known():
    order = after(
        make_order(status=S.ACCEPTED, open_quantity=Decimal(10)), make_report(S.PARTIALLY_FILLED, 4)
    )
    assert order.remaining == 6


def test_accepted_with_a_fill_is_partially_filled():
    assert change_of(make_order(status=S.SUBMITTED), make_report(S.ACCEPTED, 1)).status is S.PARTIALLY_FILLED


def test_the_average_price_is_the_one_that_came_with_the_largest_fill():
    order = after(make_order(status=S.SUBMITTED), make_report(S.PARTIALLY_FILLED, 5))
    ended = after(order, make_report(S.CANCELED, 3, average_fill_price=Decimal(1)))
    assert (ended.status, ended.average_fill_price) == (S.CANCELED, Decimal(100))

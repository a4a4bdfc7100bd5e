"""The table of an order's life, held against DESIGN 6 written out a second time."""

from itertools import product

import pytest

from shared.domain.order_status import (
    AT_VENUE,
    LIVE,
    RESTING,
    TERMINAL,
    TRANSITIONS,
    UNRESOLVED,
    IllegalTransition,
    OrderStatus,
    check_transition,
    may_follow,
)

DESIGN = """
INITIALIZED      -> DENIED EXPIRED CANCELED SUBMITTED
SUBMITTED        -> ACCEPTED PARTIALLY_FILLED FILLED REJECTED CANCELED EXPIRED UNKNOWN INITIALIZED
UNKNOWN          -> ACCEPTED PARTIALLY_FILLED FILLED REJECTED CANCELED EXPIRED ABANDONED
ACCEPTED         -> PARTIALLY_FILLED FILLED PENDING_CANCEL CANCELED EXPIRED REJECTED
PARTIALLY_FILLED -> FILLED PENDING_CANCEL CANCELED EXPIRED
PENDING_CANCEL   -> CANCELED FILLED PARTIALLY_FILLED ACCEPTED
CANCELED         -> PARTIALLY_FILLED FILLED
EXPIRED          -> PARTIALLY_FILLED FILLED
REJECTED         -> PARTIALLY_FILLED FILLED
ABANDONED        -> PARTIALLY_FILLED FILLED ACCEPTED
FILLED           ->
DENIED           ->
"""
WANTED = {
    OrderStatus(left.strip()): {OrderStatus(word) for word in right.split()}
    for left, _, right in (line.partition("->") for line in DESIGN.strip().splitlines())
}


def test_the_table_is_the_designs():
    assert {status: set(following) for status, following in TRANSITIONS.items()} == WANTED
    assert set(WANTED) == set(OrderStatus)


@pytest.mark.parametrize(("status", "following"), list(product(OrderStatus, OrderStatus)))
def test_every_move_is_allowed_or_refused_as_the_table_says(status: OrderStatus, following: OrderStatus):
    assert may_follow(status, following) is (following in WANTED[status])
    if following in WANTED[status]:
        check_transition(status, following)
    else:
        with pytest.raises(IllegalTransition, match=f"{status} cannot become {following}"):
            check_transition(status, following)


def test_every_status_is_either_live_or_terminal():
    assert frozenset(OrderStatus) == LIVE | TERMINAL
    assert not LIVE & TERMINAL


def test_the_sets_lie_within_one_another():
    assert RESTING < AT_VENUE < LIVE
    assert UNRESOLVED < LIVE
    assert not UNRESOLVED & AT_VENUE
    assert AT_VENUE | UNRESOLVED | {OrderStatus.INITIALIZED} == LIVE


def test_an_end_is_left_only_because_a_venue_says_that_the_order_lives():
    venue_says = {OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED}
    assert all(TRANSITIONS[end] <= venue_says for end in TERMINAL)


def test_only_a_send_that_never_left_comes_back_to_the_start():
    assert [s for s in OrderStatus if may_follow(s, OrderStatus.INITIALIZED)] == [OrderStatus.SUBMITTED]


def test_only_an_unsent_order_can_be_sent():
    assert [s for s in OrderStatus if may_follow(s, OrderStatus.SUBMITTED)] == [OrderStatus.INITIALIZED]

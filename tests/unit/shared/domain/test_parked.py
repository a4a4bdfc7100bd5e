"""Parked updates: their turn comes once, a full close stands for good, and what never got its turn is dropped."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.parked import (
    MOST_NOTED,
    carry_parked,
    drop_parked,
    ended_causes,
    exit_is_under_way,
    find_note,
    has_turns,
    is_closing,
    market_entry_is_live,
    wanted_exit,
    with_note,
)
from shared.domain.signals import UpdateKind
from shared.domain.trades import NotedUpdate, StopSource, Trade, TradeStatus, UpdateState
from shared.domain.values import changed
from tests.unit.shared.domain.builders import NOW, make_instrument, make_open_trade, make_order, make_trade

BITCOIN = make_instrument()
S, K, U = OrderStatus, UpdateKind, UpdateState
HALF = Decimal("0.5")
BEGINNING = make_order("entry", order_type=OrderType.LIMIT, limit_price=Decimal(100), status=S.ACCEPTED)
FILLED = replace(BEGINNING, status=S.FILLED, filled_quantity=Decimal(10))


def note(kind: UpdateKind = K.CLOSE_PARTIAL, cause: str = "m:0", **changes: Any) -> NotedUpdate:
    values = {"state": U.WAITING, "was_parked": True, "fraction": HALF if kind is K.CLOSE_PARTIAL else None}
    return NotedUpdate(cause, kind, NOW, **{**values, **changes})


def carried(trade: Trade, *orders: Order, is_halted: bool = False) -> dict[str, Any]:
    return carry_parked(trade, orders, BITCOIN, is_halted=is_halted)


def state_of(changes: dict[str, Any]) -> tuple[UpdateState, str]:
    [only] = changes["updates"]
    return only.state, only.code


class TestBreakEven:
    def test_it_waits_for_the_first_fill(self):
        assert carried(make_trade(updates=(note(K.MOVE_STOP_TO_BREAKEVEN),)), BEGINNING) == {}

    def test_with_it_the_stop_moves_to_the_entry(self):
        changes = carried(make_open_trade(4, updates=(note(K.MOVE_STOP_TO_BREAKEVEN),)), FILLED)
        assert (changes["stop_price"], changes["stop_source"]) == (100, StopSource.UPDATE)
        assert state_of(changes) == (U.DONE, "")

    def test_a_stop_that_is_better_by_then_stays(self):
        trade = make_open_trade(4, stop_price=Decimal(103), updates=(note(K.MOVE_STOP_TO_BREAKEVEN),))
        assert state_of(carried(trade, FILLED)) == (U.DROPPED, "STOP_WOULD_WIDEN")


class TestPartialClose:
    @pytest.mark.parametrize(
        ("trade", "order"),
        [
            (make_trade(), BEGINNING),
            (make_open_trade(4), replace(BEGINNING, status=S.PARTIALLY_FILLED, filled_quantity=Decimal(4))),
            (make_open_trade(4), make_order("market", status=S.SUBMITTED)),
            (make_open_trade(10), make_order("exit", purpose=Purpose.EXIT, status=S.UNKNOWN, cause="x")),
            (make_open_trade(10, exit_cause="x", exit_fraction=HALF), FILLED),
        ],
        ids=["nothing held", "filling", "at market", "exit on its way", "exit wanted"],
    )
    def test_it_waits_until_the_entry_is_over_and_no_other_exit_is_under_way(
        self, trade: Trade, order: Order
    ):
        assert carried(replace(trade, updates=(note(),)), order) == {}

    def test_then_its_share_is_to_leave(self):
        changes = carried(make_open_trade(10, updates=(note(),)), FILLED)
        assert (changes["exit_cause"], changes["exit_fraction"]) == ("m:0", HALF)
        assert state_of(changes) == (U.DONE, "")

    def test_an_entry_that_rests_unfilled_beside_a_position_holds_it_up_no_more(self):
        changes = carried(make_open_trade(4, updates=(note(),)), BEGINNING)
        assert changes["exit_fraction"] == HALF

    def test_what_a_lost_round_has_sold_for_it_is_not_sold_again(self):
        sold = make_order("exit", purpose=Purpose.EXIT, status=S.FILLED, cause="m:0")
        changes = carried(make_open_trade(5, updates=(note(),)), FILLED, sold)
        assert "exit_cause" not in changes
        assert state_of(changes) == (U.DONE, "")

    def test_of_two_the_second_waits_for_the_first(self):
        trade = make_open_trade(10, updates=(note(), note(cause="m:1")))
        changes = carried(trade, FILLED)
        assert changes["exit_cause"] == "m:0"
        assert [n.state for n in changes["updates"]] == [U.DONE, U.WAITING]


class TestFullClose:
    def test_it_waits_for_a_position_and_takes_all_of_it(self):
        wish = note(K.CLOSE_ALL)
        assert carried(make_trade(updates=(wish,)), BEGINNING) == {}
        changes = carried(make_open_trade(4, updates=(wish,)), BEGINNING)
        assert (changes["exit_cause"], changes["exit_fraction"]) == ("m:0", 1)

    def test_what_is_filled_after_it_was_done_leaves_by_an_exit_of_its_own(self):
        sold = make_order("exit", purpose=Purpose.EXIT, status=S.FILLED, cause="m:0")
        trade = make_open_trade(3, updates=(note(K.CLOSE_ALL, state=U.DONE, was_parked=False),))
        assert carried(trade, FILLED, sold)["exit_cause"] == "m:0+1"
        again = replace(sold, order_id="again", cause="m:0+1")
        assert carried(trade, FILLED, sold, again)["exit_cause"] == "m:0+2"

    def test_while_it_stands_the_trade_is_closing(self):
        assert is_closing(make_trade(updates=(note(K.CLOSE_ALL, state=U.DONE),)))
        assert is_closing(make_open_trade(1, exit_cause="x", exit_fraction=Decimal(1)))
        assert not is_closing(make_open_trade(1, exit_cause="x", exit_fraction=HALF))
        assert not is_closing(make_trade(updates=(note(K.CLOSE_ALL, state=U.DROPPED),)))


class TestHalt:
    @pytest.mark.parametrize("kind", [K.MOVE_STOP_TO_BREAKEVEN, K.CLOSE_PARTIAL, K.CLOSE_ALL])
    def test_what_gets_its_turn_in_a_halt_is_dropped_and_changes_nothing_else(self, kind: UpdateKind):
        changes = carried(make_open_trade(10, updates=(note(kind),)), FILLED, is_halted=True)
        assert set(changes) == {"updates"}
        assert state_of(changes) == (U.DROPPED, "HALT")

    def test_what_waits_still_goes_on_waiting(self):
        assert carried(make_trade(updates=(note(),)), BEGINNING, is_halted=True) == {}

    def test_a_close_that_was_begun_stands_again_after_the_halt(self):
        trade = make_open_trade(3, updates=(note(K.CLOSE_ALL, state=U.DONE),))
        assert carried(trade, FILLED, is_halted=True) == {}
        assert carried(trade, FILLED)["exit_fraction"] == 1


class TestNotes:
    def test_an_update_is_found_by_its_cause(self):
        trade = make_trade(updates=(note(), note(cause="m:1")))
        found = find_note(trade, "m:1")
        assert found is not None
        assert found.cause == "m:1"
        assert find_note(trade, "m:2") is None

    def test_the_oldest_that_has_ended_makes_place_and_a_standing_close_never_does(self):
        held = (
            note(K.CLOSE_ALL, "close", state=U.DONE),
            *(note(cause=f"m:{i}") for i in range(MOST_NOTED - 1)),
        )
        assert with_note(make_trade(updates=held), note(cause="new")) is None
        one_over = (*held[:5], replace(held[5], state=U.DONE), *held[6:])
        kept = with_note(make_trade(updates=one_over), note(cause="new"))
        assert kept is not None
        assert [n.cause for n in kept] == [*(n.cause for n in one_over if n is not one_over[5]), "new"]

    def test_only_what_waits_or_stands_may_still_have_its_turn(self):
        assert has_turns(make_trade(updates=(note(),)))
        assert has_turns(make_trade(updates=(note(K.CLOSE_ALL, state=U.DONE),)))
        assert not has_turns(make_trade(updates=(note(state=U.DONE), note(K.CLOSE_ALL, state=U.DROPPED))))

    def test_those_that_were_parked_are_told_when_they_end(self):
        updates = (note(), note(cause="m:1", state=U.DONE), note(cause="m:2", state=U.DONE, was_parked=False))
        assert ended_causes(updates) == ("m:1",)

    @pytest.mark.parametrize(
        ("status", "code"), [(TradeStatus.CANCELED, "NOT_FILLED"), (TradeStatus.CLOSED, "ALREADY_OVER")]
    )
    def test_what_waits_when_the_trade_is_over_is_dropped_but_a_full_close_stands(
        self, status: TradeStatus, code: str
    ):
        part, whole, done = drop_parked((note(), note(K.CLOSE_ALL), note(state=U.DONE, code="X")), status)
        assert (part.state, part.code) == (U.DROPPED, code)
        assert (whole.state, whole.code) == (U.DONE, code)
        assert done.code == "X"


def test_an_exit_counts_as_under_way_while_it_is_wanted_or_on_its_way():
    gone = make_order("exit", purpose=Purpose.EXIT, status=S.FILLED)
    assert not exit_is_under_way(make_open_trade(1), [gone, FILLED])
    assert exit_is_under_way(make_open_trade(1), [replace(gone, status=S.PENDING_CANCEL)])
    assert exit_is_under_way(make_open_trade(1, **wanted_exit("c", HALF)), [])


def test_only_an_entry_at_market_fills_within_seconds():
    market = make_order("m", status=S.SUBMITTED)
    assert market_entry_is_live([market])
    assert not market_entry_is_live([replace(market, status=S.FILLED), BEGINNING])


NOTES = st.lists(
    st.builds(
        note,
        st.sampled_from([K.MOVE_STOP_TO_BREAKEVEN, K.CLOSE_PARTIAL]),
        st.sampled_from(["a", "b", "c", "d"]),
        state=st.sampled_from(UpdateState),
    ),
    max_size=4,
    unique_by=lambda n: n.cause,
)
ORDERS = st.lists(
    st.builds(
        lambda number, purpose, status, cause: make_order(
            f"o{number}",
            purpose=purpose,
            status=status,
            order_type=OrderType.LIMIT if purpose is Purpose.ENTRY else OrderType.MARKET,
            limit_price=Decimal(100) if purpose is Purpose.ENTRY else None,
            cause=cause if purpose is Purpose.EXIT else None,
        ),
        st.integers(0, 99),
        st.sampled_from([Purpose.ENTRY, Purpose.EXIT]),
        st.sampled_from(OrderStatus),
        st.sampled_from(["a", "b", "x"]),
    ),
    max_size=4,
    unique_by=lambda o: o.order_id,
)


@given(NOTES, ORDERS, st.integers(0, 10), st.sampled_from([None, "x"]), st.booleans())
def test_a_parked_update_is_carried_out_at_most_once_and_never_beside_another_exit(
    notes: list[NotedUpdate], orders: list[Order], held: int, exit_cause: str | None, is_halted: bool
):
    fraction = None if exit_cause is None else HALF
    trade = make_open_trade(held, exit_cause=exit_cause, exit_fraction=fraction, updates=tuple(notes))
    sold: list[str] = []
    for _ in range(8):
        changes = carry_parked(trade, orders, BITCOIN, is_halted=is_halted)
        if "exit_cause" in changes:
            assert trade.exit_cause is None
            assert not any(o.purpose is Purpose.EXIT and o.status in LIVE for o in orders)
            sold.append(changes["exit_cause"])
        assert not (is_halted and {"exit_cause", "stop_price"} & changes.keys())
        # Whatever was wanted has left by the next look, and half of the position with it.
        trade = changed(trade, **{**changes, "exit_cause": None, "exit_fraction": None})
        if sold:
            trade = changed(trade, coverable=trade.coverable / 2)
    assert len(sold) == len(set(sold))
    assert {n.cause for n in notes if n.state is not U.WAITING}.isdisjoint(sold)
    assert trade.stop_price in {Decimal(95), Decimal(100)}

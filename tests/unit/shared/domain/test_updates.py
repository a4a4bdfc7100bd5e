"""Updates and edits as wishes: each planned from the trade as it stands, parked where it is not ready, never twice."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import Sizing, SizingMethod
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.parked import MOST_NOTED
from shared.domain.signals import Action, Side, Signal, UpdateKind
from shared.domain.stop_moves import StopRoom
from shared.domain.trades import NotedUpdate, StopSource, Trade, TradeStatus, UpdateState
from shared.domain.updates import (
    WITHDRAWN,
    Scene,
    Step,
    Wish,
    plan_wish,
    unchanged_commands,
    wish_of,
    wishes_of_edit,
)
from shared.domain.values import changed
from tests.unit.shared.domain.builders import (
    NOW,
    even_targets,
    make_instrument,
    make_open_trade,
    make_order,
    make_signal,
    make_trade,
)

K, S, U = UpdateKind, OrderStatus, UpdateState
BITCOIN = make_instrument()
HALF = Decimal("0.5")
PRICES = st.decimals(min_value=1, max_value=200, places=2)
RESTS = make_order("entry", order_type=OrderType.LIMIT, limit_price=Decimal(100), status=S.ACCEPTED)
FILLED = replace(RESTS, status=S.FILLED, filled_quantity=Decimal(10), sent_at=NOW)


def command(kind: UpdateKind, **changes: Any) -> Signal:
    return make_signal(action=Action.UPDATE, update_kind=kind, **{"stop_loss": None, **changes})


def plan(wish: Wish | UpdateKind, trade: Trade, *orders: Order, cause: str = "m:0", **scene: Any) -> Step:
    wanted = (
        wish if isinstance(wish, Wish) else Wish(wish, fraction=HALF if wish is K.CLOSE_PARTIAL else None)
    )
    return plan_wish(wanted, Scene(trade, orders, cause, NOW, BITCOIN, **scene))


def trade_of(side: Side, stop: Decimal | int | None = None, **changes: Any) -> Trade:
    usual = Decimal(95) if side is Side.BUY else Decimal(105)
    return make_open_trade(10, side=side, stop_price=usual if stop is None else Decimal(stop), **changes)


def noted(step: Step) -> tuple[UpdateState, bool]:
    last = step.changes["updates"][-1]
    assert (last.cause, last.at) == ("m:0", NOW)
    return last.state, last.was_parked


class TestWishes:
    @pytest.mark.parametrize(
        ("said", "wish"),
        [
            (command(K.CLOSE_ALL), Wish(K.CLOSE_ALL)),
            (make_signal(action=Action.CLOSE, stop_loss=None), Wish(K.CLOSE_ALL)),
            (command(K.CLOSE_PARTIAL), Wish(K.CLOSE_PARTIAL, fraction=HALF)),
            (
                command(K.CLOSE_PARTIAL, close_fraction=Decimal("0.25")),
                Wish(K.CLOSE_PARTIAL, fraction=Decimal("0.25")),
            ),
            (command(K.CLOSE_PARTIAL, close_fraction=Decimal(1)), Wish(K.CLOSE_ALL)),
            (command(K.MOVE_STOP, stop_loss=Decimal(97)), Wish(K.MOVE_STOP, stop_price=Decimal(97))),
            (command(K.MOVE_STOP, stop_loss_pct=Decimal(2)), Wish(K.MOVE_STOP, stop_percent=Decimal(2))),
        ],
    )
    def test_a_command_asks_for_one_thing(self, said: Signal, wish: Wish):
        assert wish_of(said) == wish

    @pytest.mark.parametrize(
        ("changes", "wishes"),
        [
            ({}, ()),
            ({"stop_loss": Decimal(97)}, (Wish(K.MOVE_STOP, stop_price=Decimal(97)),)),
            ({"stop_loss": None}, ()),
            ({"stop_loss": None, "stop_loss_pct": Decimal(3)}, (Wish(K.MOVE_STOP, stop_percent=Decimal(3)),)),
            ({"take_profits": (Decimal(120),)}, (Wish(K.SET_TAKE_PROFIT, targets=(Decimal(120),)),)),
            ({"take_profits": ()}, ()),
            (
                {"stop_loss": Decimal(97), "take_profits": (Decimal(120),)},
                (
                    Wish(K.MOVE_STOP, stop_price=Decimal(97)),
                    Wish(K.SET_TAKE_PROFIT, targets=(Decimal(120),)),
                ),
            ),
            ({"side": Side.SELL, "stop_loss": Decimal(120)}, (Wish(K.CANCEL, is_entry_edit=True),)),
            ({"symbol": "ETH/USDT"}, (Wish(K.CANCEL, is_entry_edit=True),)),
            (
                {"entry": (Decimal(99),), "stop_loss": Decimal(97)},
                (Wish(K.CANCEL, is_entry_edit=True), Wish(K.MOVE_STOP, stop_price=Decimal(97))),
            ),
        ],
    )
    def test_an_edit_asks_for_all_that_it_changes_and_for_nothing_else(
        self, changes: dict[str, Any], wishes: tuple[Wish, ...]
    ):
        base = {"take_profits": (Decimal(110),)}
        assert wishes_of_edit(make_signal(**base), make_signal(**{**base, **changes})) == wishes

    @given(
        st.builds(
            make_signal,
            side=st.sampled_from(Side),
            symbol=st.sampled_from(["BTC/USDT", "ETH/USDT"]),
            entry=st.sampled_from([(), (Decimal(99),)]),
            stop_loss=st.none() | PRICES,
            take_profits=st.sampled_from([(), (Decimal(110),), (Decimal(120), Decimal(130))]),
        )
    )
    def test_an_edit_of_the_entry_takes_back_first(self, after: Signal):
        wishes = wishes_of_edit(make_signal(entry=(Decimal(98),)), after)
        assert wishes[0] == Wish(K.CANCEL, is_entry_edit=True)


class TestFullClose:
    def test_entries_that_wait_are_cancelled_before_anything_else(self):
        assert plan(K.CLOSE_ALL, make_trade(), RESTS) == Step(("entry",))

    def test_then_all_that_is_held_leaves_at_market(self):
        step = plan(K.CLOSE_ALL, make_open_trade(10), FILLED)
        assert (step.code, step.changes["exit_cause"], step.changes["exit_fraction"]) == ("", "m:0", 1)
        assert noted(step) == (U.DONE, False)

    def test_of_an_entry_in_doubt_it_is_parked(self):
        doubtful = replace(RESTS, status=S.UNKNOWN, cancel_requested=True)
        step = plan(K.CLOSE_ALL, make_trade(), doubtful)
        assert (step.code, noted(step)) == ("PARKED", (U.WAITING, True))
        assert set(step.changes) == {"updates"}

    def test_a_partial_exit_under_way_grows_and_keeps_its_cause(self):
        trade = make_open_trade(10, exit_cause="x", exit_fraction=HALF)
        step = plan(K.CLOSE_ALL, trade, FILLED)
        assert (step.code, step.changes["exit_fraction"]) == ("", 1)
        assert "exit_cause" not in step.changes

    def test_an_exit_on_its_way_whose_wish_is_gone_is_let_go_and_the_rest_closed_after_it(self):
        on_its_way = make_order("exit", purpose=Purpose.EXIT, status=S.SUBMITTED, cause="x")
        step = plan(K.CLOSE_ALL, make_open_trade(10), FILLED, on_its_way)
        assert not {"exit_cause", "exit_fraction"} & step.changes.keys()
        assert noted(step) == (U.DONE, False)

    def test_a_second_one_is_told_that_the_first_is_under_way(self):
        first = plan(K.CLOSE_ALL, make_open_trade(10), FILLED)
        closing = changed(make_open_trade(10), **first.changes)
        assert plan(K.CLOSE_ALL, closing, FILLED, cause="n:0") == Step(code="ALREADY_CLOSING")

    def test_what_its_own_cancel_has_ended_is_carried_out_and_stands_for_a_late_fill(self):
        gone = replace(RESTS, status=S.CANCELED, cancel_requested=True, cancel_code=WITHDRAWN, sent_at=NOW)
        step = plan(K.CLOSE_ALL, make_trade(status=TradeStatus.CANCELED), gone)
        assert (step.code, noted(step)) == ("", (U.DONE, False))

    def test_what_no_order_of_was_ever_sent_needs_no_note(self):
        unsent = replace(RESTS, status=S.CANCELED, cancel_code=WITHDRAWN)
        assert plan(K.CLOSE_ALL, make_trade(status=TradeStatus.CANCELED), unsent) == Step()
        assert plan(K.CLOSE_ALL, make_trade(status=TradeStatus.CLOSED), FILLED) == Step(code="ALREADY_OVER")


class TestPartialClose:
    def test_a_share_of_what_is_held_leaves_at_once(self):
        step = plan(K.CLOSE_PARTIAL, make_open_trade(10), FILLED)
        assert (step.code, step.changes["exit_fraction"]) == ("", HALF)

    def test_an_entry_that_rests_beside_a_position_does_not_hold_it_up(self):
        assert plan(K.CLOSE_PARTIAL, make_open_trade(4), RESTS).code == ""

    @pytest.mark.parametrize(
        ("trade", "orders"),
        [
            (make_trade(), (RESTS,)),
            (make_trade(), (replace(RESTS, status=S.UNKNOWN),)),
            (make_trade(), ()),
            (make_open_trade(4), (make_order("m", status=S.PARTIALLY_FILLED),)),
            (make_open_trade(10, exit_cause="x", exit_fraction=HALF), (FILLED,)),
        ],
        ids=["resting", "in doubt", "just planned", "filling at market", "behind another exit"],
    )
    def test_it_is_parked_until_there_is_something_to_share(self, trade: Trade, orders: tuple[Order, ...]):
        step = plan(K.CLOSE_PARTIAL, trade, *orders)
        assert (step.code, noted(step)) == ("PARKED", (U.WAITING, True))
        assert step.changes["updates"][-1].fraction == HALF
        assert set(step.changes) == {"updates"}

    def test_of_a_trade_that_is_closing_or_holds_nothing_there_is_no_share(self):
        closing = make_open_trade(10, exit_cause="x", exit_fraction=Decimal(1))
        assert plan(K.CLOSE_PARTIAL, closing, FILLED).code == "ALREADY_CLOSING"
        assert plan(K.CLOSE_PARTIAL, make_open_trade(0), FILLED).code == "NOTHING_HELD"

    def test_when_all_places_are_taken_it_is_refused(self):
        waiting = tuple(NotedUpdate(f"w:{i}", K.CLOSE_PARTIAL, NOW, U.WAITING) for i in range(MOST_NOTED))
        assert plan(K.CLOSE_PARTIAL, make_trade(updates=waiting), RESTS) == Step(code="TOO_MANY_PARKED")


class TestCancel:
    def test_what_waits_is_cancelled_and_then_told_by_what_became_of_it(self):
        asked = replace(RESTS, cancel_requested=True, cancel_code=WITHDRAWN)
        assert plan(K.CANCEL, make_trade(), RESTS) == Step(("entry",))
        assert plan(K.CANCEL, make_trade(), replace(asked, status=S.UNKNOWN)).code == "CANCEL_ASKED"
        ended = make_trade(status=TradeStatus.CANCELED)
        assert plan(K.CANCEL, ended, replace(asked, status=S.CANCELED)) == Step()
        assert plan(K.CANCEL, make_open_trade(10), replace(asked, status=S.FILLED)).code == "FILLED_BEFORE"
        assert plan(K.CANCEL, make_open_trade(10), FILLED).code == "NO_ENTRY"

    def test_an_edited_entry_is_told_as_such(self):
        assert plan(Wish(K.CANCEL, is_entry_edit=True), make_open_trade(10), FILLED).code == "ENTRY_CHANGED"


class TestStops:
    def test_break_even_before_the_first_fill_is_parked(self):
        step = plan(K.MOVE_STOP_TO_BREAKEVEN, make_trade(), RESTS)
        assert (step.code, noted(step)) == ("PARKED", (U.WAITING, True))

    def test_after_it_the_stop_moves_at_once(self):
        step = plan(K.MOVE_STOP_TO_BREAKEVEN, make_open_trade(10), FILLED)
        assert (step.code, step.changes["stop_price"]) == ("", 100)

    @pytest.mark.parametrize(("side", "price"), [(Side.BUY, 98), (Side.SELL, 102)])
    def test_a_stop_in_percent_is_measured_from_the_entry_to_the_losing_side(self, side: Side, price: int):
        step = plan(Wish(K.MOVE_STOP, stop_percent=Decimal(2)), trade_of(side))
        assert step.changes["stop_price"] == price
        assert step.changes["stop_percent"] is None

    def test_before_the_fill_it_stays_a_percentage_that_the_fill_makes_a_price(self):
        step = plan(Wish(K.MOVE_STOP, stop_percent=Decimal(2)), make_trade(), RESTS)
        assert (step.code, step.changes["stop_price"], step.changes["stop_percent"]) == ("", 98, 2)

    def test_a_trade_without_a_stop_takes_the_first_one_named(self):
        trade = make_open_trade(10, stop_price=None)
        assert plan(Wish(K.MOVE_STOP, stop_price=Decimal(1)), trade).changes["stop_price"] == 1

    def test_without_a_price_there_is_nothing_to_move(self):
        assert plan(K.MOVE_STOP, make_open_trade(10)).code == "NO_LEVEL"

    def test_a_wider_one_passes_where_there_is_room_and_nowhere_else(self):
        wider, trade = Wish(K.MOVE_STOP, stop_price=Decimal(90)), make_open_trade(10)
        room = StopRoom(Sizing(SizingMethod.FIXED, Decimal(1000)), Decimal(10_000), Decimal(25))
        assert plan(wider, trade).code == "STOP_WOULD_WIDEN"
        assert plan(wider, trade, room=room).changes["stop_price"] == 90

    @given(
        st.sampled_from([K.MOVE_STOP, K.MOVE_STOP_TO_BREAKEVEN]),
        st.sampled_from(Side),
        PRICES,
        PRICES,
        st.none() | PRICES,
        st.none() | st.decimals(min_value=0, max_value=50, places=1),
    )
    def test_no_update_ever_widens_a_stop_without_room(
        self,
        kind: UpdateKind,
        side: Side,
        stop: Decimal,
        entry: Decimal,
        asked: Decimal | None,
        percent: Decimal | None,
    ):
        trade = trade_of(side, stop, entry_average=entry)
        step = plan(Wish(kind, stop_price=asked, stop_percent=percent), trade)
        if step.changes:
            price = step.changes["stop_price"]
            assert price > stop if side is Side.BUY else price < stop
        else:
            assert step.code in {"STOP_WOULD_WIDEN", "NO_DIFFERENCE", "NO_LEVEL"}

    @given(st.sampled_from(Side), st.lists(PRICES, min_size=1, max_size=5), PRICES)
    def test_whoever_loses_a_race_and_plans_again_moves_no_stop_back(
        self, side: Side, winners: list[Decimal], asked: Decimal
    ):
        trade = trade_of(side)
        for number, price in enumerate([*winners, asked]):
            before = trade.stop_price
            step = plan(Wish(K.MOVE_STOP, stop_price=price), trade, cause=f"m:{number}")
            trade = changed(trade, **step.changes)
            assert before is not None
            assert trade.stop_price is not None
            assert trade.stop_price >= before if side is Side.BUY else trade.stop_price <= before


class TestTargets:
    def test_they_are_set_nearest_first_and_split_as_the_bot_does(self):
        wish = Wish(K.SET_TAKE_PROFIT, targets=(Decimal(120), Decimal(110), Decimal(110)))
        step = plan(wish, make_open_trade(10))
        assert step.changes["targets"] == even_targets((Decimal(110), Decimal(120)))

    def test_before_the_fill_those_behind_the_entry_are_left_out(self):
        wish = Wish(K.SET_TAKE_PROFIT, targets=(Decimal(90), Decimal(110)))
        assert plan(wish, make_trade(), RESTS).changes["targets"] == even_targets((Decimal(110),))
        behind = Wish(K.SET_TAKE_PROFIT, targets=(Decimal(90),))
        assert plan(behind, make_trade(), RESTS).code == "TARGET_BEHIND_ENTRY"

    def test_the_same_ones_again_or_none_change_nothing(self):
        trade = make_open_trade(10, targets=even_targets((Decimal(110),)))
        assert plan(Wish(K.SET_TAKE_PROFIT, targets=(Decimal(110),)), trade).code == "NO_DIFFERENCE"
        assert plan(K.SET_TAKE_PROFIT, trade).code == "NO_LEVEL"


@pytest.mark.parametrize("kind", K)
def test_no_kind_of_update_is_forgotten_and_reports_ask_for_nothing(kind: UpdateKind):
    wish = Wish(kind, fraction=HALF, stop_price=Decimal(97), targets=(Decimal(110),))
    reports = {K.TP_HIT, K.SL_HIT, K.ENTRY_FILLED}
    assert (plan(wish, make_open_trade(10)).code == "NOTHING_TO_DO") is (kind in reports)


@pytest.mark.parametrize(
    "kind", [k for k in K if k not in {K.CLOSE_ALL, K.CANCEL, K.TP_HIT, K.SL_HIT, K.ENTRY_FILLED}]
)
def test_of_what_is_over_nothing_is_changed(kind: UpdateKind):
    wish = Wish(kind, fraction=HALF, stop_price=Decimal(97), targets=(Decimal(110),))
    assert plan(wish, make_trade(status=TradeStatus.CLOSED), FILLED) == Step(code="ALREADY_OVER")


TRADES = st.sampled_from(
    [
        make_trade(),
        make_open_trade(10),
        make_open_trade(4),
        make_open_trade(10, exit_cause="x", exit_fraction=HALF),
        make_open_trade(10, exit_cause="x", exit_fraction=Decimal(1)),
        make_trade(status=TradeStatus.CLOSED),
    ]
)
ENTRIES = st.sampled_from(OrderStatus).map(
    lambda status: replace(RESTS, status=status, cancel_requested=status in LIVE)
)


@given(st.sampled_from(UpdateKind), TRADES, ENTRIES)
def test_a_wish_that_is_read_again_changes_nothing_more_and_says_the_same(
    kind: UpdateKind, trade: Trade, entry: Order
):
    wish = Wish(kind, fraction=HALF, stop_price=Decimal(97), targets=(Decimal(110),))
    first = plan(wish, trade, entry)
    again = plan(wish, changed(trade, **first.changes), entry)
    assert (again.changes, again.code) == ({}, first.code)


def test_a_moved_stop_is_the_providers():
    step = plan(Wish(K.MOVE_STOP, stop_price=Decimal(97)), make_open_trade(10))
    assert step.changes["stop_source"] is StopSource.UPDATE


class TestTargetsInPercent:
    wish = wish_of(command(K.SET_TAKE_PROFIT, take_profits_pct=(Decimal(3), Decimal(6))))

    @pytest.mark.parametrize(("side", "prices"), [(Side.BUY, [103, 106]), (Side.SELL, [97, 94])])
    def test_they_lie_that_far_from_the_entry(self, side: Side, prices: list[int]) -> None:
        step = plan(self.wish, trade_of(side), FILLED)
        assert [target.price for target in step.changes["targets"]] == prices

    def test_before_the_fill_they_wait_for_it_and_are_not_asked_for_twice(self) -> None:
        trade = make_trade(targets=even_targets((Decimal(120),)))
        step = plan(self.wish, trade, RESTS)
        assert (step.changes["targets"], step.changes["targets_percent"]) == ((), (3, 6))
        again = changed(trade, targets=(), targets_percent=(Decimal(3), Decimal(6)))
        assert plan(self.wish, again, RESTS).code == "NO_DIFFERENCE"

    def test_an_edit_of_the_signal_asks_for_them_too(self) -> None:
        before, after = make_signal(), make_signal(take_profits_pct=(Decimal(3),))
        assert wishes_of_edit(before, after) == (Wish(K.SET_TAKE_PROFIT, targets_percent=(Decimal(3),)),)


class TestEditedUpdates:
    stop = command(K.MOVE_STOP, stop_loss=Decimal(96))

    def test_what_was_said_before_is_not_said_again(self) -> None:
        after = replace(self.stop, also=(command(K.CANCEL),))
        assert unchanged_commands(self.stop, after) == (True, False)
        assert unchanged_commands(self.stop, self.stop) == (True,)

    def test_another_figure_or_symbol_is_another_command(self) -> None:
        assert unchanged_commands(self.stop, replace(self.stop, stop_loss=Decimal(97))) == (False,)
        assert unchanged_commands(self.stop, replace(self.stop, symbol="ETH/USDT")) == (False,)

    def test_a_share_that_was_sold_is_not_sold_again(self) -> None:
        half = command(K.CLOSE_PARTIAL, close_fraction=HALF)
        assert unchanged_commands(half, replace(half, close_fraction=Decimal("0.3"))) == (True,)
        assert unchanged_commands(half, command(K.CLOSE_ALL)) == (False,)

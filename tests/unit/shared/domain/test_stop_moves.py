"""A provider's stop: nearer at once, further away only where the bot would risk as much."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import Sizing, SizingMethod
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType
from shared.domain.signals import Side
from shared.domain.sizing import risk_money
from shared.domain.stop_moves import SLACK, StopRoom, entries_behind, plan_stop
from shared.domain.trades import StopSource, Trade
from tests.unit.shared.domain.builders import make_instrument, make_open_trade, make_order, make_trade

BITCOIN = make_instrument()
PRICES = st.decimals(min_value=1, max_value=200, places=2)
ROOMS = st.builds(
    StopRoom,
    st.builds(
        Sizing, st.sampled_from([SizingMethod.FIXED, SizingMethod.RISK]), st.integers(1, 100).map(Decimal)
    ),
    st.none() | st.integers(1, 100_000).map(Decimal),
    st.integers(1, 100).map(Decimal),
)


def room(
    method: SizingMethod = SizingMethod.FIXED, amount: int = 1000, equity: int | None = 10_000
) -> StopRoom:
    return StopRoom(Sizing(method, Decimal(amount)), None if equity is None else Decimal(equity), Decimal(25))


def waiting(level: int, **changes: Any) -> Order:
    return make_order(
        "waits",
        order_type=OrderType.LIMIT,
        limit_price=Decimal(level),
        status=OrderStatus.ACCEPTED,
        **changes,
    )


def code_of(trade: Trade, price: int | str, given_room: StopRoom | None = None, *orders: Order) -> str:
    moved = plan_stop(trade, orders, Decimal(price), BITCOIN, given_room)
    return moved if isinstance(moved, str) else ""


class TestNearer:
    def test_it_moves_at_once_and_is_the_providers(self):
        moved = plan_stop(make_open_trade(10), (), Decimal(97), BITCOIN)
        assert moved == {
            "stop_price": 97,
            "stop_percent": None,
            "stop_source": StopSource.UPDATE,
            "needs_cover": True,
        }

    def test_it_is_rounded_to_what_the_venue_takes(self):
        moved = plan_stop(make_open_trade(10), (), Decimal("97.123456"), BITCOIN)
        assert isinstance(moved, dict)
        assert moved["stop_price"] == Decimal("97.12")

    def test_the_same_price_after_rounding_is_no_difference(self):
        assert code_of(make_open_trade(10), "95.0001") == "NO_DIFFERENCE"

    def test_a_percentage_that_waits_for_the_fill_gives_way_to_a_price(self):
        moved = plan_stop(make_trade(stop_percent=Decimal(5)), (), Decimal(95), BITCOIN)
        assert isinstance(moved, dict)
        assert (moved["stop_price"], moved["stop_percent"]) == (95, None)

    def test_before_the_first_fill_it_is_the_stop_that_the_trade_begins_with(self):
        moved = plan_stop(make_trade(), (), Decimal(97), BITCOIN)
        assert isinstance(moved, dict)
        assert moved["initial_stop_price"] == 97

    @pytest.mark.parametrize("price", [90, 91])
    def test_an_entry_that_waits_is_never_behind_it(self, price: int):
        assert code_of(make_trade(), price, None, waiting(90)) == "STOP_WRONG_SIDE"

    def test_without_a_price_of_its_own_an_entry_counts_as_planned(self):
        assert code_of(make_trade(), 100) == "STOP_WRONG_SIDE"
        assert code_of(make_trade(side=Side.SELL, stop_price=Decimal(105)), 100) == "STOP_WRONG_SIDE"

    def test_a_price_of_nothing_is_no_level(self):
        assert plan_stop(make_open_trade(10), (), Decimal(0), None) == "NO_LEVEL"


class TestFurther:
    def test_it_is_refused_where_the_bot_does_not_allow_it(self):
        assert code_of(make_open_trade(10), 90) == "STOP_WOULD_WIDEN"

    def test_it_is_taken_where_the_bot_would_buy_as_much_with_that_stop(self):
        assert code_of(make_open_trade(10), 90, room(amount=1000)) == ""

    def test_it_is_refused_where_it_would_buy_less(self):
        assert code_of(make_open_trade(10), 90, room(amount=500)) == "STOP_RISK_TOO_HIGH"

    @pytest.mark.parametrize("source", [StopSource.USER, StopSource.BREAK_EVEN])
    def test_a_stop_that_the_follower_or_the_bot_has_moved_never_goes_back(self, source: StopSource):
        assert code_of(make_open_trade(10, stop_source=source), 90, room(amount=1000)) == "STOP_WOULD_WIDEN"

    def test_the_cap_on_one_position_counts(self):
        assert code_of(make_open_trade(10), 90, room(amount=1000, equity=2000)) == "STOP_RISK_TOO_HIGH"

    def test_a_bot_that_sizes_by_risk_follows_as_far_as_its_risk_goes(self):
        # 1 % of 10,000 is 100; ten at a distance of 5 risk 50, of 10 they risk 100.
        by_risk = room(SizingMethod.RISK, 1)
        assert code_of(make_open_trade(10), 90, by_risk) == ""
        assert code_of(make_open_trade(10), 89, by_risk) == "STOP_RISK_TOO_HIGH"

    def test_what_was_planned_to_be_risked_may_be_risked_without_a_known_balance(self):
        half_left = make_open_trade(5, planned_quantity=Decimal(10))
        assert code_of(half_left, 90, room(equity=None)) == ""
        assert code_of(half_left, 89, room(equity=None)) == "STOP_RISK_TOO_HIGH"

    def test_what_may_still_be_filled_counts_as_held(self):
        half = make_open_trade(5, planned_quantity=Decimal(10))
        rest = waiting(99, quantity=Decimal(5))
        assert code_of(half, 90, room(equity=None), rest) == "STOP_RISK_TOO_HIGH"


@given(st.sampled_from(Side), PRICES, PRICES, PRICES, st.none() | ROOMS, st.booleans())
def test_a_stop_moves_away_only_within_its_room(
    side: Side, stop: Decimal, asked: Decimal, entry: Decimal, given_room: StopRoom | None, held: bool
):
    changes: dict[str, Any] = {
        "side": side,
        "stop_price": stop,
        "initial_stop_price": stop,
        "planned_entry": entry,
    }
    trade = make_open_trade(10, entry_average=entry, **changes) if held else make_trade(**changes)
    moved = plan_stop(trade, (), asked, BITCOIN, given_room)
    if isinstance(moved, str):
        return
    price = moved["stop_price"]
    is_further = price < stop if side is Side.BUY else price > stop
    if given_room is None:
        assert not is_further
    elif is_further:
        begun = risk_money(BITCOIN, Decimal(10), entry, stop)
        by_amount = (given_room.equity or 0) * given_room.sizing.amount / 100
        if given_room.sizing.method is SizingMethod.FIXED:
            by_amount = given_room.sizing.amount / entry * abs(entry - price)
        assert risk_money(BITCOIN, Decimal(10), entry, price) <= max(begun, by_amount) * SLACK


class TestEntriesBehind:
    moved = make_open_trade(5, stop_price=Decimal(97), stop_source=StopSource.UPDATE)

    @pytest.mark.parametrize(("level", "goes"), [(98, False), (97, True), (90, True)])
    def test_an_entry_that_would_be_filled_behind_a_moved_stop_is_cancelled(self, level: int, goes: bool):
        assert entries_behind(self.moved, [waiting(level)]) == (("waits",) if goes else ())

    def test_a_sell_looks_the_other_way(self):
        short = make_open_trade(5, side=Side.SELL, stop_price=Decimal(103), stop_source=StopSource.BREAK_EVEN)
        assert entries_behind(short, [waiting(105, side=Side.SELL)]) == ("waits",)
        assert entries_behind(short, [waiting(102, side=Side.SELL)]) == ()

    def test_it_is_asked_for_once_and_never_of_a_stop_as_it_was_planned(self):
        assert entries_behind(self.moved, [waiting(90, cancel_requested=True)]) == ()
        planned = make_open_trade(5, stop_price=Decimal(97))
        assert entries_behind(planned, [waiting(90)]) == ()

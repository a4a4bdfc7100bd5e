"""What a trade is follows from its orders and fills alone; and a standing duty leads from any state to cover."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.domain.cover import CoverStyle, CoverTerms
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.signals import UpdateKind
from shared.domain.targets import split_targets
from shared.domain.trade_state import Seen, standing_of
from shared.domain.trades import NotedUpdate, StopSource, Trade, TradeStatus, UpdateState
from tests.unit.shared.domain.builders import (
    NOW,
    make_fill,
    make_instrument,
    make_open_trade,
    make_order,
    make_trade,
)
from tests.unit.shared.domain.model_venue import ModelVenue

BITCOIN = make_instrument()
S = OrderStatus
PAIRED = CoverTerms(CoverStyle.PAIRED, replaces_stops=True)
TARGETS = split_targets((Decimal(105), Decimal(110), Decimal(115)), (Decimal(50), Decimal(30)))
BOUGHT = make_fill(quantity=Decimal(10))


def changes_of(trade: Trade, *orders: Order, fills: tuple[object, ...] = (BOUGHT,)) -> dict[str, object]:
    return standing_of(Seen(trade, orders, fills, BITCOIN, PAIRED), NOW).changes  # type: ignore[arg-type]


ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))


class TestBreakEven:
    trade = make_open_trade(10, targets=TARGETS, break_even_after=1)
    reached = make_order(
        "t0",
        purpose=Purpose.TARGET,
        leg=0,
        limit_price=Decimal(105),
        quantity=Decimal(5),
        status=S.FILLED,
        filled_quantity=Decimal(5),
    )
    sold = make_fill("sold", order_id="t0", is_entry=False, quantity=Decimal(5), price=Decimal(105))

    def test_once_enough_targets_are_reached_the_stop_moves_to_the_entry(self):
        changed = changes_of(self.trade, ENTRY, self.reached, fills=(BOUGHT, self.sold))
        assert (changed["stop_price"], changed["stop_source"]) == (100, StopSource.BREAK_EVEN)

    @pytest.mark.parametrize("wanted", [0, 2])
    def test_before_that_or_where_nobody_asked_it_stays(self, wanted: int):
        trade = replace(self.trade, break_even_after=wanted)
        assert "stop_price" not in changes_of(trade, ENTRY, self.reached, fills=(BOUGHT, self.sold))

    def test_a_stop_that_is_better_already_is_left_alone(self):
        trade = replace(self.trade, stop_price=Decimal(102))
        assert "stop_price" not in changes_of(trade, ENTRY, self.reached, fills=(BOUGHT, self.sold))

    def test_a_part_of_a_target_is_not_the_target(self):
        part = replace(self.reached, status=S.PARTIALLY_FILLED, filled_quantity=Decimal(3))
        assert "stop_price" not in changes_of(self.trade, ENTRY, part)


class TestParkedUpdates:
    even = NotedUpdate("m:0", UpdateKind.MOVE_STOP_TO_BREAKEVEN, NOW, UpdateState.WAITING, was_parked=True)
    rests = replace(ENTRY, status=S.ACCEPTED, filled_quantity=Decimal(0))

    def test_a_break_even_is_carried_out_with_the_first_fill(self):
        changed = changes_of(make_trade(updates=(self.even,)), ENTRY)
        assert (changed["stop_price"], changed["updates"][0].state) == (100, UpdateState.DONE)  # type: ignore[index]

    def test_until_then_nothing_of_it_changes(self):
        assert "updates" not in changes_of(make_trade(updates=(self.even,)), self.rests, fills=())

    def test_it_is_dropped_with_an_entry_that_ends_unfilled(self):
        gone = replace(self.rests, status=S.CANCELED)
        changed = changes_of(make_trade(updates=(self.even,)), gone, fills=())
        assert changed["status"] is TradeStatus.CANCELED
        assert changed["updates"][0].code == "NOT_FILLED"  # type: ignore[index]

    def test_an_entry_behind_a_moved_stop_is_cancelled_and_the_cover_waits_for_it(self):
        trade = make_open_trade(10, stop_price=Decimal(97), stop_source=StopSource.UPDATE)
        behind = make_order("low", status=S.ACCEPTED, limit_price=Decimal(90))
        standing = standing_of(Seen(trade, (ENTRY, behind), (BOUGHT,), BITCOIN, PAIRED), NOW)
        assert standing.plan.cancel == ("low",)
        assert standing.trade.needs_cover


class TestPricesThatHavePassed:
    def test_a_stop_that_came_too_late_sells_all_at_market(self):
        late = make_order(
            "s", purpose=Purpose.STOP, stop_price=Decimal(95), status=S.REJECTED, code="STOP_ALREADY_PASSED"
        )
        changed = changes_of(make_open_trade(10), ENTRY, late)
        assert (changed["exit_cause"], changed["exit_fraction"]) == ("stop:s", 1)

    def test_a_target_that_came_too_late_sells_its_share_at_market(self):
        trade = make_open_trade(10, targets=TARGETS)
        late = make_order(
            "t",
            purpose=Purpose.TARGET,
            limit_price=Decimal(105),
            quantity=Decimal(5),
            status=S.REJECTED,
            code="TARGET_ALREADY_PASSED",
        )
        changed = changes_of(trade, ENTRY, late)
        assert (changed["exit_cause"], changed["exit_fraction"]) == ("target:t", Decimal("0.5"))
        assert changed["exit_reason"] == "TARGET_HIT"

    def test_and_only_once(self):
        trade = make_open_trade(10, targets=TARGETS)
        late = make_order(
            "t",
            purpose=Purpose.TARGET,
            limit_price=Decimal(105),
            status=S.REJECTED,
            code="TARGET_ALREADY_PASSED",
        )
        gone = make_order("x", purpose=Purpose.EXIT, cause="target:t", status=S.FILLED)
        assert "exit_cause" not in changes_of(trade, ENTRY, late, gone)


class TestAnExitWithNothingLeftToSell:
    """A first entry was bought and sold; a second one rests and may buy later."""

    first = make_order("first", status=S.FILLED, filled_quantity=Decimal(10))
    second = make_order("second", leg=1, status=S.ACCEPTED)
    sold = make_fill("sold", order_id="s", is_entry=False, quantity=Decimal(10))
    stop = make_order("s", purpose=Purpose.STOP, status=S.FILLED, filled_quantity=Decimal(10))

    def changes(self, fraction: str, *orders: Order) -> dict[str, object]:
        trade = replace(make_open_trade(10), exit_cause="update", exit_fraction=Decimal(fraction))
        return changes_of(trade, self.first, self.second, self.stop, *orders, fills=(BOUGHT, self.sold))

    def test_a_share_is_not_kept_for_what_is_bought_later(self):
        changed = self.changes("0.5")
        assert (changed["exit_cause"], changed["exit_fraction"]) == (None, None)

    def test_a_full_close_is_kept_for_it(self):
        assert "exit_cause" not in self.changes("1")

    def test_nor_is_one_forgotten_whose_order_is_on_its_way(self):
        assert "exit_cause" not in self.changes(
            "0.5", make_order("x", purpose=Purpose.EXIT, cause="update", status=S.UNKNOWN)
        )


def test_a_trade_whose_entries_ended_unfilled_says_why():
    denied = make_order("entry", status=S.DENIED, code="HALT")
    changed = changes_of(make_trade(), denied, fills=())
    assert (changed["status"], changed["close_reason"]) == (TradeStatus.CANCELED, "HALT")


class CoveredTrade(RuleBasedStateMachine):
    """Fills, refusals, lost cancels, touches and wishes in any order; the duty of cover carried out now and then."""

    terms = PAIRED

    def __init__(self) -> None:
        super().__init__()
        entry = make_order("entry", status=S.ACCEPTED, quantity=Decimal(20))
        trade = make_trade(targets=TARGETS, break_even_after=1)
        self.venue = ModelVenue(trade, BITCOIN, self.terms, {"entry": entry})
        self.wishes = 0

    def live(self, *purposes: Purpose) -> list[Order]:
        return [o for o in self.venue.orders.values() if o.purpose in purposes and o.status in LIVE]

    @precondition(lambda self: self.live(Purpose.ENTRY))
    @rule(lots=st.integers(1, 20_000), ends=st.booleans())
    def entry_fills(self, lots: int, ends: bool) -> None:
        entry = self.venue.orders["entry"]
        self.venue.fill(entry, min(lots * BITCOIN.lot, entry.remaining), Decimal(100))
        entry = self.venue.orders["entry"]
        if ends and entry.status in LIVE:
            self.venue.orders["entry"] = replace(entry, status=S.CANCELED)

    @precondition(lambda self: self.live(Purpose.STOP, Purpose.TARGET))
    @rule(data=st.data(), share=st.sampled_from(["1", "0.5", "0.001"]))
    def exit_fills(self, data: st.DataObject, share: str) -> None:
        order = data.draw(st.sampled_from(self.live(Purpose.STOP, Purpose.TARGET)))
        quantity = max(BITCOIN.floor_quantity(order.remaining * Decimal(share)), BITCOIN.lot)
        price = order.limit_price or order.stop_price
        assert price is not None
        self.venue.fill(order, min(quantity, order.remaining, self.venue.position), price)

    @precondition(lambda self: self.venue.trade.is_watched and self.venue.trade.touched_price is None)
    @rule(at_target=st.booleans())
    def market_touches_what_we_watch(self, at_target: bool) -> None:
        trade = self.venue.trade
        price = trade.watch_above if at_target else trade.watch_below
        if price is not None:
            self.venue.trade = replace(trade, touched_price=price)

    @rule(price=st.sampled_from([90, 93, 97]))
    def user_moves_stop(self, price: int) -> None:
        self.venue.trade = replace(self.venue.trade, stop_price=Decimal(price))

    @rule(prices=st.sampled_from([(104,), (106, 112), (103, 106, 109, 112, 115, 118)]))
    def provider_moves_targets(self, prices: tuple[int, ...]) -> None:
        targets = split_targets(tuple(map(Decimal, prices)), ())
        self.venue.trade = replace(self.venue.trade, targets=targets)

    @precondition(lambda self: self.venue.trade.exit_cause is None)
    @rule(fraction=st.sampled_from(["1", "0.5", "0.25"]))
    def user_closes(self, fraction: str) -> None:
        self.wishes += 1
        self.venue.trade = replace(
            self.venue.trade, exit_cause=f"wish{self.wishes}", exit_fraction=Decimal(fraction)
        )

    @rule(code=st.sampled_from(["INSUFFICIENT_FUNDS", "BELOW_MINIMUM_NOTIONAL", "TARGET_ALREADY_PASSED"]))
    def venue_refuses_next(self, code: str) -> None:
        self.venue.refuse_next = code

    @rule(lost=st.booleans())
    def cancels_are_lost(self, lost: bool) -> None:
        self.venue.lose_cancels = lost

    @rule()
    def protect(self) -> None:
        self.venue.protect()

    @rule()
    def come_to_rest(self) -> None:
        self.venue.refuse_next, self.venue.lose_cancels = None, False
        for _ in range(16):
            if not self.venue.protect():
                break
        assert not self.venue.protect(), "the duty of cover never ends"
        trade = self.venue.trade
        stops = self.live(Purpose.STOP)
        if self.terms.style is CoverStyle.MANAGED:
            assert not stops
            assert trade.managed == trade.coverable
            assert trade.coverable == 0 or trade.watch_below == trade.stop_price
            return
        # What is left of a stop below any minimum may wait where it is for what the entry still buys.
        assert trade.coverable == 0 or all(stop.stop_price == trade.stop_price for stop in stops)
        covered = sum((stop.remaining for stop in stops), Decimal(0))
        rest = self.venue.position - covered
        crumb = abs(rest) * min(trade.stop_price or Decimal(0), Decimal(100))
        assert crumb < BITCOIN.minimum_notional, f"{rest} of {self.venue.position} is naked or too much"

    @invariant()
    def nothing_holds_more_than_there_is(self) -> None:
        # Under reduce-only terms nothing is held, and the venue itself caps what is sold.
        assert self.venue.held <= self.venue.position
        assert self.venue.position >= 0


class SingleTrade(CoveredTrade):
    """Stops rest in parts, targets are watched."""

    terms = CoverTerms(CoverStyle.SINGLE, stop_limit_percent=Decimal(2))


class SharedTrade(CoveredTrade):
    """Exits share the position."""

    terms = CoverTerms(CoverStyle.REDUCE_ONLY)


class ManagedTrade(CoveredTrade):
    """Nothing rests."""

    terms = CoverTerms(CoverStyle.MANAGED)


STEPS = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestPairedTrade = CoveredTrade.TestCase
TestPairedTrade.settings = STEPS
TestSingleTrade = SingleTrade.TestCase
TestSingleTrade.settings = STEPS
TestSharedTrade = SharedTrade.TestCase
TestSharedTrade.settings = STEPS
TestManagedTrade = ManagedTrade.TestCase
TestManagedTrade.settings = STEPS

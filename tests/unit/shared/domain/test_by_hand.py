"""What is next for a command: decided by the trade as it stands, and never two exits at once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.by_hand import PATIENCE, Scene, Step, plan_command
from shared.domain.commands import Command, CommandKind, CommandStatus
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.signals import Side
from shared.domain.trades import StopSource, Trade, TradeStatus
from tests.unit.shared.domain.builders import (
    NOW,
    make_command,
    make_instrument,
    make_open_trade,
    make_order,
    make_trade,
)

CLOSE, MOVE_STOP, CANCEL_ENTRY = CommandKind.CLOSE, CommandKind.MOVE_STOP, CommandKind.CANCEL_ENTRY
DONE, REFUSED = CommandStatus.DONE, CommandStatus.REFUSED
FILLED_ENTRY = make_order("entry", status=OrderStatus.FILLED, filled_quantity=Decimal(10))
LIVE_ENTRY = make_order("waiting", status=OrderStatus.ACCEPTED, limit_price=Decimal(97))


def make_exit(order_id: str = "exit", **changes: Any) -> Order:
    """An exit for 10 that the first command has caused, filled at 101."""
    given_values: dict[str, Any] = {
        "purpose": Purpose.EXIT,
        "side": Side.SELL,
        "status": OrderStatus.FILLED,
        "filled_quantity": Decimal(10),
        "average_fill_price": Decimal(101),
        "cause": "command:c1",
    }
    return make_order(order_id, **{**given_values, **changes})


def plan(command: Command, trade: Trade, *orders: Order, at: Any = NOW, **changes: Any) -> Step:
    values: dict[str, Any] = {
        "instrument": make_instrument(),
        "bid": Decimal("100.2"),
        "ask": Decimal("100.3"),
    }
    return plan_command(command, Scene(trade=trade, orders=orders, **{**values, **changes}), at)


def close(percent: int | str = 100, **changes: Any) -> Command:
    return make_command(kind=CLOSE, value=Decimal(percent), **changes)


def move(price: str, **changes: Any) -> Command:
    return make_command(kind=MOVE_STOP, value=Decimal(price), **changes)


def test_a_close_becomes_the_trades_exit():
    step = plan(close(50), make_open_trade(), FILLED_ENTRY)
    assert step.changes == {
        "exit_cause": "command:c1",
        "exit_fraction": Decimal("0.5"),
        "exit_reason": "USER_CLOSED",
        "needs_cover": True,
    }
    assert step.cancel == ()


@pytest.mark.parametrize(("percent", "cancel"), [(100, ("waiting",)), (50, ())])
def test_only_a_full_close_cancels_entries(percent: int, cancel: tuple[str, ...]):
    step = plan(close(percent), make_open_trade(), FILLED_ENTRY, LIVE_ENTRY)
    assert step.cancel == cancel


def test_what_is_asked_to_cancel_is_not_asked_again():
    asked = replace(LIVE_ENTRY, cancel_requested=True)
    step = plan(close(), make_trade(), asked)
    assert step.is_waiting
    assert step.sentence == "The entry is being cancelled."


@pytest.mark.parametrize("status", sorted(LIVE))
def test_while_an_exit_order_is_alive_no_other_exit_is_wanted(status: OrderStatus):
    other = make_exit("other", status=status, filled_quantity=Decimal(0), cause="update:1")
    assert plan(close(50), make_open_trade(), FILLED_ENTRY, other).is_waiting
    assert plan(close(), make_open_trade(), FILLED_ENTRY, other).is_waiting


def test_a_full_close_enlarges_a_partial_exit_and_keeps_its_cause():
    trade = make_open_trade(
        exit_cause="update:1", exit_fraction=Decimal("0.5"), exit_reason="PROVIDER_CLOSED"
    )
    assert plan(close(), trade, FILLED_ENTRY).changes == {
        "exit_fraction": Decimal(1),
        "exit_reason": "USER_CLOSED",
        "needs_cover": True,
    }
    waits = plan(close(50), trade, FILLED_ENTRY)
    assert waits.is_waiting
    assert "PROVIDER_CLOSED" in waits.sentence
    assert plan(close(), replace(trade, exit_fraction=Decimal(1)), FILLED_ENTRY).is_waiting


def test_what_an_exit_has_sold_is_counted_before_the_next():
    sold = make_exit("other", cause="update:1", filled_quantity=Decimal(4))
    uncounted, counted = make_open_trade(10), make_open_trade(6, exited=Decimal(4))
    assert plan(close(50), uncounted, FILLED_ENTRY, sold).is_waiting
    assert plan(close(50), counted, FILLED_ENTRY, sold).changes


def test_a_partial_close_that_sold_is_done_and_says_for_how_much():
    trade = make_open_trade(6, exited=Decimal(4))
    step = plan(close(40), trade, FILLED_ENTRY, make_exit(filled_quantity=Decimal(4)))
    assert (step.status, step.sentence) == (DONE, "4 BTC/USDT closed at 101. Left: 6.")


def test_what_fills_after_a_full_close_is_sold_under_another_cause():
    trade = make_open_trade(2, entered=Decimal(12), exited=Decimal(10))
    step = plan(close(), trade, FILLED_ENTRY, make_exit())
    assert step.changes["exit_cause"] == "command:c1:1"
    again = plan(
        close(), replace(trade, coverable=Decimal(1)), make_exit(), make_exit("second", cause="command:c1:1")
    )
    assert again.is_waiting, "twenty were sold and ten are counted"


def test_a_full_close_is_done_when_the_trade_is_over():
    flat = make_open_trade(0, exited=Decimal(10))
    assert plan(close(), flat, FILLED_ENTRY, make_exit()).is_waiting
    over = replace(flat, status=TradeStatus.CLOSED, close_reason="USER_CLOSED")
    step = plan(close(), over, FILLED_ENTRY, make_exit())
    assert (step.status, step.code) == (DONE, "")
    assert step.sentence == "10 BTC/USDT closed at 101. Nothing is left."
    assert plan(close(), replace(over, entered=Decimal(10)), FILLED_ENTRY).code == "CLOSED_OTHERWISE"
    never = make_trade(status=TradeStatus.CANCELED, close_reason="WITHDRAWN")
    assert plan(close(), never).code == "NEVER_FILLED"
    assert plan(close(50), over, FILLED_ENTRY).code == "TRADE_OVER"
    assert plan(close(), make_trade()).code == "NEVER_FILLED"


def test_a_share_below_what_the_venue_takes_is_refused():
    step = plan(close(1), make_open_trade(1), FILLED_ENTRY)
    assert (step.status, step.code) == (REFUSED, "TOO_SMALL")
    assert (
        step.sentence == "1 % of 1 BTC/USDT is less than the venue takes (steps of 0.001, at least 5 USDT)."
    )
    assert plan(close(1), make_open_trade(1), FILLED_ENTRY, instrument=None).is_waiting
    assert plan(close(), make_open_trade(1), FILLED_ENTRY, instrument=None).changes


def test_an_exit_that_was_cut_off_with_dust_left_is_done():
    cut = make_exit(status=OrderStatus.CANCELED, filled_quantity=Decimal("4.98"))
    trade = make_open_trade(
        "5.02", exited=Decimal("4.98"), exit_cause="command:c1", exit_fraction=Decimal("0.5")
    )
    assert plan(close(50), trade, FILLED_ENTRY, cut).changes["exit_cause"] is None
    done = plan(close(50), replace(trade, exit_cause=None, exit_fraction=None), FILLED_ENTRY, cut)
    assert done.status is DONE


def test_what_the_venue_refuses_is_told_while_it_is_tried_again():
    refused = make_exit(status=OrderStatus.REJECTED, code="MARKET_CLOSED", filled_quantity=Decimal(0))
    trade = make_open_trade(exit_cause="command:c1", exit_fraction=Decimal(1))
    assert "MARKET_CLOSED" in plan(close(), trade, FILLED_ENTRY, refused).sentence


def test_what_has_not_begun_is_refused_after_ten_minutes_and_what_has_never():
    trade = make_open_trade(exit_cause="update:1", exit_fraction=Decimal(1), exit_reason="PROVIDER_CLOSED")
    late = NOW + PATIENCE + timedelta(seconds=1)
    step = plan(close(50), trade, FILLED_ENTRY, at=late)
    assert (step.status, step.code) == (REFUSED, "NOT_IN_TIME")
    assert plan(close(50, begun_at=NOW), trade, FILLED_ENTRY, at=late).is_waiting
    assert plan(close(50), make_open_trade(), FILLED_ENTRY, at=late).changes


@pytest.mark.parametrize(("price", "said"), [("99.123", "99.12"), ("50", "50")])
def test_a_stop_goes_where_its_owner_wants_it(price: str, said: str):
    step = plan(move(price), make_open_trade(), FILLED_ENTRY)
    assert step.changes["stop_price"] == Decimal(said)
    assert step.changes["stop_source"] is StopSource.USER
    assert step.changes["needs_cover"] is True


@pytest.mark.parametrize(
    ("side", "price", "sentence"),
    [
        (Side.BUY, "100.2", "The stop must be below the market price of 100.2; 100.2 is not."),
        (Side.BUY, "105", "The stop must be below the market price of 100.2; 105 is not."),
        (Side.SELL, "100.3", "The stop must be above the market price of 100.3; 100.3 is not."),
    ],
)
def test_a_stop_on_the_wrong_side_is_refused(side: Side, price: str, sentence: str):
    step = plan(move(price), make_open_trade(side=side), FILLED_ENTRY)
    assert (step.status, step.code, step.sentence) == (REFUSED, "WRONG_SIDE", sentence)


def test_before_there_is_a_position_the_entry_is_the_bound():
    step = plan(move("98"), make_trade(), LIVE_ENTRY)
    assert step.sentence == "The stop must be below the entry of 97; 98 is not."
    assert plan(move("98"), make_open_trade(), FILLED_ENTRY, LIVE_ENTRY).changes
    stored = plan(
        move("90"), make_trade(stop_price=None, stop_percent=Decimal(5), initial_stop_price=None), LIVE_ENTRY
    )
    assert stored.changes["stop_percent"] is None
    assert stored.changes["initial_stop_price"] == stored.changes["stop_price"] == 90


def test_a_moved_stop_is_done_when_the_cover_agrees():
    trade = make_open_trade(stop_price=Decimal(99), needs_cover=True)
    assert plan(move("99"), trade, FILLED_ENTRY).is_waiting
    step = plan(move("99"), replace(trade, needs_cover=False), FILLED_ENTRY)
    assert (step.status, step.sentence) == (DONE, "The stop is at 99.")
    pending = plan(move("90"), make_trade(stop_price=Decimal(90)), LIVE_ENTRY)
    assert pending.sentence == "The stop is 90; it is placed when the entry is filled."


def test_what_moved_a_stop_later_is_left_alone():
    trade = make_open_trade(stop_price=Decimal(99))
    assert plan(move("98", begun_at=NOW, applied_at=NOW), trade, FILLED_ENTRY).code == "SUPERSEDED"
    assert plan(move("98", begun_at=NOW), trade, FILLED_ENTRY).changes, "it died before it was written"
    outdated = plan(move("98"), trade, FILLED_ENTRY, is_outdated=True)
    assert (outdated.status, outdated.code) == (REFUSED, "SUPERSEDED")


def test_a_stop_waits_for_a_price_and_for_the_rules():
    assert plan(move("98"), make_open_trade(), FILLED_ENTRY, bid=None).is_waiting
    assert plan(move("98"), make_open_trade(), FILLED_ENTRY, instrument=None).is_waiting


def test_a_stop_needs_something_to_protect():
    over = make_open_trade(0, status=TradeStatus.CLOSED, close_reason="STOP_HIT")
    assert plan(move("98"), over).code == "TRADE_OVER"
    assert plan(move("98"), over).status is REFUSED
    assert plan(move("98", applied_at=NOW), over).status is DONE
    assert plan(move("98"), make_trade()).code == "NOTHING_TO_PROTECT"


def test_an_entry_is_cancelled_once_and_what_was_filled_is_told():
    command = make_command(kind=CANCEL_ENTRY, value=None)
    assert plan(command, make_trade(), LIVE_ENTRY).cancel == ("waiting",)
    begun = replace(command, begun_at=NOW)
    asked = replace(LIVE_ENTRY, cancel_requested=True)
    assert plan(begun, make_trade(), asked).is_waiting
    ended = plan(begun, make_trade(), replace(asked, status=OrderStatus.CANCELED))
    assert (ended.status, ended.sentence) == (DONE, "1 entry cancelled. Nothing is held.")
    filled = plan(begun, make_open_trade(10), replace(asked, status=OrderStatus.FILLED))
    assert (filled.status, filled.code) == (DONE, "FILLED_BEFORE")
    assert plan(command, make_open_trade(), FILLED_ENTRY).code == "NO_ENTRY"


def orders_of(data: st.DataObject) -> list[Order]:
    purposes = st.sampled_from([Purpose.ENTRY, Purpose.STOP, Purpose.TARGET, Purpose.EXIT])
    causes = st.sampled_from(["command:c1", "command:c1:1", "command:c2", "update:1"])
    made = []
    for number in range(data.draw(st.integers(0, 5))):
        status = data.draw(st.sampled_from(OrderStatus))
        filled = Decimal(data.draw(st.integers(0, 10)))
        purpose = data.draw(purposes)
        made.append(
            make_order(
                f"o{number}",
                purpose=purpose,
                status=status,
                filled_quantity=Decimal(10) if status is OrderStatus.FILLED else filled,
                cause=data.draw(causes) if purpose is Purpose.EXIT else None,
                cancel_requested=data.draw(st.booleans()),
                average_fill_price=Decimal(100),
            )
        )
    return made


@given(data=st.data())
def test_whatever_the_trade_looks_like_no_exit_is_put_beside_another(data: st.DataObject):
    kind = data.draw(st.sampled_from(CommandKind))
    value = {CLOSE: Decimal(data.draw(st.integers(1, 100))), MOVE_STOP: Decimal(99), CANCEL_ENTRY: None}[kind]
    trade = make_open_trade(
        data.draw(st.integers(0, 10)),
        status=data.draw(st.sampled_from(TradeStatus)),
        exited=Decimal(data.draw(st.integers(0, 10))),
        exit_cause=data.draw(st.sampled_from([None, "command:c1", "update:1"])),
        exit_fraction=Decimal("0.5"),
    )
    orders = orders_of(data)
    step = plan(make_command(kind=kind, value=value), trade, *orders)
    exits = [order for order in orders if order.purpose is Purpose.EXIT]
    cause = step.changes.get("exit_cause")
    if cause is not None:
        assert trade.exit_cause is None
        assert not [order for order in exits if order.status in LIVE]
        assert not [order for order in exits if order.cause == cause and order.status is OrderStatus.FILLED]
        sold = sum((o.filled_quantity for o in orders if o.purpose is not Purpose.ENTRY), Decimal(0))
        assert trade.exited >= sold
    if trade.is_over:
        assert not step.changes
        assert step.status is not CommandStatus.PENDING or kind is CANCEL_ENTRY
    if step.status is not CommandStatus.PENDING:
        assert step.sentence.endswith(".")
        assert not step.cancel
        assert not step.changes

"""Stops and entries by hand, the door, and a halt: what is the user's own always goes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.commands import Caller, CommandRefused, record_command
from shared.domain.commands import OPERATOR, CommandKind, CommandStatus, Via
from shared.domain.halts import HaltState
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Purpose
from shared.domain.trades import StopSource, TradeStatus
from shared.models import commands, halts
from shared.models.messages import InboxMessage
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import ask, assert_flat_once, end_of, exits, half_filled
from worker.pipeline.by_hand import carry_out
from worker.pipeline.cancel import cancel_orders

CLOSE, MOVE_STOP, CANCEL_ENTRY = CommandKind.CLOSE, CommandKind.MOVE_STOP, CommandKind.CANCEL_ENTRY


def test_the_users_own_goes_while_everything_is_halted(driver: Driver, opened: InboxMessage) -> None:
    halts.set_halt("global", HaltState.HALTED, "news", datetime.now(UTC))
    trade = driver.trade(opened)
    assert trade.stop_price is not None
    moved = ask(trade, MOVE_STOP, trade.stop_price * Decimal("1.01"))
    driver.answer_bells()
    closed = ask(trade, CLOSE)
    driver.answer_bells()
    assert [end_of(command).status for command in (moved, closed)] == [CommandStatus.DONE] * 2
    assert_flat_once(driver, opened)


@pytest.mark.parametrize("factor", ["1.02", "0.97"])
def test_a_stop_is_moved_closer_or_further_and_rests_on_a_tick(
    driver: Driver, opened: InboxMessage, factor: str
) -> None:
    before = driver.trade(opened)
    assert before.stop_price is not None
    price = before.stop_price * Decimal(factor) + Decimal("0.0011")
    command = ask(before, MOVE_STOP, price)
    driver.answer_bells()
    after = driver.trade(opened)
    assert after.stop_price == price.quantize(Decimal("0.01"), "ROUND_HALF_EVEN")
    assert (after.stop_source, after.needs_cover) == (StopSource.USER, False)
    stops = [
        o for o in driver.orders(opened) if o.purpose is Purpose.STOP and o.status is OrderStatus.ACCEPTED
    ]
    assert [order.stop_price for order in stops] == [after.stop_price]
    assert after.resting == after.coverable
    assert end_of(command).status is CommandStatus.DONE


def test_a_stop_on_the_wrong_side_of_the_market_is_refused_with_the_price(
    driver: Driver, opened: InboxMessage
) -> None:
    trade = driver.trade(opened)
    command = ask(trade, MOVE_STOP, driver.quote("BTC/USDT").bid * Decimal("1.05"))
    driver.answer_bells()
    refused = end_of(command)
    assert (refused.status, refused.code) == (CommandStatus.REFUSED, "WRONG_SIDE")
    assert refused.sentence.startswith("The stop must be below the market price of ")
    assert driver.trade(opened).stop_price == trade.stop_price


def test_of_two_moves_the_later_one_holds_in_whatever_order_they_are_heard(
    driver: Driver, opened: InboxMessage
) -> None:
    trade = driver.trade(opened)
    assert trade.stop_price is not None
    first = ask(trade, MOVE_STOP, trade.stop_price * Decimal("1.01"), request="one")
    second = ask(trade, MOVE_STOP, trade.stop_price * Decimal("1.02"), request="two")
    driver.lose_bells()
    for command in (second, first):
        carry_out(driver.context, [command.command_id])
        driver.answer_bells()
    assert driver.trade(opened).stop_price == (trade.stop_price * Decimal("1.02")).quantize(Decimal("0.01"), "ROUND_HALF_EVEN")
    assert (end_of(first).code, end_of(second).status) == ("SUPERSEDED", CommandStatus.DONE)


def test_the_stop_of_an_entry_that_waits_is_stored_for_its_fill(
    driver: Driver, waiting: InboxMessage
) -> None:
    trade = driver.trade(waiting)
    price = trade.planned_entry * Decimal("0.95")
    above = ask(trade, MOVE_STOP, trade.planned_entry * Decimal("1.01"))
    command = ask(trade, MOVE_STOP, price)
    driver.answer_bells()
    assert end_of(above).code in {"WRONG_SIDE", "SUPERSEDED"}
    assert end_of(command).status is CommandStatus.DONE
    assert driver.trade(waiting).stop_price == price.quantize(Decimal("0.01"), "ROUND_HALF_EVEN")


def test_an_entry_is_cancelled_and_what_was_filled_is_kept(driver: Driver) -> None:
    message = half_filled(driver)
    held = driver.trade(message).held
    command = ask(driver.trade(message), CANCEL_ENTRY)
    driver.answer_bells()
    trade = driver.trade(message)
    assert (trade.status, trade.held, trade.resting) == (TradeStatus.OPEN, held, trade.coverable)
    assert end_of(command).sentence.startswith("1 entry cancelled. Held: ")
    assert not [o for o in driver.orders(message) if o.purpose is Purpose.ENTRY and o.status in LIVE]


@pytest.mark.parametrize("kind", [CLOSE, CANCEL_ENTRY])
def test_a_trade_that_was_never_filled_is_cancelled(
    driver: Driver, waiting: InboxMessage, kind: CommandKind
) -> None:
    command = ask(driver.trade(waiting), kind)
    driver.answer_bells()
    assert driver.trade(waiting).status is TradeStatus.CANCELED
    assert end_of(command).status is CommandStatus.DONE
    assert exits(driver, waiting) == []


@pytest.mark.parametrize(
    ("kind", "value", "code"), [(CLOSE, "50", "NOTHING_HELD"), (MOVE_STOP, "0.01", "TRADE_OVER")]
)
def test_what_there_is_nothing_for_is_refused(
    driver: Driver, waiting: InboxMessage, kind: CommandKind, value: str, code: str
) -> None:
    trade = driver.trade(waiting)
    command = ask(trade, kind, value)
    if kind is MOVE_STOP:
        # Its entry ends between the door and the worker.
        cancel_orders(driver.context, [order.order_id for order in driver.orders(waiting)])
    driver.answer_bells()
    assert (end_of(command).status, end_of(command).code) == (CommandStatus.REFUSED, code)


def test_nothing_to_cancel_is_said(driver: Driver, opened: InboxMessage) -> None:
    command = ask(driver.trade(opened), CANCEL_ENTRY)
    driver.answer_bells()
    assert (end_of(command).status, end_of(command).code) == (CommandStatus.REFUSED, "NO_ENTRY")


def test_the_door_refuses_what_is_not_the_callers_or_cannot_be_meant(
    driver: Driver, opened: InboxMessage
) -> None:
    trade = driver.trade(opened)

    def refusal(kind: CommandKind, value: str | None, *, by: str = OPERATOR, request: str = "r") -> str:
        with pytest.raises(CommandRefused) as caught:
            record_command(Caller(by, Via.BOT, request), trade.trade_id, kind, value, datetime.now(UTC))
        assert str(caught.value)
        return caught.value.code

    assert refusal(CLOSE, None, by="somebody-else") == "NO_TRADE"
    assert refusal(CLOSE, None, by="") == "NO_TRADE"
    for percent in ("0", "101", "-5", "NaN", "1e309", "inf", "half", "", "33.33333"):
        assert refusal(CLOSE, percent) == "BAD_VALUE"
    for price in (None, "0", "-1", "NaN", "1e309", "1e-309", "market", "9" * 30):
        assert refusal(MOVE_STOP, price) == "BAD_VALUE"
    assert refusal(CANCEL_ENTRY, "50") == "BAD_VALUE"
    assert refusal(CLOSE, None, request="") == "BAD_REQUEST_ID"
    with pytest.raises(CommandRefused, match="There is no trade 'none'"):
        record_command(Caller(OPERATOR, Via.CLI, "r"), "none", CLOSE, None, datetime.now(UTC))
    assert commands.count_pending() == 0
    assert ask(trade, CLOSE, by=trade.user_id).by == trade.user_id
    driver.answer_bells()
    assert refusal(CLOSE, None) == "TRADE_OVER"

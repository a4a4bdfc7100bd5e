"""Updates that wait: told twice, carried out once across deaths and repeats, dropped with a reason, never forgotten."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.domain.commands import CommandKind
from shared.domain.halts import HaltState
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.domain.trades import TradeStatus, UpdateState
from shared.models import accounts, halts, orders
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage, Message
from shared.models.orders import Order as OrderDocument
from shared.models.outbox import Outbox
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import ask, assert_flat_once, exits, sweep_and_answer
from tests.integration.worker.pipeline.trade_states import State, fill_resting, go_on, stage
from worker.pipeline.apply import apply_report
from worker.pipeline.ingest import ingest
from worker.pipeline.settle import settle_trades
from worker.pipeline.sweep import expire_entries


def read_again(driver: Driver, message: InboxMessage) -> None:
    """Let a message be read once more, as the sweep does after a pass that died before its end."""
    rows_of(Message).update_one({"_id": message.row_id}, {"$set": {"status": "pending"}})
    ingest(driver.context, message.row_id)
    driver.answer_bells()


def told(driver: Driver) -> list[dict[str, Any]]:
    """What followers were told of parked updates."""
    events = rows_of(Outbox).find({"kind": "job.progress"}).sort("seq", 1)
    return [event["data"] for event in events if "update" in event["data"]]


def test_who_was_told_that_it_waits_is_told_again_when_it_was_carried_out(driver: Driver) -> None:
    staged = stage(driver, State.OPEN)
    reply = driver.say("close half here", reply_to=staged.message.message_id)
    [receipt] = driver.receipts(reply)
    assert (receipt.code, receipt.outcome) == ("PARKED", "passed")
    assert "as soon as" in receipt.detail
    assert told(driver) == []
    fill_resting(driver, staged.message)
    [event] = told(driver)
    assert (event["update"], event["status"], event["code"]) == ("close_partial", "done", "UPDATED")
    assert event["sentence"] == "The update was carried out."
    sweep_and_answer(driver)
    assert len(told(driver)) == 1


def test_what_waited_for_an_entry_that_ends_unfilled_is_dropped_and_told(driver: Driver) -> None:
    staged = stage(driver, State.OPEN)
    for text in ("SL to breakeven", "close half here"):
        driver.say(text, reply_to=staged.message.message_id)
    past = datetime.now(UTC)
    rows_of(OrderDocument).update_many({}, {"$set": {"expires_at": past}})
    expire_entries(driver.context)
    driver.answer_bells()
    trade = driver.trade(staged.message)
    assert trade.status is TradeStatus.CANCELED
    assert [(note.state, note.code) for note in trade.updates] == [(UpdateState.DROPPED, "NOT_FILLED")] * 2
    assert [event["code"] for event in told(driver)] == ["NOT_FILLED"] * 2


def test_an_update_whose_message_is_read_again_sells_once(driver: Driver) -> None:
    staged = stage(driver, State.OPEN)
    reply = driver.say("close half here", reply_to=staged.message.message_id)
    read_again(driver, reply)
    assert len(driver.trade(staged.message).updates) == 1
    fill_resting(driver, staged.message)
    read_again(driver, reply)
    go_on(driver, State.COVERED, staged.message)
    [sold] = exits(driver, staged.message)
    trade = driver.trade(staged.message)
    assert sold.filled_quantity == trade.exited
    assert trade.exited <= trade.entered / 2
    assert [receipt.code for receipt in driver.receipts(reply)] == ["PARKED"]


def test_lost_bells_and_a_death_between_fill_and_exit_lose_nothing(driver: Driver) -> None:
    staged = stage(driver, State.NOT_SENT)
    driver.post("close half here", reply_to=staged.message.message_id)
    while driver.bells():
        driver.answer_one_bell()
        driver.lose_bells()
    for _ in range(6):
        driver.make_due()
        sweep_and_answer(driver)
    trade = driver.trade(staged.message)
    assert len(exits(driver, staged.message)) == 1
    assert trade.exited > 0
    assert trade.resting == trade.coverable > 0


def test_a_partial_close_behind_another_exit_takes_its_share_of_what_that_leaves(
    driver: Driver, opened: InboxMessage
) -> None:
    before = driver.trade(opened)
    ask(before, CommandKind.CLOSE, "50")
    driver.answer_one_bell()
    assert driver.trade(opened).exit_cause
    reply_id = driver.post("close half here", reply_to=opened.message_id)
    ingest(driver.context, reply_id)
    assert [r.code for r in driver.receipts(driver.message(reply_id))] == ["PARKED"]
    driver.answer_bells()
    sweep_and_answer(driver)
    assert len(exits(driver, opened)) == 2
    trade = driver.trade(opened)
    assert abs(trade.held - before.held / 4) <= Decimal("0.00002")
    assert trade.resting == trade.coverable


def test_a_turn_that_comes_in_a_halt_is_dropped_and_the_position_stays_covered(driver: Driver) -> None:
    staged = stage(driver, State.OPEN)
    driver.say("close half here", reply_to=staged.message.message_id)
    user_id = driver.trade(staged.message).user_id
    halts.set_halt(f"user:{user_id}", HaltState.HALTED, "mine", datetime.now(UTC))
    fill_resting(driver, staged.message)
    trade = driver.trade(staged.message)
    assert exits(driver, staged.message) == []
    assert trade.resting == trade.coverable == trade.entered > 0
    assert [event["code"] for event in told(driver)] == ["HALT"]


def test_a_parked_update_goes_on_while_a_halt_only_reduces(driver: Driver) -> None:
    staged = stage(driver, State.OPEN)
    driver.say("close half here", reply_to=staged.message.message_id)
    user_id = driver.trade(staged.message).user_id
    halts.set_halt(f"user:{user_id}", HaltState.REDUCING, "mine", datetime.now(UTC))
    fill_resting(driver, staged.message)
    assert len(exits(driver, staged.message)) == 1


def test_in_a_halt_a_provider_may_take_an_entry_back_and_nothing_else(driver: Driver) -> None:
    staged = stage(driver, State.OPEN)
    user_id = driver.trade(staged.message).user_id
    halts.set_halt(f"user:{user_id}", HaltState.HALTED, "mine", datetime.now(UTC))
    for text, code in (("close half here", "HALT"), ("close all", "HALT"), ("cancel the order", "UPDATED")):
        reply = driver.say(text, reply_to=staged.message.message_id)
        assert [receipt.code for receipt in driver.receipts(reply)] == [code]
    trade = driver.trade(staged.message)
    assert (trade.status, trade.updates) == (TradeStatus.CANCELED, ())


def test_a_close_stands_for_a_fill_that_is_told_after_the_entry_was_given_up(driver: Driver) -> None:
    staged = stage(driver, State.UNKNOWN)
    driver.say("close all", reply_to=staged.message.message_id)
    [entry] = [o for o in driver.orders(staged.message) if o.purpose is Purpose.ENTRY]
    assert orders.compare_and_set(entry, OrderStatus.ABANDONED, datetime.now(UTC), code="NOT_PLACED")
    settle_trades(driver.context, [entry.trade_id])
    driver.answer_bells()
    assert driver.trade(staged.message).status is TradeStatus.CANCELED
    account = accounts.find(entry.account_id)
    given_up = orders.find(entry.order_id)
    assert account is not None
    assert given_up is not None
    report = driver.context.loop.run(driver.context.broker(account).fetch_order(given_up.lookup()), 5)
    apply_report(given_up, report, datetime.now(UTC))
    settle_trades(driver.context, [entry.trade_id])
    driver.answer_bells()
    assert assert_flat_once(driver, staged.message).close_reason == "PROVIDER_CLOSED"


def test_entries_behind_a_stop_that_was_moved_are_cancelled(driver: Driver) -> None:
    staged = stage(driver, State.PARTLY_FILLED)
    ask_price = driver.quote("BTC/USDT").ask
    driver.say(f"SL to {ask_price * Decimal('0.95'):.2f}", reply_to=staged.message.message_id)
    entries = [o for o in driver.orders(staged.message) if o.purpose is Purpose.ENTRY]
    assert {o.status for o in entries} == {OrderStatus.FILLED, OrderStatus.CANCELED}
    trade = driver.trade(staged.message)
    assert trade.resting == trade.coverable == trade.held > 0

"""Several wishes in one message, wider stops, and which trade is meant: each told to its follower line by line."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.bots import BotSettings, Sizing, SizingMethod, WiderStops
from shared.domain.money import to_plain
from shared.domain.receipts import Verdict
from shared.domain.trades import StopSource, TradeStatus
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage, Message, MessageStatus
from shared.models.signals import Receipt
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import exits
from tests.integration.worker.pipeline.trade_states import Staged, State, stage
from worker.pipeline.ingest import ingest

ALLOWING = BotSettings(wider_stops=WiderStops.ALLOW)


def edit(driver: Driver, staged: Staged, text: str) -> InboxMessage:
    """Edit the message and answer all bells."""
    same = {"message_id": staged.message.message_id, "posted_at": staged.message.posted_at}
    return driver.say(text, revision=1, event="edit", edited_at=datetime.now(UTC), **same)


def test_several_commands_are_carried_out_in_order_with_a_line_for_each(driver: Driver) -> None:
    staged = stage(driver, State.COVERED)
    stop, target = staged.said.stop * Decimal("1.05"), staged.said.target * Decimal("1.05")
    text = f"Close half, move stop to {stop:.2f}, TP to {target:.2f}"
    reply = driver.say(text, reply_to=staged.message.message_id)
    [receipt] = driver.receipts(reply)
    assert (receipt.outcome, receipt.code) == (Verdict.PASSED, "UPDATED")
    assert [gate.name for gate in receipt.gates] == ["update 1", "update 2", "update 3"]
    said = [gate.input for gate in receipt.gates]
    plain_stop, plain_target = (to_plain(Decimal(f"{price:.2f}")) for price in (stop, target))
    assert said == ["close partial 50%", f"move stop to {plain_stop}", f"set take profit at {plain_target}"]
    trade = driver.trade(staged.message)
    assert trade.exited > 0
    assert trade.stop_price == Decimal(f"{stop:.2f}")
    assert [t.price for t in trade.targets] == [Decimal(f"{target:.2f}")]


def test_a_line_that_is_refused_does_not_keep_the_others_and_says_why(driver: Driver) -> None:
    staged = stage(driver, State.COVERED)
    text = f"Close half, move stop to {staged.said.stop * Decimal('0.9'):.2f}"
    [receipt] = driver.receipts(driver.say(text, reply_to=staged.message.message_id))
    assert (receipt.outcome, receipt.code) == (Verdict.PASSED, "PARTLY_UPDATED")
    assert [gate.verdict for gate in receipt.gates] == [Verdict.PASSED, Verdict.DENIED]
    assert "further away" in receipt.detail
    assert len(exits(driver, staged.message)) == 1


def test_an_edit_of_stop_and_targets_does_both(driver: Driver) -> None:
    staged = stage(driver, State.COVERED)
    stop, target = staged.said.stop * Decimal("1.05"), staged.said.target * Decimal("1.05")
    edited = edit(driver, staged, staged.said.text(stop=stop, target=target))
    receipt = next(r for r in driver.receipts(edited) if r.revision == 1)
    assert (receipt.code, len(receipt.gates)) == ("UPDATED", 2)
    trade = driver.trade(staged.message)
    assert trade.stop_price == Decimal(f"{stop:.2f}")
    assert [t.price for t in trade.targets] == [Decimal(f"{target:.2f}")]
    assert trade.resting == trade.coverable


def test_an_edit_moves_the_stop_of_an_entry_that_was_not_sent(driver: Driver) -> None:
    staged = stage(driver, State.NOT_SENT)
    stop = staged.said.stop * Decimal("1.05")
    edit(driver, staged, staged.said.text(stop=stop))
    trade = driver.trade(staged.message)
    assert trade.status is TradeStatus.PENDING
    assert trade.stop_price == trade.initial_stop_price == Decimal(f"{stop:.2f}")


def test_an_edit_whose_pass_died_after_it_had_read_is_applied_by_the_next(driver: Driver) -> None:
    staged = stage(driver, State.COVERED)
    stop = staged.said.stop * Decimal("1.05")
    edited = edit(driver, staged, staged.said.text(stop=stop))
    # What the pass had written before it died: its reading, and nothing else.
    before = driver.trade(staged.message)
    rows_of(Receipt).delete_many({"revision": 1})
    rows_of(Message).update_one({"_id": edited.row_id}, {"$set": {"status": "pending"}})
    assert ingest(driver.context, edited.row_id) == "done: EDIT_APPLIED"
    driver.answer_bells()
    [receipt] = [r for r in driver.receipts(edited) if r.revision == 1]
    assert receipt.code == "UPDATED"
    assert driver.trade(staged.message).stop_price == before.stop_price


@pytest.mark.parametrize("by_edit", [False, True])
def test_a_wider_stop_is_followed_where_the_bot_allows_it_and_would_risk_as_much(
    driver: Driver, by_edit: bool
) -> None:
    staged = stage(driver, State.COVERED, ALLOWING)
    wider = staged.said.stop * Decimal("0.95")
    if by_edit:
        answer = edit(driver, staged, staged.said.text(stop=wider))
    else:
        answer = driver.say(f"SL to {wider:.2f}", reply_to=staged.message.message_id)
    assert [r.code for r in driver.receipts(answer) if r.revision == answer.revision] == ["UPDATED"]
    trade = driver.trade(staged.message)
    assert (trade.stop_price, trade.stop_source) == (Decimal(f"{wider:.2f}"), StopSource.UPDATE)
    assert trade.resting == trade.coverable


def test_a_wider_stop_that_would_risk_more_than_planned_and_sized_is_refused(driver: Driver) -> None:
    sizing = Sizing(SizingMethod.RISK, Decimal("0.5"))
    driver.add_follower(driver.add_provider(), sizing=sizing, settings=ALLOWING)
    price = driver.quote("BTC/USDT").ask
    opened = driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {price * Decimal('0.9'):.2f}")
    reply = driver.say(f"SL to {price * Decimal('0.85'):.2f}", reply_to=opened.message_id)
    assert [r.code for r in driver.receipts(reply)] == ["STOP_RISK_TOO_HIGH"]
    assert driver.trade(opened).stop_source is StopSource.MESSAGE


def test_a_reply_to_a_signal_that_nobody_traded_never_means_another_trade(
    driver: Driver, opened: InboxMessage
) -> None:
    price = driver.quote("BTC/USDT").ask
    denied = driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {price * Decimal('0.94'):.2f}")
    assert [r.code for r in driver.receipts(denied)] == ["MAX_PER_SYMBOL"]
    reply = driver.say("close all", reply_to=denied.message_id)
    assert (reply.status, reply.reason) == (MessageStatus.DONE, "NOTHING_OPEN")
    assert driver.trade(opened).status is TradeStatus.OPEN


def test_an_update_of_a_symbol_that_nobody_holds_is_done_and_told_to_nobody(
    driver: Driver, opened: InboxMessage
) -> None:
    nothing = driver.say("Close ETH/USDT now")
    assert (nothing.status, nothing.reason) == (MessageStatus.DONE, "NOTHING_OPEN")
    assert driver.receipts(nothing) == []
    assert driver.trade(opened).status is TradeStatus.OPEN


def test_a_close_that_is_read_again_means_what_it_meant_though_another_trade_has_opened(
    driver: Driver, opened: InboxMessage
) -> None:
    close = driver.say("Close BTC/USDT now")
    price = driver.quote("BTC/USDT").ask
    again = driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {price * Decimal('0.93'):.2f}")
    assert driver.trade(again).status is TradeStatus.OPEN
    rows_of(Receipt).delete_many({"message_id": close.message_id})
    rows_of(Message).update_one({"_id": close.row_id}, {"$set": {"status": "pending"}})
    ingest(driver.context, close.row_id)
    driver.answer_bells()
    assert driver.trade(again).status is TradeStatus.OPEN
    [receipt] = driver.receipts(close)
    assert (receipt.code, receipt.trade_id) == ("UPDATED", driver.trade(opened).trade_id)

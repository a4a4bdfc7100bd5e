"""What providers say after the signal: replies, edits, deletes, and what must not follow from them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.bots import BotState
from shared.domain.halts import HaltState
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.domain.trades import StopSource, TradeStatus
from shared.models import bots, halts
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage, MessageStatus
from shared.models.trades import Trade as TradeDocument
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.ingest import ingest
from worker.pipeline.sweep import cancel_of_idle_bots

TEXT = "LONG BTC/USDT\nEntry: market\nStop loss: {stop:.2f}\nTarget: {target:.2f}"


@pytest.fixture
def opened(driver: Driver) -> InboxMessage:
    """A message whose trade is open and covered."""
    driver.add_follower(driver.add_provider())
    price = driver.quote("BTC/USDT").ask
    return driver.say(TEXT.format(stop=price * Decimal("0.95"), target=price * Decimal("1.08")))


def edit(driver: Driver, opened: InboxMessage, content: str, *, revision: int = 1) -> InboxMessage:
    """Edit a posted message."""
    return driver.say(
        content,
        message_id=opened.message_id,
        revision=revision,
        event="edit",
        posted_at=opened.posted_at,
        edited_at=datetime.now(UTC),
    )


def live_stops(driver: Driver, message: InboxMessage) -> list[Decimal]:
    """List the prices of stops that rest."""
    return [
        order.stop_price
        for order in driver.orders(message)
        if order.purpose is Purpose.STOP and order.status is OrderStatus.ACCEPTED and order.stop_price
    ]


def test_a_reply_that_closes_sells_all_and_leaves_no_order_behind(
    driver: Driver, opened: InboxMessage
) -> None:
    reply = driver.say("Closing this one here, take profits", reply_to=opened.message_id)
    assert (reply.status, reply.reason) == (MessageStatus.DONE, "UPDATED")
    trade = driver.trade(opened)
    assert (trade.status, trade.close_reason) == (TradeStatus.CLOSED, "PROVIDER_CLOSED")
    assert trade.held == 0
    assert all(order.status not in {OrderStatus.ACCEPTED} for order in driver.orders(opened))


def test_a_reply_that_closes_half_leaves_half_covered(driver: Driver, opened: InboxMessage) -> None:
    driver.say("close half here", reply_to=opened.message_id)
    trade = driver.trade(opened)
    assert trade.status is TradeStatus.OPEN
    assert trade.exited > 0
    assert trade.resting == trade.coverable == trade.held


def test_a_share_of_nothing_is_parked_and_wants_no_exit_yet(driver: Driver, waiting: InboxMessage) -> None:
    reply = driver.say("close half here", reply_to=waiting.message_id)
    assert [receipt.code for receipt in driver.receipts(reply)] == ["PARKED"]
    assert driver.trade(waiting).exit_cause is None


def test_a_close_by_symbol_finds_the_one_open_trade(driver: Driver, opened: InboxMessage) -> None:
    driver.say("Close BTC/USDT now")
    assert driver.trade(opened).status is TradeStatus.CLOSED


def test_an_update_that_names_nothing_and_replies_to_nothing_waits_for_a_tap(
    driver: Driver, opened: InboxMessage
) -> None:
    lost = driver.say("Move stop to break even")
    assert (lost.status, lost.reason) == (MessageStatus.QUARANTINED, "UPDATE_WITHOUT_SYMBOL")
    assert driver.trade(opened).stop_source is StopSource.MESSAGE


def test_an_update_that_could_mean_two_messages_waits_for_a_tap(driver: Driver) -> None:
    from shared.domain.bots import BotSettings  # noqa: PLC0415

    driver.add_follower(driver.add_provider(), settings=BotSettings(max_per_symbol=2))
    price = driver.quote("ETH/USDT").ask
    for share in ("0.95", "0.94"):
        driver.say(f"LONG ETH/USDT\nEntry: market\nSL: {price * Decimal(share):.2f}")
    assert driver.say("Close ETH/USDT now").reason == "UPDATE_AMBIGUOUS"


def test_an_edit_that_raises_the_stop_moves_it_and_counts_the_gap(
    driver: Driver, opened: InboxMessage
) -> None:
    before = driver.trade(opened)
    assert before.stop_price is not None
    target = before.targets[0].price
    raised = before.stop_price * Decimal("1.02")
    edited = edit(driver, opened, TEXT.format(stop=raised, target=target))
    assert edited.reason == "EDIT_APPLIED"
    trade = driver.trade(opened)
    assert trade.stop_source is StopSource.UPDATE
    assert live_stops(driver, opened) == [trade.stop_price]
    assert trade.resting == trade.coverable
    assert trade.naked_since is None
    assert trade.naked_seconds > before.naked_seconds


def test_an_edit_that_widens_the_stop_is_not_followed(driver: Driver, opened: InboxMessage) -> None:
    before = driver.trade(opened)
    assert before.stop_price is not None
    edit(driver, opened, TEXT.format(stop=before.stop_price * Decimal("0.9"), target=before.targets[0].price))
    assert driver.trade(opened).stop_price == before.stop_price
    codes = [receipt.code for receipt in driver.receipts(opened)]
    assert codes == ["PASSED", "STOP_WOULD_WIDEN"]


def test_an_edit_that_changes_no_character_changes_nothing(driver: Driver, opened: InboxMessage) -> None:
    assert edit(driver, opened, opened.content).reason == "CONTENT_UNCHANGED"


def test_chatter_that_is_edited_into_a_signal_is_not_traded(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    chatter = driver.say("good morning traders")
    edited = edit(driver, chatter, "LONG BTC/USDT now, SL 60000")
    assert (edited.status, edited.reason) == (MessageStatus.QUARANTINED, "EDITED_IN")
    assert driver.orders(edited) == []


def test_an_original_that_arrives_after_its_edit_is_history(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    posted_at = datetime.now(UTC)
    first = driver.post("LONG BTC/USDT now", message_id="5", revision=1, event="edit", posted_at=posted_at)
    ingest(driver.context, first)
    assert driver.message(first).status is MessageStatus.PENDING, "it waits for its original"
    late = driver.say("LONG ETH/USDT now", message_id="5", posted_at=posted_at)
    assert late.reason == "SUPERSEDED"
    ingest(driver.context, first)
    driver.answer_bells()
    assert driver.trade(driver.message(first)).symbol == "BTC/USDT"


def test_an_edit_without_its_original_is_read_after_a_while_and_marked(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    from shared.models.mapping import rows_of  # noqa: PLC0415
    from shared.models.messages import Message  # noqa: PLC0415

    row_id = driver.post("LONG BTC/USDT now", revision=1, event="edit")
    rows_of(Message).update_one(
        {"_id": row_id}, {"$set": {"recorded_at": datetime.now(UTC) - timedelta(seconds=9)}}
    )
    driver.answer_bells()
    message = driver.message(row_id)
    assert (message.reason, message.notes) == ("PLANNED", ("ORIGINAL_MISSING",))


def test_a_delete_withdraws_what_was_not_sent_and_leaves_what_was(
    driver: Driver, opened: InboxMessage
) -> None:
    row_id = driver.post("LONG ETH/USDT now")
    ingest(driver.context, row_id)
    unsent = driver.message(row_id)
    for message in (unsent, opened):
        gone = driver.post("", message_id=message.message_id, event="delete", posted_at=message.posted_at)
        ingest(driver.context, gone)
    driver.answer_bells()
    [entry] = driver.orders(unsent)
    assert (entry.status, entry.code) == (OrderStatus.CANCELED, "DELETED")
    assert driver.trade(unsent).status is TradeStatus.CANCELED
    assert driver.trade(opened).status is TradeStatus.OPEN


def test_a_delete_that_arrives_before_the_reading_prevents_the_trade(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    driver.lose_bells()
    message = driver.message(row_id)
    driver.say("", message_id=message.message_id, event="delete", posted_at=message.posted_at)
    assert driver.message(row_id).reason == "DELETED"
    ingest(driver.context, row_id)
    assert driver.orders(message) == []


def test_a_halted_follower_keeps_the_position_when_the_provider_closes(
    driver: Driver, opened: InboxMessage
) -> None:
    trade = driver.trade(opened)
    halts.set_halt(f"user:{trade.user_id}", HaltState.HALTED, "mine", datetime.now(UTC))
    driver.say("close it", reply_to=opened.message_id)
    assert driver.trade(opened).status is TradeStatus.OPEN
    halts.set_halt(f"user:{trade.user_id}", HaltState.REDUCING, "mine", datetime.now(UTC))
    driver.say("close it all now", reply_to=opened.message_id)
    assert driver.trade(opened).status is TradeStatus.CLOSED


def test_a_break_even_between_ticks_becomes_a_stop_that_the_venue_takes(
    driver: Driver, opened: InboxMessage
) -> None:
    # An entry filled at several prices has such an average; here it lies below the price, so the stop can rest.
    below = (driver.quote("BTC/USDT").bid * Decimal("0.98")).quantize(
        Decimal("0.01"), "ROUND_HALF_EVEN"
    ) + Decimal("0.0047")
    trade_id = driver.trade(opened).trade_id
    rows_of(TradeDocument).update_one({"_id": trade_id}, {"$set": {"entry_average": below}})
    driver.say("SL to breakeven", reply_to=opened.message_id)
    assert live_stops(driver, opened) == [below.quantize(Decimal("0.01"), "ROUND_HALF_EVEN")]
    assert driver.trade(opened).resting == driver.trade(opened).coverable


def say_update(driver: Driver, opened: InboxMessage, content: str) -> InboxMessage:
    return driver.say(content, reply_to=opened.message_id)


def edit_update(
    driver: Driver, opened: InboxMessage, said: InboxMessage, content: str, revision: int = 1
) -> InboxMessage:
    return driver.say(
        content,
        message_id=said.message_id,
        reply_to=opened.message_id,
        revision=revision,
        event="edit",
        posted_at=said.posted_at,
        edited_at=datetime.now(UTC),
    )


def test_an_edited_stop_move_moves_the_stop_again(driver: Driver, opened: InboxMessage) -> None:
    bid = driver.quote("BTC/USDT").bid
    first, second = (f"{bid * Decimal(share):.2f}" for share in ("0.96", "0.97"))
    said = say_update(driver, opened, f"Move stop to {first}")
    assert live_stops(driver, opened) == [Decimal(first)]
    edited = edit_update(driver, opened, said, f"Move stop to {second}")
    assert (edited.status, edited.reason) == (MessageStatus.DONE, "UPDATED")
    assert live_stops(driver, opened) == [Decimal(second)]


def test_an_edit_that_adds_a_command_carries_out_that_one_alone(driver: Driver, opened: InboxMessage) -> None:
    bid = driver.quote("BTC/USDT").bid
    stop, target = f"{bid * Decimal('0.96'):.2f}", f"{bid * Decimal('1.2'):.2f}"
    said = say_update(driver, opened, f"Move stop to {stop}")
    later = say_update(driver, opened, f"Move stop to {bid * Decimal('0.97'):.2f}")
    assert later.reason == "UPDATED"
    edit_update(driver, opened, said, f"Move stop to {stop}\nNew target {target}")
    trade = driver.trade(opened)
    assert [t.price for t in trade.targets] == [Decimal(target)]
    # What the first message had said before is not said again by its edit.
    assert trade.stop_price == round(bid * Decimal("0.97"), 2)


def test_an_edited_partial_close_sells_nothing_more(driver: Driver, opened: InboxMessage) -> None:
    said = say_update(driver, opened, "Close 50%")
    held = driver.trade(opened).held
    edited = edit_update(driver, opened, said, "Close 30%")
    assert (edited.status, edited.reason) == (MessageStatus.DONE, "EDIT_WITHOUT_EFFECT")
    assert driver.trade(opened).held == held


def test_a_bot_that_is_paused_loses_the_entries_that_wait_and_keeps_its_cover(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    price = driver.quote("BTC/USDT").bid
    open_ = driver.say(TEXT.format(stop=price * Decimal("0.95"), target=price * Decimal("1.08")))
    low = driver.quote("ETH/USDT").bid * Decimal("0.9")
    waits = driver.say(f"LONG ETH/USDT\nEntry: {low:.2f}\nStop loss: {low * Decimal('0.9'):.2f}")
    assert [o.status for o in driver.orders(waits)] == [OrderStatus.ACCEPTED]
    bots.change_state(bot.trading_bot_id, BotState.PAUSED, datetime.now(UTC))
    assert cancel_of_idle_bots(driver.context) == 1
    driver.answer_bells()
    [entry] = driver.orders(waits)
    assert (entry.status, entry.cancel_code) == (OrderStatus.CANCELED, "BOT_NOT_ACTIVE")
    assert (driver.trade(open_).status, driver.trade(open_).resting) == (
        TradeStatus.OPEN,
        driver.trade(open_).coverable,
    )
    # Nothing is left to look at, and one that trades again keeps what it enters.
    assert cancel_of_idle_bots(driver.context) == 0
    assert bots.with_entries_to_cancel(10) == []

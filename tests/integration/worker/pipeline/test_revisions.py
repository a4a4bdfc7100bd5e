"""Which revision of a message acts, whatever dies between them, and that nobody is left without a receipt."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.receipts import Receipt
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage, Message, MessageStatus
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.ingest import ingest
from worker.pipeline.revisions import LONGEST_PASS


def text(driver: Driver, stop: str = "0.95") -> str:
    """Write a clean signal with a stop at a part of the price now."""
    price = driver.quote("BTC/USDT").ask
    return f"LONG BTC/USDT\nEntry: market\nStop loss: {price * Decimal(stop):.2f}"


def post_edit(driver: Driver, original: InboxMessage, content: str, **changes: Any) -> str:
    """Record an edit; nobody hears of it yet."""
    row_id = driver.post(
        content,
        message_id=original.message_id,
        posted_at=original.posted_at,
        **{"revision": 1, "event": "edit", "edited_at": datetime.now(UTC), **changes},
    )
    driver.lose_bells()
    return row_id


def change(row_id: str, **values: Any) -> None:
    """Put a message into the state that a death or the sweep leaves."""
    rows_of(Message).update_one({"_id": row_id}, {"$set": values})


def died_after_its_orders(driver: Driver, *, orders: bool = True) -> InboxMessage:
    """A message whose first pass died before it wrote receipts, or before it planned anything."""
    row_id = driver.post(text(driver))
    ingest(driver.context, row_id)
    driver.lose_bells()
    database = rows_of(Message).database
    for name in ["receipts", *([] if orders else ["orders", "trades"])]:
        database[name].delete_many({})
    change(row_id, status="pending")
    return driver.message(row_id)


def by_revision(driver: Driver, message: InboxMessage) -> dict[int, list[Receipt]]:
    found: dict[int, list[Receipt]] = {}
    for receipt in driver.receipts(message):
        found.setdefault(receipt.revision, []).append(receipt)
    return found


def long_ago() -> datetime:
    return datetime.now(UTC) - LONGEST_PASS - timedelta(seconds=1)


def test_an_edit_waits_for_a_pass_of_its_original_and_then_acts_on_the_difference(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    original = driver.message(driver.post(text(driver)))
    edit = post_edit(driver, original, text(driver, "0.97"))
    assert ingest(driver.context, edit) == "waits for its original"
    # The pass of the original had begun before the edit came: it goes on to its end.
    change(edit, revision=-1)
    ingest(driver.context, original.row_id)
    change(edit, revision=1)
    driver.answer_bells()
    assert ingest(driver.context, edit) == "done: EDIT_APPLIED"
    driver.answer_bells()
    trade = driver.trade(original)
    assert trade.stop_price is not None
    assert trade.initial_stop_price is not None
    assert trade.stop_price > trade.initial_stop_price


def test_an_edit_waits_two_rings_for_an_original_that_never_ends(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    original = driver.message(driver.post(text(driver)))
    edit = post_edit(driver, original, text(driver, "0.97"))
    for rings in (0, 1):
        change(edit, rings=rings)
        assert ingest(driver.context, edit) == "waits for its original"
    change(edit, rings=2)
    assert ingest(driver.context, edit) == "done: PLANNED"


def test_an_original_that_nobody_read_is_history_and_its_edit_is_traded_though_it_says_the_same(
    driver: Driver,
) -> None:
    driver.add_follower(driver.add_provider())
    original = driver.message(driver.post(text(driver)))
    edit = post_edit(driver, original, original.content)
    assert ingest(driver.context, original.row_id) == "done: SUPERSEDED"
    # The end of the original rings for the edit that waited for it.
    driver.answer_bells()
    assert driver.message(edit).reason == "PLANNED"
    trade = driver.trade(original)
    assert trade.resting == trade.coverable > 0


def test_an_edit_that_says_what_was_read_already_changes_nothing(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    original = driver.say(text(driver))
    edit = post_edit(driver, original, original.content)
    assert ingest(driver.context, edit) == "done: CONTENT_UNCHANGED"
    assert len(driver.receipts(original)) == 1


def test_followers_of_an_edited_message_whose_pass_died_are_told_what_was_planned(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    original = died_after_its_orders(driver)
    post_edit(driver, original, text(driver, "0.97"))
    assert ingest(driver.context, original.row_id) == "waits for its explanation"
    assert driver.receipts(original) == []
    rows_of(Message).update_many({"revision": 1}, {"$set": {"recorded_at": long_ago()}})
    assert ingest(driver.context, original.row_id) == "done: SUPERSEDED"
    [receipt] = by_revision(driver, original)[0]
    assert (receipt.code, receipt.trade_id) == ("PASSED", driver.trade(original).trade_id)


def test_followers_of_an_edited_message_who_were_not_planned_for_are_told_that_they_will_not_be(
    driver: Driver,
) -> None:
    driver.add_follower(driver.add_provider())
    original = died_after_its_orders(driver, orders=False)
    edit = post_edit(driver, original, text(driver, "0.97"))
    change(edit, recorded_at=long_ago())
    driver.make_due()
    assert ingest(driver.context, original.row_id) == "done: SUPERSEDED"
    [receipt] = by_revision(driver, original)[0]
    assert (receipt.code, receipt.order_ids) == ("SUPERSEDED", ())


def test_followers_of_a_deleted_message_whose_pass_died_are_told_too(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    original = died_after_its_orders(driver)
    driver.post("", message_id=original.message_id, event="delete", posted_at=original.posted_at)
    driver.answer_bells()
    assert driver.message(original.row_id).status is MessageStatus.DONE
    [receipt] = driver.receipts(original)
    assert receipt.code == "PASSED"
    [entry] = driver.orders(original)
    assert entry.code == "DELETED"
    assert driver.submits(bot) == []

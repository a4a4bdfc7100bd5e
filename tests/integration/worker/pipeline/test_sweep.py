"""The sweep rings again, but never into a queue that nobody empties; who waits for a balance waits within bounds."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.bots import BotSettings, TradingBot
from shared.gathering import count_gathered, ring_gathered, take_gathered
from shared.models import messages, outbox
from shared.models.accounts import Account
from shared.models.mapping import rows_of
from shared.models.messages import MAX_HEARD, Message, MessageStatus
from shared.tasks import Queue, TaskName, bell_list
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.sweep import LIMIT, sweep


def let_balance_age(bot: TradingBot) -> None:
    rows_of(Account).update_one(
        {"_id": bot.account_id}, {"$set": {"balance_at": datetime.now(UTC) - timedelta(hours=1)}}
    )


def take_venue_away(bot: TradingBot) -> None:
    """Let the account trade where no balance can be read."""
    rows_of(Account).update_one({"_id": bot.account_id}, {"$set": {"credential_id": "lost"}})


def unfinished(driver: Driver) -> None:
    """A planned signal of which every bell was lost, and whose message is pending still; everything is due."""
    driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    driver.answer_one_bell()
    driver.lose_bells()
    take_gathered(TaskName.NOTIFICATIONS_DELIVER, LIMIT)
    rows_of(Message).update_one({"_id": row_id}, {"$set": {"status": "pending"}})
    driver.make_due()


def test_a_message_is_rung_for_as_long_as_no_worker_hears_it(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    for _ in range(3 * MAX_HEARD):
        driver.lose_bells()
        driver.make_due()
        sweep(driver.context)
    assert driver.message(row_id).status is MessageStatus.PENDING
    driver.answer_bells()
    assert driver.message(row_id).reason == "PLANNED"


def test_a_message_that_no_worker_brings_to_an_end_fails_visibly_and_can_be_replayed(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    # A row that cannot be read stands for whatever a worker dies of, every time.
    rows_of(Message).update_one({"_id": row_id}, {"$set": {"embeds": "no list"}})
    for _ in range(MAX_HEARD + 1):
        driver.answer_bells()
        driver.make_due()
        sweep(driver.context)
    rows_of(Message).update_one({"_id": row_id}, {"$set": {"embeds": []}})
    failed = driver.message(row_id)
    assert (failed.status, failed.reason) == (MessageStatus.FAILED, "NO_PROGRESS")
    assert messages.replay(row_id, datetime.now(UTC))
    sweep(driver.context)
    driver.answer_bells()
    assert driver.message(row_id).reason == "PLANNED"


@pytest.mark.parametrize("queue", [Queue.SIGNALS, Queue.ORDERS, Queue.EXITS])
def test_a_queue_that_nobody_empties_is_filled_up_to_one_pass(driver: Driver, queue: Queue) -> None:
    unfinished(driver)
    driver.redis.rpush(bell_list(queue), *["bell"] * LIMIT)
    sweep(driver.context)
    assert driver.redis.llen(bell_list(queue)) == LIMIT
    others = {Queue.SIGNALS, Queue.ORDERS} - {queue}
    assert all(driver.redis.llen(bell_list(other)) for other in others)
    driver.redis.delete(bell_list(queue))


def test_events_that_nobody_delivers_gather_up_to_one_pass(driver: Driver) -> None:
    unfinished(driver)
    ring_gathered(TaskName.NOTIFICATIONS_DELIVER, [f"event-{number}" for number in range(LIMIT)])
    sweep(driver.context)
    assert count_gathered(TaskName.NOTIFICATIONS_DELIVER) == LIMIT
    driver.answer_bells()
    assert outbox.count_undelivered() > 0
    driver.make_due()
    sweep(driver.context)
    driver.answer_bells()
    assert outbox.count_undelivered() == 0


def test_an_old_balance_is_read_anew_and_the_signal_planned_with_it(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    let_balance_age(bot)
    message = driver.say("LONG BTC/USDT now")
    assert message.reason == "PLANNED"
    assert [receipt.code for receipt in driver.receipts(message)] == ["PASSED"]


def test_where_no_balance_can_be_read_nobody_asks_again_before_the_sweep(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    let_balance_age(bot)
    take_venue_away(bot)
    message = driver.say("LONG BTC/USDT now")
    assert (message.status, message.heard) == (MessageStatus.PENDING, 0)
    assert driver.bells() == 0


def test_who_waited_for_a_balance_longer_than_the_signal_is_good_for_is_told_so(driver: Driver) -> None:
    provider = driver.add_provider()
    bot = driver.add_follower(provider, settings=BotSettings(max_signal_age_seconds=60))
    let_balance_age(bot)
    take_venue_away(bot)
    message = driver.say("LONG BTC/USDT now", posted_at=datetime.now(UTC) - timedelta(seconds=61))
    assert message.status is MessageStatus.DONE
    assert [receipt.code for receipt in driver.receipts(message)] == ["STALE"]

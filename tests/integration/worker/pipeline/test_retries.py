"""A send of which no byte left: sent again, not before its time, and only once."""

import time
from datetime import UTC, datetime, timedelta

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order
from shared.models import orders
from shared.models.mapping import rows_of
from shared.models.orders import Order as OrderDocument
from tests.integration.worker.pipeline.driver import Driver, claim
from worker.pipeline.ingest import ingest
from worker.pipeline.submit import execute
from worker.pipeline.sweep import sweep


def handed_back(driver: Driver, *, attempt_in_seconds: float) -> Order:
    """Plan a signal and hand its entry back as a worker does that was too slow to begin the send."""
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    driver.lose_bells()
    [entry] = driver.orders(driver.message(row_id))
    [claimed] = claim([entry.order_id], "a-slow-worker")
    due = datetime.now(UTC) + timedelta(seconds=attempt_in_seconds)
    back = {"tries": 1, "next_check_at": due, "next_attempt_at": due}
    assert orders.compare_and_set(claimed, OrderStatus.INITIALIZED, datetime.now(UTC), **back)
    return claimed


def test_an_entry_that_was_handed_back_is_sent_when_the_sweep_rings(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    order = handed_back(driver, attempt_in_seconds=-1)
    sweep(driver.context)
    driver.answer_bells()
    found = orders.find(order.order_id)
    assert found is not None
    assert found.status is OrderStatus.FILLED
    assert [row["outcome"] for row in driver.submits(bot) if row["client_order_id"] == order.order_id] == [
        "ACCEPTED"
    ]


def test_a_bell_before_its_time_sends_nothing(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    order = handed_back(driver, attempt_in_seconds=30)
    # A row whose look is due although its attempt is not: the sweep rings, and the claim refuses.
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows_of(OrderDocument).update_one({"_id": order.order_id}, {"$set": {"next_check_at": past}})
    assert execute(driver.context, [order.order_id]) == "0 of 1 sent"
    sweep(driver.context)
    driver.answer_bells()
    assert driver.submits(bot) == []


def test_an_entry_whose_window_closed_is_looked_at_and_sent_once_more_at_once(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    driver.lose_bells()
    [entry] = driver.orders(driver.message(row_id))
    # The venues' thread is busy for longer than the window between the last look and the first byte.
    driver.context.loop._loop.call_soon_threadsafe(time.sleep, 0.7)
    assert execute(driver.context, [entry.order_id]) == "1 of 1 sent"
    found = orders.find(entry.order_id)
    assert found is not None
    assert (found.status, found.tries) == (OrderStatus.FILLED, 1)
    accepted = [row for row in driver.submits(bot) if row["client_order_id"] == entry.order_id]
    assert [row["outcome"] for row in accepted] == ["ACCEPTED"]

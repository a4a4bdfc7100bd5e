"""A signal with more followers than one pass plans: the next pass goes on, and nobody is planned twice or forgotten."""

from datetime import UTC, datetime

import pytest

from shared.domain.orders import Purpose
from shared.models import messages
from shared.models.mapping import rows_of
from shared.models.messages import Message, MessageStatus
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.test_one_signal import long
from worker.pipeline import route
from worker.pipeline.ingest import ingest
from worker.pipeline.sweep import sweep

FOLLOWERS = 9


@pytest.fixture
def crowd(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> str:
    """A provider whose followers take five passes: each plans one chunk of two."""
    monkeypatch.setattr(route, "PASS_SECONDS", -1.0)
    monkeypatch.setattr(route, "FIRST_CHUNK", 2)
    monkeypatch.setattr(route, "CHUNK", 2)
    provider = driver.add_provider()
    for _ in range(FOLLOWERS):
        driver.add_follower(provider)
    return provider


@pytest.mark.usefixtures("crowd")
def test_passes_that_are_cut_plan_every_follower_once(driver: Driver) -> None:
    row_id = driver.post(long(driver))
    assert ingest(driver.context, row_id) == "goes on in another pass"
    assert len(driver.receipts(driver.message(row_id))) == 2
    driver.answer_bells()
    message = driver.message(row_id)
    assert (message.status, message.reason) == (MessageStatus.DONE, "PLANNED")
    entries = [order for order in driver.orders(message) if order.purpose is Purpose.ENTRY]
    assert len(entries) == len({order.trading_bot_id for order in entries}) == FOLLOWERS
    assert len(driver.receipts(message)) == FOLLOWERS


@pytest.mark.usefixtures("crowd")
def test_a_message_whose_passes_go_on_is_not_taken_for_one_that_makes_no_progress(driver: Driver) -> None:
    row_id = driver.post(long(driver))
    rows_of(Message).update_one({"_id": row_id}, {"$set": {"heard": messages.MAX_HEARD}})
    assert ingest(driver.context, row_id) == "goes on in another pass"
    assert messages.take_due(datetime.now(UTC), 10) == ([], [])
    driver.make_due()
    assert messages.take_due(datetime.now(UTC), 10) == ([row_id], [])


@pytest.mark.usefixtures("crowd")
def test_a_pass_that_loses_its_bell_is_gone_on_with_by_the_sweep(driver: Driver) -> None:
    row_id = driver.post(long(driver))
    ingest(driver.context, row_id)
    driver.lose_bells()
    driver.make_due()
    sweep(driver.context)
    driver.answer_bells()
    message = driver.message(row_id)
    assert message.status is MessageStatus.DONE
    assert len(driver.receipts(message)) == FOLLOWERS

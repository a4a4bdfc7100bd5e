"""Balances that are read by the clock let a fan-out go first, and come all the same where one follows another."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.models.accounts import Account
from shared.models.mapping import rows_of
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline import balances

MANY = 50
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quick_looks(driver: Driver) -> Iterator[None]:
    driver.context.gather_seconds = 0.01
    yield
    driver.context.gather_seconds = 0


def forget_balances() -> None:
    rows_of(Account).update_many({}, {"$set": {"balance_at": LONG_AGO}})


def test_a_snapshot_waits_until_the_fan_out_is_over(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    forget_balances()
    driver.context.tell_busy(MANY)
    assert driver.context.is_busy()
    began = datetime.now(UTC)
    balances.snapshot(driver.context)
    read_at = driver.account(bot).balance_at
    assert not driver.context.is_busy()
    assert read_at is not None
    assert read_at - began > timedelta(milliseconds=200), "it was read while the fan-out was under way"


def test_where_one_fan_out_follows_another_balances_are_read_all_the_same(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    forget_balances()
    driver.redis.set("dx:busy", "1")
    balances.snapshot(driver.context)
    assert driver.context.is_busy()
    read_at = driver.account(bot).balance_at
    assert read_at is not None
    assert read_at > LONG_AGO

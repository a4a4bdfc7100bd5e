"""Reports folded: told once or five times, at once or one after the other, an execution is one fill."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from shared.brokers.base import NotFound
from shared.domain.orders import Order, OrderReport, Purpose
from shared.models import fills
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.apply import apply_report, apply_reports


def told(driver: Driver) -> tuple[Order, OrderReport]:
    """A filled entry, and what its venue says of it."""
    bot = driver.add_follower(driver.add_provider())
    message = driver.say("LONG BTC/USDT now")
    entry = next(o for o in driver.orders(message) if o.purpose is Purpose.ENTRY)
    broker = driver.context.broker(driver.account(bot))
    report = driver.context.loop.run(broker.fetch_order(entry.lookup()), 5)
    assert not isinstance(report, NotFound)
    return entry, report


def test_a_report_that_is_told_again_changes_nothing(driver: Driver) -> None:
    entry, report = told(driver)
    before = fills.of_orders([entry.order_id])
    assert len(before) == len(report.fills) > 0
    for _ in range(3):
        assert not apply_report(entry, report, datetime.now(UTC))
    apply_reports([(entry, report), (entry, report)], datetime.now(UTC))
    assert fills.of_orders([entry.order_id]) == before


def test_many_that_fold_the_same_report_at_once_store_its_executions_once(driver: Driver) -> None:
    entry, report = told(driver)
    more = replace(report.fills[0], venue_fill_id="another execution")
    grown = replace(report, fills=(*report.fills, more))
    before = len(fills.of_orders([entry.order_id]))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: apply_report(entry, grown, datetime.now(UTC)), range(16)))
    assert len(fills.of_orders([entry.order_id])) == before + 1

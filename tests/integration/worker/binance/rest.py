"""Letting time pass for whatever waits, until nothing moves any more: how each trial of the faults ends."""

from datetime import UTC, datetime, timedelta

from shared.domain.order_status import UNRESOLVED
from shared.models import orders
from shared.models.mapping import rows_of
from shared.models.orders import Order as OrderDocument
from shared.models.trades import Trade as TradeDocument
from tests.integration.worker.binance.conftest import Desk
from worker.pipeline.protect import watch_cover
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.sweep import sweep

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# Longer ago than the venue's window W.
OLD = timedelta(seconds=60)
ROUNDS = 25


def come_to_rest(desk: Desk) -> None:
    """Let time pass for whatever waits, until nothing moves."""
    for number in range(ROUNDS):
        assert desk.driver.context.late.wait(15)
        desk.driver.answer_bells()
        # What rests is looked at once at least: the venue may know more of it than it said.
        if (
            number
            and not orders.count_unresolved()
            and not rows_of(TradeDocument).count_documents({"needs_cover": True})
        ):
            return
        let_time_pass(desk)
        beat(desk)
    raise AssertionError("it never comes to rest")


def beat(desk: Desk) -> None:
    """What the beat rings for every few seconds."""
    reconcile_due(desk.driver.context)
    sweep(desk.driver.context)
    watch_cover()


def let_time_pass(desk: Desk) -> None:
    """Let a minute have gone by for orders, retries and closed doors."""
    moment = datetime.now(UTC) - OLD
    rows = rows_of(OrderDocument)
    unresolved = {"status": {"$in": [str(status) for status in UNRESOLVED]}}
    rows.update_many(unresolved, {"$set": {"sent_at": moment}})
    rows.update_many({"next_attempt_at": {"$ne": None}}, {"$set": {"next_attempt_at": LONG_AGO}})
    # What was refused may be tried again as if its pause were over.
    rows.update_many({"status": {"$in": ["REJECTED", "ABANDONED"]}}, {"$set": {"sent_at": LONG_AGO}})
    desk.driver.make_due()
    closed = desk.driver.context.redis.keys("dx:tokens:*:closed")
    if closed:
        desk.driver.context.redis.delete(*closed)

"""Tokens at work: nothing is claimed that a venue's limit does not let go, and what waited says so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.brokers.base import LimitedMarket
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order
from shared.models import orders
from shared.models.mapping import rows_of
from shared.models.orders import Order as OrderDocument
from tests.integration.worker.binance.conftest import Desk
from worker.limits import Pot, Urgency
from worker.pipeline import submit
from worker.pipeline.ingest import ingest
from worker.pipeline.sweep import expire_entries

POT = Pot("binance", "sandbox")


@pytest.fixture
def entry(desk: Desk) -> Order:
    """One planned entry whose bell was lost."""
    desk.add_follower(desk.driver.add_provider())
    row_id = desk.driver.post("LONG BTC/USDT now, stop -5%")
    ingest(desk.driver.context, row_id)
    desk.driver.lose_bells()
    (found,) = desk.driver.orders(desk.driver.message(row_id))
    return found


def again(entry: Order) -> Order:
    found = orders.find(entry.order_id)
    assert found is not None
    return found


def test_a_closed_pot_lets_nothing_be_claimed_and_holds_no_task(desk: Desk, entry: Order) -> None:
    desk.driver.context.tokens.close(POT, 60)
    began = datetime.now(UTC)
    assert submit.execute(desk.driver.context, [entry.order_id]) == "0 of 1 sent"
    assert (again(entry).status, again(entry).waits_for) == (OrderStatus.INITIALIZED, "RATE_LIMIT")
    assert datetime.now(UTC) - began < timedelta(seconds=2)
    assert again(entry).claim_id is None
    # Nobody rings before the venue is open again.
    assert desk.driver.lose_bells() == 0
    assert again(entry).next_check_at - began > timedelta(seconds=55)


def test_when_the_pot_is_open_again_it_goes(desk: Desk, entry: Order) -> None:
    desk.driver.context.tokens.close(POT, 0.3)
    assert submit.execute(desk.driver.context, [entry.order_id]) == "1 of 1 sent"
    assert again(entry).status is OrderStatus.FILLED


def test_a_venue_that_says_wait_closes_the_pot_for_everybody(desk: Desk, entry: Order) -> None:
    desk.venue.add_fault("rate_limit", method="POST", path="/api/v3/order", times=1, seconds=7)
    submit.execute(desk.driver.context, [entry.order_id])
    limits = desk.driver.context.limits(POT)
    assert limits is not None
    grant = desk.driver.context.tokens.take(POT, limits, Urgency.EXIT, [""])
    assert grant.places == ()
    assert 6 < grant.wait_seconds <= 7
    waits = again(entry).next_attempt_at
    assert waits is not None
    assert waits - datetime.now(UTC) > timedelta(seconds=6)


def test_what_waited_for_its_turn_until_its_time_was_over_is_told_so(desk: Desk, entry: Order) -> None:
    desk.driver.context.tokens.close(POT, 60)
    submit.execute(desk.driver.context, [entry.order_id])
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows_of(OrderDocument).update_one({"_id": entry.order_id}, {"$set": {"send_by": past}})
    expire_entries(desk.driver.context)
    assert (again(entry).status, again(entry).code) == (OrderStatus.EXPIRED, "RATE_LIMIT")


def test_what_others_used_of_our_address_is_heeded_with_the_next_answer(desk: Desk, entry: Order) -> None:
    limits = desk.driver.context.limits(POT)
    assert limits is not None
    # The venue's own count, ours and everybody else's, comes with each answer.
    market = desk.driver.context.market("binance", "sandbox")
    submit.execute(desk.driver.context, [entry.order_id])
    assert isinstance(market, LimitedMarket)
    used = market.used_weight(None)
    assert used > 0
    small = replace(limits, weight_per_minute=used + 10)
    desk.driver.context.tokens.heed(POT, small, used)
    places = desk.driver.context.tokens.take(POT, small, Urgency.EXIT, [""] * 1000).places
    assert len(places) < 1000

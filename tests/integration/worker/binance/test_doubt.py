"""Doubt at Binance: two endpoints before anything is given up, and pairs that are whole or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.domain.identifiers import client_order_id
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.models import orders
from shared.models.mapping import rows_of
from shared.models.orders import Order as OrderDocument
from tests.integration.worker.binance.conftest import Desk
from worker.pipeline.ingest import ingest
from worker.pipeline.resolve import resolve
from worker.pipeline.submit import execute

LONG = "LONG BTC/USDT now, stop -5%"


def again(order: Order) -> Order:
    found = orders.find(order.order_id)
    assert found is not None
    return found


def test_an_order_that_the_first_endpoint_does_not_know_is_found_by_the_second(desk: Desk) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    desk.venue.add_fault("accept_then_drop", method="POST", path="/api/v3/order", key=key, times=1)
    row_id = desk.driver.post(LONG)
    ingest(desk.driver.context, row_id)
    desk.driver.lose_bells()
    (entry,) = desk.driver.orders(desk.driver.message(row_id))
    # The first endpoint says -2013 although the order is there: a look-up that lags behind the lists.
    desk.venue.add_fault("garbage", method="GET", path="/api/v3/order", key=key)
    execute(desk.driver.context, [entry.order_id])
    assert desk.driver.context.late.wait(8)
    assert again(entry).status is OrderStatus.UNKNOWN
    desk.venue.clear_faults()
    old = datetime.now(UTC) - timedelta(seconds=60)
    rows_of(OrderDocument).update_one({"_id": entry.order_id}, {"$set": {"sent_at": old}})
    # Asked under another name the first endpoint knows nothing; the list of orders knows ours.
    doubtful = replace(again(entry), venue_order_id="999999999")
    resolve(desk.driver.context, [doubtful])
    assert again(entry).status is OrderStatus.FILLED


def test_a_target_whose_stop_is_not_with_it_is_not_sent(desk: Desk) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    price = desk.driver.context.fresh_quotes("binance", "sandbox", ["BTC/USDT"])["BTC/USDT"].ask
    message = desk.driver.say(f"LONG BTC/USDT now\nSL {price * 95 / 100:.2f}\nTP {price * 110 / 100:.2f}")
    target = next(o for o in desk.driver.orders(message) if o.purpose is Purpose.TARGET)
    before = len(desk.venue.orders(key))
    lone = replace(
        target,
        order_id=client_order_id(target.intent_id, 9),
        attempt=9,
        pair_id="another pair",
        status=OrderStatus.INITIALIZED,
        version=0,
        venue_order_id=None,
        next_attempt_at=None,
    )
    orders.create_many_once([lone])
    execute(desk.driver.context, [lone.order_id])
    assert (again(lone).status, again(lone).code) == (OrderStatus.DENIED, "PAIR_BROKEN")
    assert len(desk.venue.orders(key)) == before

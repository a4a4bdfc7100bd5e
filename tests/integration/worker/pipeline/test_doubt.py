"""Unknown outcomes: asked about, never sent again, given up only on proof."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.cover import CoverTerms
from shared.domain.intents import first_attempt
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.protection import plan_cover
from shared.domain.trades import TradeStatus
from shared.models import orders
from shared.models.mapping import rows_of
from shared.models.orders import Order as OrderDocument
from tests.integration.worker.pipeline.driver import Driver, claim
from worker.pipeline.ingest import ingest
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.resolve import resolve
from worker.pipeline.settle import settle_trades
from worker.pipeline.submit import execute
from worker.pipeline.sweep import expire_entries, sweep


def claimed_only(driver: Driver) -> Order:
    """Plan a signal and claim its entry, as a worker that died right after the claim leaves it."""
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    driver.lose_bells()
    [entry] = driver.orders(driver.message(row_id))
    [claimed] = claim([entry.order_id], "a-worker-that-died")
    return claimed


def age(order: Order, seconds: float) -> Order:
    """Let an order have been claimed some time ago."""
    sent_at = datetime.now(UTC) - timedelta(seconds=seconds)
    rows_of(OrderDocument).update_one(
        {"_id": order.order_id}, {"$set": {"sent_at": sent_at, "next_check_at": sent_at}}
    )
    found = orders.find(order.order_id)
    assert found is not None
    return found


def test_a_claimed_order_is_never_posted_by_anyone_else(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    claimed = claimed_only(driver)
    assert execute(driver.context, [claimed.order_id]) == "0 of 1 sent"
    driver.make_due()
    sweep(driver.context)
    driver.answer_bells()
    assert driver.submits(bot) == []


def test_a_young_claim_that_the_venue_does_not_know_stays_in_doubt(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    claimed = claimed_only(driver)
    assert resolve(driver.context, [age(claimed, 4)]) == 0
    found = orders.find(claimed.order_id)
    assert found is not None
    assert found.status in {OrderStatus.SUBMITTED, OrderStatus.UNKNOWN}


def test_an_entry_proved_not_placed_is_abandoned_and_its_reservation_given_back(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    claimed = claimed_only(driver)
    assert driver.account(bot).reservations
    assert resolve(driver.context, [age(claimed, 60)]) == 1
    found = orders.find(claimed.order_id)
    assert found is not None
    assert (found.status, found.code) == (OrderStatus.ABANDONED, "NOT_PLACED")
    driver.answer_bells()
    assert driver.account(bot).reservations == {}
    assert driver.submits(bot) == []


def test_an_order_that_did_arrive_is_found_and_covered(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    driver.lose_bells()
    message = driver.message(row_id)
    [entry] = driver.orders(message)
    execute(driver.context, [entry.order_id])
    driver.lose_bells()
    # What a worker that died between the venue's answer and our record leaves behind.
    rows_of(OrderDocument).update_one(
        {"_id": entry.order_id},
        {
            "$set": {
                "status": "SUBMITTED",
                "filled_quantity": Decimal(0),
                "venue_order_id": None,
                "unsettled": False,
                "open_quantity": None,
            }
        },
    )
    for name in ("fills", "positions"):
        rows_of(OrderDocument).database[name].delete_many({})
    driver.make_due()
    reconcile_due(driver.context)
    driver.answer_bells()
    trade = driver.trade(message)
    assert trade.status is TradeStatus.OPEN
    assert trade.resting == trade.coverable == trade.entered > 0


def test_a_stop_proved_not_placed_is_tried_again_as_its_next_attempt(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    message = driver.message(row_id)
    execute(driver.context, [order.order_id for order in driver.orders(message)])
    driver.lose_bells()
    settle_trades(driver.context, [driver.trade(message).trade_id])
    driver.lose_bells()
    trade = driver.trade(message)
    plan = plan_cover(
        trade,
        tuple(driver.orders(message)),
        driver.context.instruments("paper", "paper", [trade.symbol])[trade.symbol],
        datetime.now(UTC),
        CoverTerms(),
    )
    now = datetime.now(UTC)
    stop = first_attempt(trade, plan.place[0], now, now)
    orders.create_many_once([stop])
    [claimed] = claim([stop.order_id], "a-worker-that-died")
    resolve(driver.context, [age(claimed, 60)])
    driver.make_due()
    sweep(driver.context)
    driver.answer_bells()
    stops = [order for order in driver.orders(message) if order.purpose is Purpose.STOP]
    attempts = {order.attempt: order.status for order in stops if order.intent_id == stop.intent_id}
    assert attempts == {1: OrderStatus.ABANDONED, 2: OrderStatus.ACCEPTED}
    assert driver.trade(message).resting == driver.trade(message).coverable
    accepted = [row for row in driver.submits(bot) if row["outcome"] == "ACCEPTED"]
    assert len(accepted) == 2, "one entry and one stop"


def test_an_entry_that_was_never_sent_in_time_expires_with_its_reason(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    driver.lose_bells()
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows_of(OrderDocument).update_many({}, {"$set": {"send_by": past}})
    [entry] = driver.orders(driver.message(row_id))
    assert execute(driver.context, [entry.order_id]) == "0 of 1 sent"
    expire_entries(driver.context)
    driver.answer_bells()
    [expired] = driver.orders(driver.message(row_id))
    assert (expired.status, expired.code) == (OrderStatus.EXPIRED, "NOT_SENT_IN_TIME")
    assert driver.account(bot).reservations == {}


def test_a_resting_entry_past_its_time_is_cancelled_at_the_venue(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    price = driver.quote("BTC/USDT").bid
    message = driver.say(f"Buy BTC/USDT at {price * Decimal('0.9'):.2f}, SL {price * Decimal('0.85'):.2f}")
    [entry] = driver.orders(message)
    assert entry.status is OrderStatus.ACCEPTED
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows_of(OrderDocument).update_many({}, {"$set": {"expires_at": past}})
    expire_entries(driver.context)
    driver.answer_bells()
    [gone] = driver.orders(message)
    assert gone.status is OrderStatus.CANCELED
    assert driver.trade(message).status is TradeStatus.CANCELED

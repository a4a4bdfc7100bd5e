"""Entries that wait: for their price, for another entry's outcome, for a venue's limit; and what they end with."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.trades import TradeStatus
from shared.models import claims, orders
from shared.models.mapping import rows_of
from shared.models.orders import Order as OrderDocument
from tests.integration.worker.pipeline.driver import Driver, claim
from worker.pipeline.ingest import ingest
from worker.pipeline.prices import refresh_prices
from worker.pipeline.submit import execute
from worker.pipeline.sweep import expire_entries


def planned(driver: Driver, text: str = "LONG BTC/USDT now") -> Order:
    """Plan a signal and lose its bells."""
    row_id = driver.post(text)
    ingest(driver.context, row_id)
    driver.lose_bells()
    [entry] = [o for o in driver.orders(driver.message(row_id)) if o.purpose is Purpose.ENTRY]
    return entry


def found(order: Order) -> Order:
    again = orders.find(order.order_id)
    assert again is not None
    return again


def test_a_limit_below_the_market_whose_target_is_met_first_is_cancelled_with_that_reason(
    driver: Driver,
) -> None:
    driver.add_follower(driver.add_provider())
    price = driver.quote("BTC/USDT").ask
    low, stop, target = (f"{price * Decimal(share):.2f}" for share in ("0.9", "0.85", "0.95"))
    message = driver.say(f"LONG BTC/USDT\nEntry: {low}\nStop loss: {stop}\nTarget: {target}")
    [entry] = driver.orders(message)
    assert entry.status is OrderStatus.ACCEPTED
    refresh_prices(driver.context)
    driver.answer_bells()
    assert (found(entry).status, found(entry).code) == (OrderStatus.CANCELED, "TARGET_BEFORE_ENTRY")
    trade = driver.trade(message)
    assert (trade.status, trade.close_reason) == (TradeStatus.CANCELED, "TARGET_BEFORE_ENTRY")


def leave_in_doubt(entry: Order, *, symbol: str, minutes: int) -> None:
    """Put an order beside an entry whose outcome has been unknown for so long."""
    row = rows_of(OrderDocument).find_one({"_id": entry.order_id})
    assert row is not None
    sent_at = datetime.now(UTC) - timedelta(minutes=minutes)
    doubtful = {"_id": "doubtful", "status": "UNKNOWN", "message_id": "another", "trade_id": "another"}
    rows_of(OrderDocument).insert_one({**row, **doubtful, "symbol": symbol, "sent_at": sent_at})


def test_an_account_about_whose_order_nothing_is_known_for_a_quarter_of_an_hour_enters_nothing(
    driver: Driver,
) -> None:
    driver.add_follower(driver.add_provider())
    entry = planned(driver)
    leave_in_doubt(entry, symbol="ETH/USDT", minutes=16)
    execute(driver.context, [entry.order_id])
    assert (found(entry).status, found(entry).code) == (OrderStatus.DENIED, "ACCOUNT_FROZEN")


def test_a_doubt_of_some_minutes_about_another_symbol_holds_nothing_up(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    entry = planned(driver)
    leave_in_doubt(entry, symbol="ETH/USDT", minutes=14)
    execute(driver.context, [entry.order_id])
    assert found(entry).status is OrderStatus.FILLED


def test_an_entry_waits_while_the_outcome_of_another_on_its_account_and_symbol_is_unknown(
    driver: Driver,
) -> None:
    bot = driver.add_follower(driver.add_provider())
    entry = planned(driver)
    other = {**rows_of(OrderDocument).find_one({"_id": entry.order_id}), "_id": "doubtful"}  # type: ignore[dict-item]
    other |= {"status": "UNKNOWN", "message_id": "another", "trade_id": "another"}
    rows_of(OrderDocument).insert_one(other)
    execute(driver.context, [entry.order_id])
    assert (found(entry).status, found(entry).waits_for) == (OrderStatus.INITIALIZED, "UNKNOWN_ENTRY")
    assert driver.submits(bot) == []
    rows_of(OrderDocument).delete_one({"_id": "doubtful"})
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows_of(OrderDocument).update_one({"_id": entry.order_id}, {"$set": {"next_attempt_at": past}})
    assert execute(driver.context, [entry.order_id]) == "1 of 1 sent"
    assert found(entry).status is OrderStatus.FILLED


def test_who_waited_for_the_venues_limit_until_its_time_was_over_is_told_so(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    entry = planned(driver)
    claims.note_waiting([entry.order_id], "RATE_LIMIT")
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows_of(OrderDocument).update_one({"_id": entry.order_id}, {"$set": {"send_by": past}})
    expire_entries(driver.context)
    driver.answer_bells()
    assert (found(entry).status, found(entry).code) == (OrderStatus.EXPIRED, "RATE_LIMIT")
    assert execute(driver.context, [entry.order_id]) == "0 of 1 sent"


def test_many_that_are_too_late_expire_in_one_pass_and_a_claimed_one_is_left_alone(driver: Driver) -> None:
    provider = driver.add_provider()
    for _ in range(5):
        driver.add_follower(provider)
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    driver.lose_bells()
    entries = driver.orders(driver.message(row_id))
    past = datetime.now(UTC) - timedelta(seconds=1)
    claim([entries[0].order_id], "a-quick-worker")
    rows_of(OrderDocument).update_many({}, {"$set": {"send_by": past}})
    expire_entries(driver.context)
    statuses = [order.status for order in driver.orders(driver.message(row_id))]
    assert statuses.count(OrderStatus.EXPIRED) == 4
    assert found(entries[0]).status is OrderStatus.SUBMITTED

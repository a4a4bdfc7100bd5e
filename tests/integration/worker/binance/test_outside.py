"""What happens at the venue without us, or later than we thought: seen, told, and never made worse."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from shared.domain.bots import BotSettings
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.trades import Trade, TradeStatus
from shared.models import orders, trades
from shared.models.external import ExternalOrder
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.orders import Order as OrderDocument
from shared.models.trades import Trade as TradeDocument
from tests.integration.worker.binance.conftest import Desk
from tests.waiting import wait_until
from worker.pipeline.balances import refresh
from worker.pipeline.ingest import ingest
from worker.pipeline.protect import protect
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.submit import execute

LONG = "LONG BTC/USDT now, stop -5%"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def as_owner(desk: Desk, key: str) -> Any:
    """The account's owner at the exchange's own page: the real client with the same key."""
    base = desk.venue.url
    urls = {"public": f"{base}/api/v3", "private": f"{base}/api/v3"}
    options = {"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False, "fetchCurrencies": False}
    return ccxt.binance(
        {"apiKey": key, "secret": f"secret-of-{key}", "urls": {"api": urls}, "options": options}
    )


def look(desk: Desk) -> None:
    rows_of(OrderDocument).update_many({}, {"$set": {"next_check_at": LONG_AGO}})
    reconcile_due(desk.driver.context)
    desk.driver.answer_bells()


def newest(trade: Trade) -> Trade:
    found = trades.find(trade.trade_id)
    assert found is not None
    return found


def entry_of(desk: Desk, message: InboxMessage) -> Order:
    (found,) = [o for o in desk.driver.orders(message) if o.purpose is Purpose.ENTRY]
    return found


def age(order: Order, seconds: float) -> None:
    """Let an order have been sent so long ago."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds)
    change = {"sent_at": moment, "next_check_at": LONG_AGO}
    rows_of(OrderDocument).update_one({"_id": order.order_id}, {"$set": change})


def test_a_position_that_its_owner_sells_at_the_exchange_ends_as_closed_externally(desk: Desk) -> None:
    bot, key = desk.add_follower(desk.driver.add_provider())
    trade = desk.driver.trade(desk.driver.say(LONG))
    owner = as_owner(desk, key)
    owner.cancel_all_orders("BTC/USDT")
    owner.create_order("BTC/USDT", "market", "sell", float(trade.coverable))
    refresh(desk.driver.context, [bot.account_id])
    assert newest(trade).gone_since is not None, "one reading is a suspicion"
    assert newest(trade).status is TradeStatus.OPEN
    look(desk)
    rows_of(TradeDocument).update_one({"_id": trade.trade_id}, {"$set": {"gone_since": LONG_AGO}})
    refresh(desk.driver.context, [bot.account_id])
    desk.driver.answer_bells()
    ended = newest(trade)
    assert (ended.status, ended.close_reason) == (TradeStatus.CLOSED, "CLOSED_EXTERNALLY")
    assert [o for o in desk.venue.orders(key) if o["status"] == "NEW"] == []
    assert orders.count_unresolved() == 0


def read_twice(desk: Desk, account_id: str) -> None:
    """Read the account's balance twice, some seconds apart."""
    refresh(desk.driver.context, [account_id])
    rows_of(TradeDocument).update_many({"gone_since": {"$ne": None}}, {"$set": {"gone_since": LONG_AGO}})
    refresh(desk.driver.context, [account_id])


def test_a_stop_that_sold_and_was_not_asked_about_yet_is_no_sale_of_the_owners(desk: Desk) -> None:
    bot, _ = desk.add_follower(desk.driver.add_provider())
    trade = desk.driver.trade(desk.driver.say(LONG))
    desk.venue.set_price("BTC/USDT", str(trade.stop_price))
    read_twice(desk, bot.account_id)
    desk.driver.answer_bells()
    ended = newest(trade)
    assert (ended.status, ended.close_reason) == (TradeStatus.CLOSED, "STOP_HIT")
    assert ended.external == 0
    assert ended.exited == trade.coverable


def test_where_the_venue_does_not_say_what_became_of_our_stop_nothing_is_held_for_gone(desk: Desk) -> None:
    bot, key = desk.add_follower(desk.driver.add_provider())
    trade = desk.driver.trade(desk.driver.say(LONG))
    desk.venue.set_price("BTC/USDT", str(trade.stop_price))
    desk.venue.add_fault("lookup_down", key=key, path="/api/v3/openOrders")
    read_twice(desk, bot.account_id)
    assert newest(trade).external == 0


def test_what_the_owner_sold_is_taken_off_the_trade_that_has_no_stop_at_the_venue(desk: Desk) -> None:
    settings = BotSettings(max_position_percent=Decimal(100), max_per_symbol=2)
    bot, key = desk.add_follower(desk.driver.add_provider(), settings=settings)
    price = desk.driver.context.fresh_quotes("binance", "sandbox", ["BTC/USDT"])["BTC/USDT"].ask
    said = [desk.driver.say(f"LONG BTC/USDT now\nSL {price * n / 100:.2f}") for n in (95, 94)]
    sold, kept = map(desk.driver.trade, said)
    owner = as_owner(desk, key)
    (stop,) = [o for o in orders.of_trade(sold.trade_id) if o.purpose is Purpose.STOP]
    owner.cancel_order(stop.venue_order_id, "BTC/USDT")
    owner.create_order("BTC/USDT", "market", "sell", float(sold.coverable / 2))
    look(desk)
    read_twice(desk, bot.account_id)
    rows_of(OrderDocument).update_many({"status": "REJECTED"}, {"$set": {"sent_at": LONG_AGO}})
    protect(desk.driver.context, [sold.trade_id])
    after = newest(sold)
    assert 0 < after.external <= sold.coverable
    assert after.resting == after.coverable > 0
    assert newest(kept).external == 0
    assert newest(kept).resting == newest(kept).coverable == kept.coverable


def test_a_crumb_that_the_owner_sold_leaves_the_rest_of_the_position_covered(desk: Desk) -> None:
    bot, key = desk.add_follower(desk.driver.add_provider())
    trade = desk.driver.trade(desk.driver.say(LONG))
    assert trade.resting == trade.coverable > Decimal("0.0001")
    owner = as_owner(desk, key)
    owner.cancel_all_orders("BTC/USDT")
    left = trade.coverable - Decimal("0.00002")
    desk.venue.change_account(key, balances={"BTC": str(left)})
    look(desk)
    read_twice(desk, bot.account_id)
    rows_of(OrderDocument).update_many({"status": "REJECTED"}, {"$set": {"sent_at": LONG_AGO}})
    protect(desk.driver.context, [trade.trade_id])
    after = newest(trade)
    assert after.status is TradeStatus.OPEN
    assert after.resting == after.coverable == left


def test_an_order_of_the_owners_own_is_seen_and_left_alone(desk: Desk) -> None:
    bot, key = desk.add_follower(desk.driver.add_provider())
    trade = desk.driver.trade(desk.driver.say(LONG))
    owner = as_owner(desk, key)
    owner.create_order("BTC/USDT", "limit", "buy", 0.001, float(trade.planned_entry / 2))
    look(desk)
    (seen,) = rows_of(ExternalOrder).find({"account_id": bot.account_id})
    assert (seen["symbol"], seen["status"]) == ("BTC/USDT", "ACCEPTED")
    desk.driver.say("Close BTC/USDT now", reply_to=trade.message_id)
    still = [o["clientOrderId"] for o in desk.venue.orders(key) if o["status"] == "NEW"]
    assert still == [seen["client_order_id"]]


def test_an_entry_given_up_and_accepted_after_all_is_cancelled_or_covered_at_once(desk: Desk) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    desk.venue.add_fault("lookup_lag", method="POST", path="/api/v3/order", key=key, seconds=5)
    desk.venue.add_fault("accept_then_drop", method="POST", path="/api/v3/order", key=key)
    message = desk.driver.say(LONG)
    assert desk.driver.context.late.wait(5)
    order = entry_of(desk, message)
    assert order.status is OrderStatus.UNKNOWN
    age(order, 60)
    look(desk)
    assert (entry_of(desk, message).status, entry_of(desk, message).code) == (
        OrderStatus.ABANDONED,
        "NOT_PLACED",
    )
    # The venue shows it after all: the day's watch finds it.
    desk.venue.clear_faults()

    def is_found() -> bool:
        look(desk)
        return entry_of(desk, message).status is not OrderStatus.ABANDONED

    wait_until(is_found, "the order that came late", seconds=20)
    trade = desk.driver.trade(message)
    assert entry_of(desk, message).status is OrderStatus.FILLED
    assert trade.status is TradeStatus.OPEN
    assert trade.resting == trade.coverable > 0


@pytest.mark.parametrize("kind", ["double_fills", "shuffle_fills"])
def test_executions_told_twice_or_out_of_order_count_once(desk: Desk, kind: str) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    desk.venue.settings(fills_per_execution=4)
    desk.venue.add_fault(kind, key=key)
    desk.venue.add_fault("accept_then_500", method="POST", path="/api/v3/order", key=key, times=1)
    message = desk.driver.say(LONG)
    look(desk)
    desk.venue.settings(fills_per_execution=1)
    trade = desk.driver.trade(message)
    bought = sum(
        (Decimal(o["executedQty"]) for o in desk.venue.orders(key) if o["side"] == "BUY"), Decimal(0)
    )
    assert trade.entered == bought > 0
    assert trade.resting == trade.coverable


def test_a_venue_that_hangs_holds_no_task_and_the_answer_is_recorded_when_it_comes(desk: Desk) -> None:
    provider = desk.driver.add_provider()
    _, slow = desk.add_follower(provider)
    desk.add_follower(provider)
    desk.venue.add_fault("delay", method="POST", path="/api/v3/order", key=slow, seconds=2)
    row_id = desk.driver.post(LONG)
    ingest(desk.driver.context, row_id)
    desk.driver.lose_bells()
    entries = [o.order_id for o in desk.driver.orders(desk.driver.message(row_id))]
    began = datetime.now(UTC)
    execute(desk.driver.context, entries)
    assert datetime.now(UTC) - began < timedelta(seconds=1.5)
    statuses = {o.status for o in orders.find_many(entries)}
    assert statuses == {OrderStatus.SUBMITTED, OrderStatus.FILLED}
    desk.driver.context.late.wait(5)
    assert {o.status for o in orders.find_many(entries)} == {OrderStatus.FILLED}

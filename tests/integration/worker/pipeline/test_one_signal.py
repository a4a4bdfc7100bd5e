"""One message to a covered position, and each way in which it must not become a second one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Thread

from shared.domain.bots import BotSettings, BotState
from shared.domain.halts import HaltState
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.domain.receipts import Verdict
from shared.domain.trades import StopSource, TradeStatus
from shared.models import halts, orders, outbox
from shared.models.bots import TradingBot
from shared.models.mapping import rows_of
from shared.models.messages import MessageStatus
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.ingest import ingest
from worker.pipeline.protect import watch_cover
from worker.pipeline.submit import execute
from worker.pipeline.sweep import sweep


def long(driver: Driver, symbol: str = "BTC/USDT", *, stop: str = "0.95", target: str = "1.05") -> str:
    """Write a clean signal around the tape's price now."""
    price = driver.quote(symbol).ask
    return (
        f"LONG {symbol}\nEntry: market\nStop loss: {price * Decimal(stop):.2f}\n"
        f"Target: {price * Decimal(target):.2f}"
    )


def test_a_clean_signal_becomes_a_filled_entry_with_stop_and_target_resting(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    message = driver.say(long(driver))
    assert (message.status, message.reason) == (MessageStatus.DONE, "PLANNED")
    [receipt] = driver.receipts(message)
    assert receipt.outcome is Verdict.PASSED
    by_purpose = {order.purpose: order for order in driver.orders(message)}
    assert by_purpose[Purpose.ENTRY].status is OrderStatus.FILLED
    assert by_purpose[Purpose.STOP].status is OrderStatus.ACCEPTED
    assert by_purpose[Purpose.TARGET].status is OrderStatus.ACCEPTED
    trade = driver.trade(message)
    assert trade.status is TradeStatus.OPEN
    assert trade.resting + trade.managed == trade.coverable == trade.entered > 0
    assert trade.naked_since is None
    assert not driver.account(bot).reservations
    assert outbox.count_undelivered() == 0


def test_a_signal_without_a_stop_gets_the_default_one_and_the_receipt_says_whose_it_is(
    driver: Driver,
) -> None:
    driver.add_follower(driver.add_provider())
    message = driver.say("Buying $AAPL here at market")
    trade = driver.trade(message)
    assert trade.stop_source is StopSource.DEFAULT
    assert trade.stop_price is not None
    assert trade.entry_average is not None
    assert trade.stop_price < trade.entry_average
    [receipt] = driver.receipts(message)
    assert any("default" in gate.input for gate in receipt.gates if gate.name == "stop")


def test_the_same_bell_heard_five_times_at_once_sends_one_entry(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post(long(driver))
    listeners = [Thread(target=ingest, args=(driver.context, row_id)) for _ in range(5)]
    for listener in listeners:
        listener.start()
    for listener in listeners:
        listener.join()
    driver.answer_bells()
    message = driver.message(row_id)
    entries = [order for order in driver.orders(message) if order.purpose is Purpose.ENTRY]
    assert len(entries) == 1
    sent = [row for row in driver.submits(bot) if row["client_order_id"] == entries[0].order_id]
    assert len(sent) == 1


def test_a_message_recorded_twice_is_one_message(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    text = long(driver)
    posted_at = datetime.now(UTC)
    first = driver.post(text, message_id="77", posted_at=posted_at)
    second = driver.post(text, message_id="77", posted_at=posted_at)
    assert first == second
    assert driver.bells() == 1


def test_bells_that_are_lost_at_every_step_are_rung_again_by_the_sweep(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    row_id = driver.post(long(driver))
    for _ in range(20):
        driver.lose_bells()
        driver.make_due()
        sweep(driver.context)
        watch_cover()
        driver.answer_one_bell()
    trade = driver.trade(driver.message(row_id))
    assert trade.resting == trade.coverable > 0
    assert orders.count_unresolved() == 0


def test_the_same_content_in_another_message_is_denied_as_a_duplicate(driver: Driver) -> None:
    driver.add_follower(driver.add_provider(), settings=BotSettings(max_per_symbol=5))
    text = long(driver)
    driver.say(text)
    again = driver.say(text)
    [receipt] = driver.receipts(again)
    assert (receipt.outcome, receipt.code) == (Verdict.DENIED, "DUPLICATE_CONTENT")


def test_another_distance_of_stop_or_target_is_another_signal(driver: Driver) -> None:
    driver.add_follower(driver.add_provider(), settings=BotSettings(max_per_symbol=9, max_open_positions=9))
    said = [
        driver.say(f"BTC/USDT long now, stop -{stop}%, target {target}%")
        for stop, target in ((3, 6), (4, 6), (4, 7))
    ]
    assert [driver.receipts(message)[0].outcome for message in said] == [Verdict.PASSED] * 3
    again = driver.say("BTC/USDT long now, stop -4%, target 7%")
    assert driver.receipts(again)[0].code == "DUPLICATE_CONTENT"


def test_two_signals_at_once_cannot_both_take_the_last_slot(driver: Driver) -> None:
    driver.add_follower(driver.add_provider(), settings=BotSettings(max_open_positions=1))
    rows = [driver.post(long(driver, symbol)) for symbol in ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")]
    both = [Thread(target=ingest, args=(driver.context, row_id)) for row_id in rows]
    for one in both:
        one.start()
    for one in both:
        one.join()
    driver.answer_bells()
    outcomes = [receipt.outcome for row in rows for receipt in driver.receipts(driver.message(row))]
    assert sorted(map(str, outcomes)) == ["denied", "denied", "denied", "passed"]


def test_two_bots_on_one_account_enter_a_message_once(driver: Driver) -> None:
    provider = driver.add_provider()
    first = driver.add_follower(provider)
    driver.add_follower(provider)
    rows_of(TradingBot).update_many({}, {"$set": {"account_id": first.account_id, "user_id": first.user_id}})
    message = driver.say(long(driver))
    receipts = driver.receipts(message)
    assert sorted(str(receipt.code) for receipt in receipts) == ["DUPLICATE_ENTRY", "PASSED"]
    assert len([o for o in driver.orders(message) if o.purpose is Purpose.ENTRY]) == 1


def test_a_halted_user_is_denied_with_the_reason_and_others_trade(driver: Driver) -> None:
    provider = driver.add_provider()
    halted, free = driver.add_follower(provider), driver.add_follower(provider)
    halts.set_halt(f"user:{halted.user_id}", HaltState.HALTED, "holiday", datetime.now(UTC))
    message = driver.say(long(driver))
    codes = {receipt.trading_bot_id: receipt.code for receipt in driver.receipts(message)}
    assert codes == {halted.trading_bot_id: "HALT", free.trading_bot_id: "PASSED"}


def test_a_halt_between_plan_and_send_denies_the_entry_and_gives_its_money_back(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post(long(driver))
    ingest(driver.context, row_id)
    assert driver.account(bot).reservations
    halts.set_halt("global", HaltState.REDUCING, "drill", datetime.now(UTC))
    driver.answer_bells()
    message = driver.message(row_id)
    [entry] = driver.orders(message)
    assert (entry.status, entry.code) == (OrderStatus.DENIED, "HALT")
    assert driver.trade(message).status is TradeStatus.CANCELED
    assert not driver.account(bot).reservations
    assert driver.submits(bot) == []


def test_a_paused_bot_is_not_planned_and_one_paused_after_planning_is_not_sent(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post(long(driver))
    ingest(driver.context, row_id)
    driver.set_bot_state(bot, BotState.PAUSED)
    driver.answer_bells()
    [entry] = driver.orders(driver.message(row_id))
    assert (entry.status, entry.code) == (OrderStatus.DENIED, "BOT_NOT_ACTIVE")
    assert driver.receipts(driver.say(long(driver, "ETH/USDT"))) == []


def test_a_stale_message_is_denied_with_its_age(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    message = driver.say(long(driver), posted_at=datetime.now(UTC) - timedelta(minutes=10))
    [receipt] = driver.receipts(message)
    assert receipt.code == "STALE"
    assert "600 s" in receipt.detail


def test_chatter_strangers_and_foreign_channels_end_as_noise_with_their_reason(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    assert driver.say("good morning everyone, coffee first").status is MessageStatus.NOISE
    assert driver.say(long(driver), author_id="666").reason == "AUTHOR_NOT_LISTED"
    assert driver.say(long(driver), channel_id="667").reason == "UNKNOWN_CHANNEL"
    assert driver.say(long(driver), author_id="902", is_webhook=True).reason == "AUTHOR_NOT_LISTED"


def test_a_short_on_spot_is_denied_and_says_so(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    price = driver.quote("BTC/USDT").bid
    message = driver.say(f"SHORT BTC/USDT\nEntry: market\nSL: {price * Decimal('1.05'):.2f}")
    [receipt] = driver.receipts(message)
    assert receipt.code == "SHORT_NOT_POSSIBLE"


def test_a_free_plan_copies_ten_signals_a_day(driver: Driver) -> None:
    settings = BotSettings(max_open_positions=50)
    driver.add_follower(driver.add_provider(), settings=settings, tier="free")
    symbols = ["BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "AVAX", "LINK", "DOT", "LTC", "BNB"]
    codes = []
    for base in symbols:
        [receipt] = driver.receipts(driver.say(f"Long {base}/USDT now"))
        codes.append(receipt.code)
    assert codes == ["PASSED"] * 10 + ["PLAN_LIMIT"]


def test_a_pass_that_died_between_trade_and_orders_is_finished_by_the_next(driver: Driver) -> None:
    driver.add_follower(driver.add_provider())
    row_id = driver.post(long(driver))
    ingest(driver.context, row_id)
    driver.lose_bells()
    database = rows_of(TradingBot).database
    database["orders"].delete_many({})
    database["receipts"].delete_many({})
    database["messages"].update_many({}, {"$set": {"status": "pending"}})
    ingest(driver.context, row_id)
    driver.answer_bells()
    trade = driver.trade(driver.message(row_id))
    assert trade.resting == trade.coverable > 0
    assert [receipt.code for receipt in driver.receipts(driver.message(row_id))] == ["PASSED"]


def test_a_delete_that_arrives_between_plan_and_send_stops_the_entry(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post(long(driver))
    ingest(driver.context, row_id)
    message = driver.message(row_id)
    driver.post("", message_id=message.message_id, event="delete", posted_at=message.posted_at)
    [entry] = driver.orders(message)
    execute(driver.context, [entry.order_id])
    [refused] = driver.orders(message)
    assert (refused.status, refused.code) == (OrderStatus.DENIED, "DELETED")
    assert driver.submits(bot) == []

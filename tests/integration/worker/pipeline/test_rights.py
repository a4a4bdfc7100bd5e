"""The right to follow and the state of a bot: they stop entries, at every step, and never cover or exits."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.bots import BotState, TradingBot
from shared.domain.following import FollowState
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.domain.trades import TradeStatus
from shared.models import bots, follows, outbox
from shared.models.audit import AuditEntry
from shared.models.bots import TradingBot as BotDocument
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import sweep_and_answer
from worker.pipeline.ingest import ingest
from worker.pipeline.rights import check_all

LONG = "LONG BTC/USDT now"


def give_right(driver: Driver, bot: TradingBot, visibility: str) -> None:
    if visibility == "approval":
        follows.decide(bot.user_id, bot.provider_id, FollowState.APPROVED, "operator", datetime.now(UTC))
    elif visibility != "public":
        driver.set_membership(bot, ["vip"])


def take_right(driver: Driver, bot: TradingBot, visibility: str) -> None:
    if visibility == "approval":
        follows.decide(bot.user_id, bot.provider_id, FollowState.REFUSED, "operator", datetime.now(UTC))
    else:
        driver.set_membership(bot, ["guest"] if visibility == "role" else None)


def follower(driver: Driver, visibility: str) -> TradingBot:
    return driver.add_follower(driver.add_provider(visibility=visibility, role_ids=["vip"]))


def codes(driver: Driver, message: InboxMessage) -> list[str]:
    return [receipt.code for receipt in driver.receipts(message)]


RESTRICTED = pytest.mark.parametrize("visibility", ["members", "role", "approval"])


@RESTRICTED
def test_the_gate_lets_in_who_has_the_right_and_nobody_else(driver: Driver, visibility: str) -> None:
    bot = follower(driver, visibility)
    assert codes(driver, driver.say(LONG)) == ["NO_RIGHT_TO_FOLLOW"]
    give_right(driver, bot, visibility)
    assert codes(driver, driver.say("LONG ETH/USDT now")) == ["PASSED"]


@RESTRICTED
def test_a_right_that_is_lost_after_planning_stops_the_entry_before_its_first_byte(
    driver: Driver, visibility: str
) -> None:
    bot = follower(driver, visibility)
    give_right(driver, bot, visibility)
    row_id = driver.post(LONG)
    ingest(driver.context, row_id)
    take_right(driver, bot, visibility)
    driver.answer_bells()
    message = driver.message(row_id)
    [entry] = driver.orders(message)
    assert (entry.status, entry.code) == (OrderStatus.DENIED, "NO_RIGHT_TO_FOLLOW")
    assert driver.submits(bot) == []
    assert driver.trade(message).status is TradeStatus.CANCELED


@RESTRICTED
def test_the_daily_look_pauses_whose_right_is_lost_and_tells_why(driver: Driver, visibility: str) -> None:
    bot = follower(driver, visibility)
    give_right(driver, bot, visibility)
    assert check_all(datetime.now(UTC)) == "1 bots, 0 paused"
    take_right(driver, bot, visibility)
    assert check_all(datetime.now(UTC)) == "1 bots, 1 paused"
    assert check_all(datetime.now(UTC)) == "0 bots, 0 paused"
    row = rows_of(BotDocument).find_one({"_id": bot.trading_bot_id})
    assert row is not None
    assert (row["state"], row["state_code"]) == ("paused", "NO_RIGHT_TO_FOLLOW")
    told = [event.data for event in outbox.after(bot.user_id, 0, 50) if "trading_bot_id" in event.data]
    assert [(data["code"], data["sentence"]) for data in told] == [
        ("NO_RIGHT_TO_FOLLOW", row["state_reason"])
    ]
    noted = rows_of(AuditEntry).find_one({"action": "bot.pause"})
    assert noted is not None
    assert (noted["actor"], noted["subject"]) == ("worker", bot.trading_bot_id)


def test_a_public_provider_asks_for_nothing(driver: Driver) -> None:
    follower(driver, "public")
    assert codes(driver, driver.say(LONG)) == ["PASSED"]
    assert check_all(datetime.now(UTC)) == "0 bots, 0 paused"


@pytest.mark.parametrize("state", [BotState.PAUSED, BotState.STOPPED])
def test_a_bot_that_enters_nothing_still_covers_and_leaves_what_it_holds(
    driver: Driver, state: BotState
) -> None:
    bot = follower(driver, "members")
    give_right(driver, bot, "members")
    message = driver.say(f"{LONG}\nStop loss: {driver.quote('BTC/USDT').bid * Decimal('0.95'):.2f}")
    trade = driver.trade(message)
    assert trade.resting == trade.coverable > 0
    take_right(driver, bot, "members")
    assert bots.change_state(bot.trading_bot_id, state, datetime.now(UTC))
    # Its cover is wanted anew, and placed.
    wanted = driver.quote("BTC/USDT").bid * Decimal("0.97")
    driver.say(f"Move stop to {wanted:.2f}", reply_to=message.message_id)
    moved = driver.trade(message)
    assert moved.stop_price is not None
    assert abs(moved.stop_price - wanted) < 1
    assert moved.resting == moved.coverable == trade.coverable
    driver.say("Close BTC/USDT now", reply_to=message.message_id)
    sweep_and_answer(driver)
    assert driver.trade(message).status is TradeStatus.CLOSED
    assert codes(driver, driver.say("LONG ETH/USDT now")) == []


def test_cover_that_is_missing_when_a_bot_is_paused_is_placed_all_the_same(driver: Driver) -> None:
    bot = follower(driver, "public")
    message = driver.message(driver.post(LONG))
    driver.answer_one_bell()
    driver.answer_one_bell()  # the entry is sent; nobody has covered it yet
    [entry] = driver.orders(message)
    assert entry.status is OrderStatus.FILLED
    assert bots.change_state(bot.trading_bot_id, BotState.PAUSED, datetime.now(UTC))
    driver.answer_bells()
    trade = driver.trade(message)
    assert trade.resting == trade.coverable > 0
    assert [order for order in driver.orders(message) if order.purpose is Purpose.STOP]


def test_a_stopped_bot_never_starts_again(driver: Driver) -> None:
    bot = follower(driver, "public")
    now = datetime.now(UTC)
    assert bots.change_state(bot.trading_bot_id, BotState.PAUSED, now, code="X", reason="Because.")
    assert bots.change_state(bot.trading_bot_id, BotState.ACTIVE, now)
    row = rows_of(BotDocument).find_one({"_id": bot.trading_bot_id})
    assert row is not None
    assert (row["state_code"], row["state_reason"]) == ("", "")
    assert not bots.change_state(bot.trading_bot_id, BotState.ACTIVE, now)
    assert bots.change_state(bot.trading_bot_id, BotState.STOPPED, now)
    assert not any(bots.change_state(bot.trading_bot_id, state, now) for state in BotState)
    assert not bots.change_terms(bot.trading_bot_id, None, {"max_open_positions": 1})

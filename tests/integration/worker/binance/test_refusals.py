"""What goes wrong at a venue, as its follower reads it: a typed reason and a sentence, nothing lost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.accounts import AccountStatus
from shared.domain.bots import BotSettings, Sizing, SizingMethod
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.receipts import Verdict
from shared.domain.trades import TradeStatus
from shared.models import orders
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.orders import Order as OrderDocument
from tests.integration.worker.binance.conftest import Desk
from worker.pipeline.submit import execute

LONG = "LONG BTC/USDT now, stop -5%"


def entry(desk: Desk, message: InboxMessage) -> Order:
    (found,) = [o for o in desk.driver.orders(message) if o.purpose is Purpose.ENTRY]
    return found


def told(desk: Desk, message: InboxMessage) -> tuple[str, str]:
    (receipt,) = desk.driver.receipts(message)
    assert receipt.outcome is Verdict.DENIED
    return receipt.code, receipt.detail


def test_a_key_that_the_venue_refuses_bars_its_account_with_a_sentence(desk: Desk) -> None:
    provider = desk.driver.add_provider()
    bot = desk.driver.add_follower(provider, key=("nobodys-key", "secret"))
    account = desk.driver.account(bot)
    assert account.status is AccountStatus.NEEDS_REAUTH
    assert "Connect it again" in account.status_reason
    code, detail = told(desk, desk.driver.say(LONG))
    assert (code, detail) == ("ACCOUNT_NOT_READY", account.status_reason)


def test_a_key_that_may_withdraw_is_never_used(desk: Desk) -> None:
    provider = desk.driver.add_provider()
    bot, key = desk.add_follower(provider, environment="live", can_withdraw=True)
    account = desk.driver.account(bot)
    assert account.status is AccountStatus.REFUSED
    assert "may withdraw money" in account.status_reason
    assert told(desk, desk.driver.say(LONG))[0] == "ACCOUNT_NOT_READY"
    assert desk.venue.orders(key) == []


def test_a_symbol_that_the_venue_does_not_trade_is_denied(desk: Desk) -> None:
    desk.add_follower(desk.driver.add_provider())
    code, detail = told(desk, desk.driver.say("LONG NOSUCH/USDT now, stop -5%"))
    assert code == "INSTRUMENT_NOT_TRADABLE"
    assert "NOSUCH" in detail


def test_a_size_below_the_venues_minimum_is_denied_before_anything_is_sent(desk: Desk) -> None:
    provider = desk.driver.add_provider()
    _, key = desk.add_follower(provider)
    small = Sizing(SizingMethod.FIXED, Decimal("1"))
    desk.driver.add_follower(provider, sizing=small, key=(key, f"secret-of-{key}"))
    message = desk.driver.say(LONG)
    codes = {receipt.code for receipt in desk.driver.receipts(message)}
    assert codes == {"PASSED", "BELOW_MINIMUM"}


def test_money_that_left_the_account_since_its_balance_was_read_is_a_rejection_with_a_sentence(
    desk: Desk,
) -> None:
    bot, key = desk.add_follower(desk.driver.add_provider())
    desk.venue.change_account(key, balances={"USDT": "1"})
    message = desk.driver.say(LONG)
    order = entry(desk, message)
    assert (order.status, order.code) == (OrderStatus.REJECTED, "INSUFFICIENT_FUNDS")
    assert "too little free" in orders.events_of(order.order_id)[-1]["detail"]
    trade = desk.driver.trade(message)
    assert (trade.status, trade.close_reason) == (TradeStatus.CANCELED, "INSUFFICIENT_FUNDS")
    assert not desk.driver.account(bot).reservations


def test_a_short_on_spot_is_denied(desk: Desk) -> None:
    desk.add_follower(desk.driver.add_provider())
    code, detail = told(desk, desk.driver.say("SHORT BTC/USDT now, stop +5%"))
    assert code == "SHORT_NOT_POSSIBLE"
    assert detail.endswith(".")


@pytest.mark.parametrize("times", [1, 3])
def test_a_write_at_a_closed_door_is_tried_again_with_a_growing_wait_and_counts_its_tries(
    desk: Desk, times: int
) -> None:
    settings = BotSettings(max_position_percent=Decimal(100))
    _, key = desk.add_follower(desk.driver.add_provider(), settings=settings)
    fault = {"method": "POST", "path": "/api/v3/order", "key": key, "times": times, "seconds": 0}
    desk.venue.add_fault("rate_limit", **fault)
    message = desk.driver.say(LONG)
    waits = []
    for tries in range(1, times + 1):
        order = entry(desk, message)
        assert (order.status, order.tries) == (OrderStatus.INITIALIZED, tries)
        assert order.next_attempt_at is not None
        waits.append(order.next_attempt_at - datetime.now(UTC))
        past = datetime.now(UTC) - timedelta(seconds=1)
        rows_of(OrderDocument).update_one({"_id": order.order_id}, {"$set": {"next_attempt_at": past}})
        desk.driver.context.redis.delete(*desk.driver.context.redis.keys("dx:tokens:*:closed"))
        execute(desk.driver.context, [order.order_id])
        desk.driver.answer_bells()
    assert sorted(waits) == waits
    assert entry(desk, message).status is OrderStatus.FILLED
    assert desk.venue.summary()["doubles"] == []

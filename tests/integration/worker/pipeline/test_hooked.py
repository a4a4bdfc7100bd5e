"""What came through a provider's signed hook is that provider's, in a channel that it shares too."""

from decimal import Decimal

from shared.domain.trades import TradeStatus
from shared.models.messages import MessageStatus
from shared.models.providers import hook_author_id
from tests.integration.worker.pipeline.driver import Driver


def test_a_hooked_message_is_traded_for_its_own_provider_and_withdrawn_by_it_alone(driver: Driver) -> None:
    other, owner = driver.add_provider(), driver.add_provider()
    driver.add_follower(other)
    bot = driver.add_follower(owner)
    price = driver.quote("BTC/USDT").bid
    text = f"LONG BTC/USDT\nEntry: {price * Decimal('0.9'):.2f}\nSL: {price * Decimal('0.8'):.2f}"
    said = {"source": "hook", "is_webhook": True, "message_id": "hooked"}
    message = driver.say(text, author_id=hook_author_id(owner), **said)
    assert (message.status, message.provider_id) == (MessageStatus.DONE, owner)
    [receipt] = driver.receipts(message)
    assert receipt.trading_bot_id == bot.trading_bot_id

    strange = driver.say(text, author_id=hook_author_id("nobody"), event="edit", **(said | {"revision": 5}))
    assert strange.reason == "AUTHOR_NOT_LISTED"
    assert driver.trade(message).status is TradeStatus.PENDING
    gone = driver.say("", author_id=hook_author_id(owner), event="delete", **(said | {"revision": 1}))
    assert (gone.status, gone.reason, gone.provider_id) == (MessageStatus.DONE, "DELETED", owner)

"""Confirm-first: a signal waits for its follower's yes, is traded once by it, and otherwise ends with its reason."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shared.commands import CommandRefused
from shared.confirming import answer_confirmation
from shared.domain.bots import BotSettings, BotState, Sizing, SizingMethod, TradingBot
from shared.domain.commands import OPERATOR, Via
from shared.domain.confirmations import Confirmation, ConfirmationState
from shared.domain.orders import Purpose
from shared.domain.receipts import Receipt, Verdict
from shared.local import PROJECT
from shared.models import confirmations, outbox
from shared.models.accounts import Account as AccountDocument
from shared.models.confirmations import Confirmation as ConfirmationDocument
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage, Message
from shared.models.signals import Receipt as ReceiptDocument
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import sweep_and_answer
from worker.pipeline.confirm import confirm
from worker.pipeline.ingest import ingest

ASKS = BotSettings(confirm_seconds=300)


def text(driver: Driver, symbol: str = "BTC/USDT", stop: str = "0.95") -> str:
    return f"LONG {symbol}\nEntry: market\nStop loss: {driver.quote(symbol).ask * Decimal(stop):.2f}"


def asked(driver: Driver, symbol: str = "BTC/USDT", bot: TradingBot | None = None) -> InboxMessage:
    """A message about which a follower was asked."""
    if bot is None:
        driver.add_follower(driver.add_provider(), settings=ASKS)
    message = driver.say(text(driver, symbol))
    assert message.reason == "PLANNED"
    return message


def question_of(message: InboxMessage) -> Confirmation:
    [row] = rows_of(ConfirmationDocument).find({"message_id": message.message_id}, {"_id": 1})
    found = confirmations.find(row["_id"])
    assert found is not None
    return found


def answer(message: InboxMessage, *, is_yes: bool = True, by: str = OPERATOR) -> bool:
    question = question_of(message)
    now = datetime.now(UTC)
    return answer_confirmation(by, Via.WEB, question.confirmation_id, is_yes=is_yes, now=now).created


def receipt_of(driver: Driver, message: InboxMessage) -> Receipt:
    [receipt] = driver.receipts(message)
    return receipt


def receipt_of_question(driver: Driver, message: InboxMessage) -> Receipt:
    signal_id = question_of(message).signal_id
    [receipt] = [one for one in driver.receipts(message) if one.signal_id == signal_id]
    return receipt


def let_time_pass(message: InboxMessage) -> None:
    """Let the question's time be over."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows_of(ConfirmationDocument).update_one(
        {"_id": question_of(message).confirmation_id}, {"$set": {"expires_at": past, "next_check_at": past}}
    )


def assert_traded_once(driver: Driver, message: InboxMessage) -> None:
    """One covered trade of one entry, a receipt that passed, and a question that has ended."""
    trade = driver.trade(message)
    assert trade.resting == trade.coverable > 0
    assert len([order for order in driver.orders(message) if order.purpose is Purpose.ENTRY]) == 1
    assert receipt_of(driver, message).code == "PASSED"
    question = question_of(message)
    assert (question.state, question.is_pending) == (ConfirmationState.DONE, False)


def test_a_follower_is_asked_with_the_time_it_has_and_nothing_is_reserved(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider(), settings=ASKS)
    message = asked(driver, bot=bot)
    receipt = receipt_of(driver, message)
    question = question_of(message)
    assert (receipt.outcome, receipt.code) == (Verdict.DENIED, "AWAITS_CONFIRMATION")
    assert f"{question.expires_at:%H:%M:%S} UTC" in receipt.detail
    assert [gate.verdict for gate in receipt.gates[:-1]] == [Verdict.PASSED] * (len(receipt.gates) - 1)
    assert receipt.gates[-1].name == "confirmation"
    assert (question.state, question.expires_at - question.asked_at) == (
        ConfirmationState.ASKED,
        timedelta(seconds=300),
    )
    assert driver.trades(message) == []
    assert not driver.account(bot).reservations
    told = [event for event in outbox.after(bot.user_id, 0, 50) if "confirmation_id" in event.data]
    assert [(event.data["confirmation_id"], event.data["status"]) for event in told] == [
        (question.confirmation_id, "asked")
    ]


def test_a_yes_is_traded_with_all_gates_at_the_new_moment_and_the_receipt_says_so(driver: Driver) -> None:
    message = asked(driver)
    # The signal has grown too old meanwhile; the question is still good.
    rows_of(Message).update_one(
        {"_id": message.row_id}, {"$set": {"posted_at": datetime.now(UTC) - timedelta(minutes=4)}}
    )
    assert answer(message)
    driver.answer_bells()
    assert_traded_once(driver, message)
    gates = {gate.name: gate for gate in receipt_of(driver, message).gates}
    assert gates["confirmation"].input.startswith("confirmed via web at ")
    assert gates["staleness"].input.startswith("confirmed, ")


def test_the_gates_of_the_new_moment_deny_what_has_changed(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider(), settings=ASKS)
    message = asked(driver, bot=bot)
    driver.set_bot_state(bot, BotState.PAUSED)
    answer(message)
    driver.answer_bells()
    assert receipt_of(driver, message).code == "BOT_NOT_ACTIVE"
    assert driver.trades(message) == []
    assert question_of(message).code == "BOT_NOT_ACTIVE"


def test_a_no_ends_it_and_a_yes_after_it_is_refused(driver: Driver) -> None:
    message = asked(driver)
    assert answer(message, is_yes=False)
    driver.answer_bells()
    receipt = receipt_of(driver, message)
    assert (receipt.code, receipt.gates[-1].verdict) == ("CONFIRMATION_REFUSED", Verdict.DENIED)
    with pytest.raises(CommandRefused, match="answered before"):
        answer(message)
    assert driver.trades(message) == []


def test_what_nobody_answers_is_ended_by_the_sweep(driver: Driver) -> None:
    message = asked(driver)
    sweep_and_answer(driver)
    assert question_of(message).state is ConfirmationState.ASKED
    let_time_pass(message)
    with pytest.raises(CommandRefused, match="too late"):
        answer(message)
    sweep_and_answer(driver)
    assert receipt_of(driver, message).code == "CONFIRMATION_EXPIRED"
    question = question_of(message)
    assert (question.state, question.is_pending) == (ConfirmationState.EXPIRED, False)
    assert driver.trades(message) == []


def test_a_yes_that_no_worker_heard_in_time_is_denied(driver: Driver) -> None:
    message = asked(driver)
    answer(message)
    driver.lose_bells()
    let_time_pass(message)
    sweep_and_answer(driver)
    assert receipt_of(driver, message).code == "CONFIRMATION_EXPIRED"
    assert driver.trades(message) == []


def test_a_deleted_message_ends_its_question(driver: Driver) -> None:
    message = asked(driver)
    driver.say("", message_id=message.message_id, event="delete", posted_at=message.posted_at)
    assert receipt_of(driver, message).code == "DELETED"
    assert question_of(message).state is ConfirmationState.EXPIRED
    with pytest.raises(CommandRefused) as refusal:
        answer(message)
    assert refusal.value.code == "DELETED"


def edit(driver: Driver, message: InboxMessage, content: str) -> None:
    said = {"message_id": message.message_id, "posted_at": message.posted_at, "event": "edit"}
    driver.say(content, **said, revision=1, edited_at=datetime.now(UTC))


def test_a_message_that_was_edited_away_ends_its_question(driver: Driver) -> None:
    message = asked(driver)
    edit(driver, message, "never mind, good morning everyone")
    codes = {receipt.code for receipt in driver.receipts(message)}
    assert codes == {"EDITED_AWAY"}


def test_a_yes_takes_the_levels_of_the_newest_edit(driver: Driver) -> None:
    message = asked(driver)
    edit(driver, message, text(driver, stop="0.9"))
    answer(message)
    driver.answer_bells()
    assert_traded_once(driver, message)
    stop = driver.trade(message).stop_price
    assert stop is not None
    assert stop < driver.quote("BTC/USDT").bid * Decimal("0.92")


def test_a_delete_that_was_not_read_yet_stops_a_yes(driver: Driver) -> None:
    message = asked(driver)
    answer(message)
    driver.lose_bells()
    driver.post("", message_id=message.message_id, event="delete", posted_at=message.posted_at)
    confirm(driver.context, question_of(message).confirmation_id)
    assert receipt_of(driver, message).code == "DELETED"
    driver.answer_bells()
    assert driver.trades(message) == []


def test_a_question_answered_twice_is_traded_once(driver: Driver) -> None:
    message = asked(driver)
    assert [answer(message), answer(message)] == [True, False]
    driver.answer_one_bell(times=3)
    driver.answer_bells()
    assert not answer(message)
    sweep_and_answer(driver)
    assert_traded_once(driver, message)


def test_workers_that_carry_out_one_answer_at_once_trade_it_once(driver: Driver) -> None:
    message = asked(driver)
    answer(message)
    question_id = question_of(message).confirmation_id
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: confirm(driver.context, question_id), range(5)))
    driver.answer_bells()
    assert_traded_once(driver, message)


def test_two_yeses_at_once_respect_the_accounts_limits(driver: Driver) -> None:
    settings = BotSettings(confirm_seconds=300, max_open_positions=1)
    bot = driver.add_follower(driver.add_provider(), settings=settings)
    both = [asked(driver, symbol, bot) for symbol in ("BTC/USDT", "ETH/USDT")]
    ids = [question_of(message).confirmation_id for message in both]
    assert all(answer(message) for message in both)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: confirm(driver.context, one), ids))
    sweep_and_answer(driver)
    codes = sorted(receipt_of(driver, message).code for message in both)
    assert codes == ["MAX_OPEN_POSITIONS", "PASSED"]
    assert sum(len(driver.trades(message)) for message in both) == 1


def test_a_stranger_sees_no_question(driver: Driver) -> None:
    message = asked(driver)
    with pytest.raises(CommandRefused, match="no question"):
        answer(message, by="another user")
    assert answer(message, by=question_of(message).user_id)


def test_a_pass_that_died_before_its_receipts_asks_once(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider(), settings=ASKS)
    message = asked(driver, bot=bot)
    first = question_of(message)
    rows_of(ReceiptDocument).delete_many({})
    rows_of(Message).update_one({"_id": message.row_id}, {"$set": {"status": "pending"}})
    ingest(driver.context, message.row_id)
    assert question_of(message) == first
    assert f"{first.expires_at:%H:%M:%S} UTC" in receipt_of(driver, message).detail


def test_the_bot_beside_it_that_asks_nobody_trades_at_once(driver: Driver) -> None:
    provider = driver.add_provider()
    driver.add_follower(provider, settings=ASKS)
    driver.add_follower(provider, sizing=Sizing(SizingMethod.PERCENT, Decimal(2)))
    message = driver.say(text(driver))
    assert sorted(receipt.code for receipt in driver.receipts(message)) == ["AWAITS_CONFIRMATION", "PASSED"]


def test_a_yes_whose_balance_is_old_waits_for_a_newer_one(driver: Driver) -> None:
    bot = driver.add_follower(driver.add_provider(), settings=ASKS)
    message = asked(driver, bot=bot)
    old = datetime.now(UTC) - timedelta(hours=1)
    rows_of(AccountDocument).update_one({"_id": bot.account_id}, {"$set": {"balance_at": old}})
    answer(message)
    driver.lose_bells()
    assert confirm(driver.context, question_of(message).confirmation_id) == "waits"
    driver.answer_bells()
    assert question_of(message).is_pending
    sweep_and_answer(driver)
    assert_traded_once(driver, message)


def test_a_yes_waits_for_an_edit_that_is_being_read(driver: Driver) -> None:
    message = asked(driver)
    said = {"message_id": message.message_id, "posted_at": message.posted_at, "event": "edit", "revision": 1}
    driver.post("never mind, good morning everyone", edited_at=datetime.now(UTC), **said)
    answer(message)
    assert confirm(driver.context, question_of(message).confirmation_id) == "waits"
    driver.answer_bells()
    sweep_and_answer(driver)
    assert receipt_of_question(driver, message).code == "EDITED_AWAY"
    assert driver.trades(message) == []


DIE_IN_IT = """
import sys
from shared.settings import read_settings
from worker.context import open_context
from worker.failpoints import arm_failpoints
from worker.pipeline.confirm import confirm
settings = read_settings()
arm_failpoints(settings)
confirm(open_context(settings), sys.argv[1])
"""


@pytest.mark.parametrize("point", ["after_confirmation_planned", "after_confirmation_told"])
def test_a_worker_that_dies_between_two_steps_is_followed_by_the_sweep(
    driver: Driver, tmp_path: Path, point: str
) -> None:
    message = asked(driver)
    answer(message)
    driver.lose_bells()
    death = tmp_path / point / "1"
    death.parent.mkdir()
    death.touch()
    settings = driver.context.settings
    env = {"REDIS_URL": settings.redis_url, "MONGODB_URI": settings.mongodb_uri, "FAILPOINTS": str(tmp_path)}
    child = [sys.executable, "-c", DIE_IN_IT, question_of(message).confirmation_id]
    died = subprocess.run(child, env={**os.environ, **env}, cwd=PROJECT, timeout=60, check=False)
    assert died.returncode == -9
    assert question_of(message).is_pending
    driver.lose_bells()
    for _ in range(3):
        sweep_and_answer(driver)
    assert_traded_once(driver, message)


def test_a_yes_whose_pass_died_between_trade_and_orders_is_finished(driver: Driver) -> None:
    message = asked(driver)
    held = rows_of(ReceiptDocument).find_one({})
    question = rows_of(ConfirmationDocument).find_one({})
    assert held is not None
    assert question is not None
    answer(message)
    confirm(driver.context, question["_id"])
    driver.lose_bells()
    rows_of(Message).database["orders"].delete_many({})
    rows_of(ReceiptDocument).replace_one({"_id": held["_id"]}, held)
    begun = {"is_pending": True, "state": "confirmed"}
    rows_of(ConfirmationDocument).update_one({"_id": question["_id"]}, {"$set": begun})
    sweep_and_answer(driver)
    assert_traded_once(driver, message)

"""Limits hold: the day's loss, its breaker, what settings of other levels say, and the plan's signals a day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.bots import BotSettings, TradingBot
from shared.domain.halts import HaltState
from shared.domain.layers import Level
from shared.domain.receipts import Receipt, Verdict
from shared.models import accounts, flattens, halts, layers, users
from shared.models.audit import AuditEntry
from shared.models.bots import TradingBot as BotDocument
from shared.models.flattens import Flatten
from shared.models.halts import set_halt
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.trades import Trade as TradeDocument
from shared.models.users import User
from shared.tasks import TaskName
from tests.integration.worker.pipeline.driver import Driver
from worker.task import app

LOOSE = BotSettings(max_open_positions=50, max_per_symbol=50)


def signal_text(driver: Driver, symbol: str = "BTC/USDT", share: str = "0.95") -> str:
    price = driver.quote(symbol).ask
    return f"LONG {symbol}\nEntry: market\nStop loss: {price * Decimal(share):.2f}"


def receipt_of(driver: Driver, message: InboxMessage, bot: TradingBot) -> Receipt:
    (found,) = [r for r in driver.receipts(message) if r.trading_bot_id == bot.trading_bot_id]
    return found


def gate_of(receipt: Receipt, name: str) -> tuple[str, str, Verdict]:
    (gate,) = [gate for gate in receipt.gates if gate.name == name]
    return gate.input, gate.threshold, gate.verdict


def lose(trade_ids: list[str], amount: int) -> None:
    """Let trades of today have lost so much, as their fills would have made it."""
    query = {"_id": {"$in": trade_ids}}
    rows_of(TradeDocument).update_many(query, {"$set": {"realised_pnl": Decimal(-amount)}})


def open_one(
    driver: Driver, settings: BotSettings = LOOSE, **follower: Any
) -> tuple[TradingBot, InboxMessage]:
    bot = driver.add_follower(driver.add_provider(), settings=settings, **follower)
    message = driver.say(signal_text(driver))
    assert receipt_of(driver, message, bot).outcome is Verdict.PASSED
    return bot, message


class TestDailyLoss:
    def test_at_the_limit_the_entry_is_denied_and_the_account_lets_no_more_in(self, driver: Driver) -> None:
        bot, message = open_one(driver)
        lose([driver.trade(message).trade_id], 600)
        denied = driver.say(signal_text(driver, "ETH/USDT"))
        receipt = receipt_of(driver, denied, bot)
        assert (receipt.outcome, receipt.code) == (Verdict.DENIED, "DAILY_LOSS")
        seen, threshold, verdict = gate_of(receipt, "daily_loss")
        assert "realised -600.00" in seen
        assert (threshold, verdict) == ("5 %", Verdict.DENIED)
        (halt,) = halts.in_force()
        assert (halt.scope, halt.state) == (f"account:{bot.account_id}", HaltState.REDUCING)
        assert "the limit is 5 %" in halt.reason
        again = driver.say(signal_text(driver, "SOL/USDT"))
        assert receipt_of(driver, again, bot).code == "HALT"

    def test_below_the_limit_nothing_happens(self, driver: Driver) -> None:
        bot, message = open_one(driver)
        lose([driver.trade(message).trade_id], 400)
        app.tasks[TaskName.ACCOUNTS_SNAPSHOT]()
        allowed = driver.say(signal_text(driver, "ETH/USDT"))
        assert receipt_of(driver, allowed, bot).outcome is Verdict.PASSED
        assert halts.in_force() == []

    def test_the_snapshot_trips_it_too_and_the_loss_is_the_same_in_another_process(
        self, driver: Driver
    ) -> None:
        bot, message = open_one(driver)
        lose([driver.trade(message).trade_id], 600)
        app.tasks[TaskName.ACCOUNTS_SNAPSHOT]()
        (halt,) = halts.in_force()
        assert halt.scope == f"account:{bot.account_id}"
        noted = rows_of(AuditEntry).find_one({"actor": "breaker"})
        assert noted is not None
        assert noted["subject"] == halt.scope

    def test_who_resumes_is_not_halted_again_that_day_but_the_gate_goes_on(self, driver: Driver) -> None:
        bot, message = open_one(driver)
        lose([driver.trade(message).trade_id], 600)
        app.tasks[TaskName.ACCOUNTS_SNAPSHOT]()
        set_halt(f"account:{bot.account_id}", HaltState.ACTIVE, "", datetime.now(UTC))
        app.tasks[TaskName.ACCOUNTS_SNAPSHOT]()
        denied = driver.say(signal_text(driver, "ETH/USDT"))
        assert receipt_of(driver, denied, bot).code == "DAILY_LOSS"
        assert halts.in_force() == []

    def test_a_harder_halt_is_never_softened(self, driver: Driver) -> None:
        bot, message = open_one(driver)
        scope = f"account:{bot.account_id}"
        set_halt(scope, HaltState.HALTED, "mine", datetime.now(UTC))
        lose([driver.trade(message).trade_id], 600)
        app.tasks[TaskName.ACCOUNTS_SNAPSHOT]()
        (halt,) = halts.in_force()
        assert (halt.state, halt.reason) == (HaltState.HALTED, "mine")

    def test_it_closes_what_is_open_only_where_the_user_wants_that(self, driver: Driver) -> None:
        bot, message = open_one(driver)
        layers.assign(Level.USER, bot.user_id, {"flatten_on_loss": True})
        lose([driver.trade(message).trade_id], 600)
        app.tasks[TaskName.ACCOUNTS_SNAPSHOT]()
        (row,) = rows_of(Flatten).find({})
        assert (row["scope"], row["by"]) == (f"account:{bot.account_id}", "breaker")
        driver.answer_bells()
        assert flattens.find(row["_id"]) is not None
        assert driver.trade(message).close_reason is not None

    def test_yesterdays_loss_is_yesterdays(self, driver: Driver) -> None:
        bot, message = open_one(driver)
        trade = driver.trade(message)
        long_ago = datetime.now(UTC) - timedelta(days=3)
        change = {"opened_at": long_ago, "realised_pnl": Decimal(-600)}
        rows_of(TradeDocument).update_one({"_id": trade.trade_id}, {"$set": change})
        allowed = driver.say(signal_text(driver, "ETH/USDT"))
        assert receipt_of(driver, allowed, bot).outcome is Verdict.PASSED


class TestUsersLoss:
    def test_the_accounts_of_a_user_are_summed(self, driver: Driver) -> None:
        bot, message = open_one(driver)
        other = driver.add_follower(bot.provider_id, settings=LOOSE)
        rows_of(accounts.Account).update_one({"_id": other.account_id}, {"$set": {"user_id": bot.user_id}})
        rows_of(BotDocument).update_one({"_id": other.trading_bot_id}, {"$set": {"user_id": bot.user_id}})
        layers.assign(Level.USER, bot.user_id, {"max_user_loss_percent": Decimal(2)})
        lose([driver.trade(message).trade_id], 450)
        rows_of(BotDocument).update_many({}, {"$set": {"settings": {"max_per_symbol": 9}}})
        denied = driver.say(signal_text(driver, "ETH/USDT"))
        # 4.5 % of the one account is 2.25 % of both: over the user's limit, under the account's.
        assert receipt_of(driver, denied, bot).code == "USER_DAILY_LOSS"
        assert receipt_of(driver, denied, other).code == "USER_DAILY_LOSS"
        assert {halt.scope for halt in halts.in_force()} == {f"user:{bot.user_id}"}


class TestSettingsInForce:
    def test_an_accounts_setting_counts_where_the_bot_has_set_nothing(self, driver: Driver) -> None:
        bot, _ = open_one(driver)
        rows_of(BotDocument).update_one({"_id": bot.trading_bot_id}, {"$set": {"settings": {}}})
        layers.assign(Level.ACCOUNT, bot.account_id, {"blocked_symbols": ("ETH/USDT",)})
        denied = driver.say(signal_text(driver, "ETH/USDT"))
        assert receipt_of(driver, denied, bot).code == "SYMBOL_FILTERED"
        layers.assign(Level.BOT, bot.trading_bot_id, {"blocked_symbols": ()})
        allowed = driver.say(signal_text(driver, "ETH/USDT", "0.94"))
        assert receipt_of(driver, allowed, bot).outcome is Verdict.PASSED

    def test_what_a_provider_suggests_is_taken_where_nobody_else_says_anything(self, driver: Driver) -> None:
        bot, _ = open_one(driver)
        rows_of(BotDocument).update_one({"_id": bot.trading_bot_id}, {"$set": {"settings": {}}})
        layers.assign(Level.PROVIDER, bot.provider_id, {"max_open_positions": 1})
        denied = driver.say(signal_text(driver, "ETH/USDT"))
        assert receipt_of(driver, denied, bot).code == "MAX_OPEN_POSITIONS"


class TestSignalsADay:
    def test_the_plans_last_signal_is_copied_and_the_next_one_not(self, driver: Driver) -> None:
        bot = driver.add_follower(driver.add_provider(), settings=LOOSE, tier="free")
        said = [driver.say(signal_text(driver, "ETH/USDT", f"0.9{n:02d}")) for n in range(11)]
        codes = [receipt_of(driver, message, bot).code for message in said]
        assert codes == ["PASSED"] * 10 + ["PLAN_LIMIT"]

    def test_a_signal_that_is_denied_is_not_counted(self, driver: Driver) -> None:
        bot = driver.add_follower(driver.add_provider(), settings=BotSettings(), tier="free")
        for number in range(4):
            driver.say(signal_text(driver, "ETH/USDT", f"0.9{number}"))
        row = rows_of(User).find_one({"_id": bot.user_id})
        assert row is not None
        assert len(row["signals_today"]["ids"]) == 1

    def test_two_bots_of_a_user_copy_one_signal_as_one(self, driver: Driver) -> None:
        provider = driver.add_provider()
        first, second = (driver.add_follower(provider, settings=LOOSE, tier="free") for _ in range(2))
        for document in (accounts.Account, BotDocument):
            rows_of(document).update_many({}, {"$set": {"user_id": first.user_id}})
        message = driver.say(signal_text(driver))
        assert receipt_of(driver, message, second).outcome is Verdict.PASSED
        people = users.finding_people([first.user_id], datetime.now(UTC))
        row = rows_of(User).find_one({"_id": first.user_id})
        assert row is not None
        assert len(people.read([row])[first.user_id].copied) == 1

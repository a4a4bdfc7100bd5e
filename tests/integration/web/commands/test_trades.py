"""`flask trades`: what is shown, what is recorded, what is waited for, and what is refused in one line."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pymongo
import pytest
import redis

from shared.domain.commands import CommandStatus
from shared.domain.trades import TradeStatus
from shared.models import commands
from shared.models.commands import Command
from shared.models.mapping import rows_of
from tests.integration.web.commands.conftest import Answer, Run
from tests.integration.web.commands.rows import make_trade
from tests.integration.web.commands.test_creates import connect, make_user
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("empty_servers")

VERBS = {"close": (), "move-stop": ("--price", "65100"), "cancel-entry": ()}


class Worker(threading.Thread):
    """Ends the first command that is recorded, as a worker would; a client of its own."""

    def __init__(self, uri: str, status: CommandStatus, code: str, sentence: str) -> None:
        super().__init__()
        self.uri = uri
        self.change = {
            "status": str(status),
            "code": code,
            "sentence": sentence,
            "ended_at": datetime.now(UTC),
        }
        self.start()

    def run(self) -> None:
        with pymongo.MongoClient[dict[str, Any]](self.uri) as client:
            rows = client.get_default_database()["commands"]
            wait_until(lambda: rows.find_one({"status": "pending"}), "a command is recorded")
            rows.update_one({"status": "pending"}, {"$set": self.change})


def trades(run: Run, verb: str, *more: str) -> Answer:
    return run("trades", verb, "--json", *more)


@pytest.mark.parametrize("verb", VERBS)
def test_a_command_is_recorded_rung_for_and_its_end_waited_for(
    run: Run, mongodb_uri: str, redis_url: str, verb: str
):
    trade = make_trade()
    worker = Worker(mongodb_uri, CommandStatus.DONE, "", "It is done.")
    answer = trades(run, verb, "--trade", trade.trade_id, *VERBS[verb])
    worker.join()
    row = answer.row
    assert (row["trade_id"], row["status"], row["sentence"]) == (trade.trade_id, "done", "It is done.")
    assert (row["kind"], row["by"], row["via"]) == (verb.replace("-", "_"), "operator", "cli")
    assert row["created"] is True
    assert row["ended_at"]
    assert row["trade"]["held"] == "0.25"
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen("dx:exits") == 1
    stored = commands.find(row["command_id"])
    assert stored is not None
    assert stored.user_id == trade.user_id
    assert stored.before["stop_price"] == "65000.5"


def test_a_refusal_is_told_and_ends_with_one(run: Run, mongodb_uri: str):
    trade = make_trade()
    worker = Worker(mongodb_uri, CommandStatus.REFUSED, "WRONG_SIDE", "The stop must be below.")
    answer = trades(run, "move-stop", "--trade", trade.trade_id, "--price", "1")
    worker.join()
    assert answer.status == 1
    assert answer.rows[0]["code"] == "WRONG_SIDE"
    assert answer.err == "Error: refused (WRONG_SIDE): The stop must be below.\n"


def test_what_is_not_done_in_time_goes_on_and_says_so(run: Run):
    trade = make_trade()
    answer = trades(run, "close", "--trade", trade.trade_id, "--timeout", "0.2")
    assert answer.status == 1
    assert answer.rows[0]["status"] == "pending"
    assert "not done after 0.2 s; it goes on" in answer.err
    assert commands.count_pending() == 1


def test_without_waiting_it_is_recorded_and_each_call_is_a_request_of_its_own(run: Run):
    trade = make_trade()
    rows = [
        trades(run, "close", "--trade", trade.trade_id, "--percent", "50", "--no-wait").row for _ in range(2)
    ]
    assert {row["status"] for row in rows} == {"pending"}
    assert len({row["command_id"] for row in rows}) == 2
    assert "is recorded" in run("trades", "close", "--trade", trade.trade_id, "--no-wait").out


def test_a_trade_is_named_by_account_and_symbol(run: Run):
    make_user(run)
    account_id = connect(run, "--name", "main").row["id"]
    make_trade(account_id=account_id, status=TradeStatus.CLOSED)
    open_trade = make_trade(account_id=account_id)
    make_trade(account_id=account_id, symbol="ETH/USDT")
    which = ("--account", "main", "--symbol", "btc/usdt", "--no-wait")
    assert trades(run, "close", *which).row["trade_id"] == open_trade.trade_id
    another = make_trade(account_id=account_id)
    answer = trades(run, "close", *which)
    assert answer.refused("several trades of btc/usdt are open")
    assert another.trade_id in answer.err
    none = ("--account", "main", "--symbol", "DOGE/USDT")
    assert trades(run, "close", *none).refused("account 'main' has no open trade of 'DOGE/USDT'")


@pytest.mark.parametrize("verb", VERBS)
def test_what_names_no_trade_is_refused_and_nothing_recorded(run: Run, verb: str):
    value = VERBS[verb]
    assert trades(run, verb, *value).refused("say which trade", status=2)
    assert trades(run, verb, *value, "--account", "main").refused("say which trade", status=2)
    assert trades(run, verb, *value, "--symbol", "BTC/USDT").refused("say which trade", status=2)
    both = ("--trade", "x", "--account", "main", "--symbol", "BTC/USDT")
    assert trades(run, verb, *value, *both).refused("not both", status=2)
    assert trades(run, verb, *value, "--trade", "none").refused("There is no trade 'none'.")
    assert trades(run, verb, *value, "--trade", "\udcff").refused("There is no trade")
    assert trades(run, verb, *value, "--account", "x", "--symbol", "y").refused("no account is called 'x'")
    over = make_trade(status=TradeStatus.CLOSED, close_reason="STOP_HIT")
    assert trades(run, verb, *value, "--trade", over.trade_id).refused("has ended (STOP_HIT)")
    assert trades(run, verb, *value, "--trade", "x", "--timeout", "nan").refused(
        "number of seconds", status=2
    )
    assert rows_of(Command).count_documents({}) == 0


def test_what_is_no_percentage_and_no_price_is_refused(run: Run):
    which = ("--trade", make_trade().trade_id)
    for percent in ("0", "101", "NaN", "1e309", "half", ""):
        answer = trades(run, "close", *which, "--percent", percent)
        assert answer.refused("percentage must be a number from 1 to 100"), percent
    for price in ("0", "-1", "NaN", "1e309", "market", ""):
        assert trades(run, "move-stop", *which, "--price", price).refused("must be a positive number"), price
    assert trades(run, "move-stop", *which).refused("--price", status=2)
    assert rows_of(Command).count_documents({}) == 0


def test_trades_are_shown_by_account_message_and_status(run: Run):
    make_user(run)
    account_id = connect(run).row["id"]
    naked_since = datetime.now(UTC) - timedelta(seconds=5)
    trade = make_trade(
        account_id=account_id, message_id="77", naked_since=naked_since, naked_seconds=Decimal("1.5")
    )
    make_trade(status=TradeStatus.CLOSED, close_reason="USER_CLOSED")
    row = run("trades", "show", "--account", account_id, "--json").row
    assert row == run("trades", "show", "--message", "77", "--status", "open", "--json").row | {
        "naked_seconds": row["naked_seconds"]
    }
    expected = {
        "id": trade.trade_id,
        "symbol": "BTC/USDT",
        "side": "buy",
        "status": "open",
        "entered": "0.25",
        "held": "0.25",
        "coverable": "0.25",
        "resting": "0.25",
        "managed": "0",
        "stop_price": "65000.5",
        "targets": [{"price": "70000", "fraction": "1"}],
        "close_reason": None,
        "errors": [],
    }
    assert expected.items() <= row.items()
    assert 6.5 <= row["naked_seconds"] < 60
    assert [r["close_reason"] for r in run("trades", "show", "--status", "closed", "--json").rows] == [
        "USER_CLOSED"
    ]
    assert len(run("trades", "show", "--json").rows) == 2
    assert "BTC/USDT" in run("trades", "show").out
    assert run("trades", "show", "--message", "none").out == "No trades.\n"
    assert run("trades", "show", "--status", "gone").refused("'gone' is not one of", status=2)
    assert run("trades", "show", "--account", "nobody").refused("no account")


def test_wait_counts_the_commands_that_are_on_their_way(run: Run):
    trades(run, "close", "--trade", make_trade().trade_id, "--no-wait")
    assert run("wait", "--idle", "--timeout", "0.2").refused("1 commands_pending")

"""`flask accounts show|test|disconnect|revoke-all` on real servers."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import redis

from shared.models.accounts import Account
from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of
from shared.models.trades import Trade
from tests.integration.web.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("empty_servers")


@pytest.fixture
def login(tmp_path: Path) -> str:
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"api_key": "canary-key", "secret": "canary-secret"}))
    return str(file)


def connect(run: Run, user: str, name: str, login: str) -> str:
    row = run(
        "accounts", "connect", "--user", user, "--venue", "binance", "--environment", "sandbox", "--name", name,
        "--credentials-file", login, "--json",
    ).row  # fmt: skip
    return str(row["id"])


def open_trade(account_id: str) -> None:
    numbers = dict.fromkeys(("planned_quantity", "planned_entry", "entered", "exited"), Decimal(1))
    names = dict.fromkeys(
        ("user_id", "trading_bot_id", "provider_id", "signal_id", "source", "channel_id", "message_id"), "x"
    )
    place = {"venue": "binance", "environment": "sandbox", "symbol": "BTC/USDT", "side": "buy"}
    life = {"status": "open", "stop_source": "message", "version": 0, "created_at": datetime.now(UTC)}
    rows_of(Trade).insert_one({"_id": "t", "account_id": account_id, **numbers, **names, **place, **life})


def test_accounts_are_shown_with_their_status_and_no_secret(run: Run, login: str):
    run("users", "create", "--discord-id", "1", "--name", "Anna")
    account_id = connect(run, "Anna", "Main", login)
    rights = {"key_rights": {"trade": True}, "status": "refused", "status_reason": "It may withdraw."}
    rows_of(Account).update_one({"_id": account_id}, {"$set": rights})
    answer = run("accounts", "show", "--user", "Anna", "--json")
    row = answer.row
    assert (row["id"], row["status"], row["reason"]) == (account_id, "refused", "It may withdraw.")
    assert (row["login"], row["rights"]) == ("key", {"trade": True})
    assert "canary" not in answer.out + run("accounts", "show", "--user", "Anna").out


def test_a_look_at_a_key_is_asked_for(run: Run, login: str, redis_url: str):
    run("users", "create", "--discord-id", "1", "--name", "Anna")
    account_id = connect(run, "Anna", "Main", login)
    assert run("accounts", "test", "--account", "Main", "--json").row == {"id": account_id}
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen("dx:sync") == 2
    run("accounts", "disconnect", "--account", "Main")
    assert run("accounts", "test", "--account", "Main").refused("is disconnected")


def test_an_account_is_disconnected_once_and_not_while_something_is_open(run: Run, login: str):
    run("users", "create", "--discord-id", "1", "--name", "Anna")
    account_id = connect(run, "Anna", "Main", login)
    open_trade(account_id)
    assert run("accounts", "disconnect", "--account", "Main").refused("something is open on Main")
    row = run("accounts", "disconnect", "--account", "Main", "--leave-open", "--json").row
    assert row == {"id": account_id, "count": 1}
    assert run("accounts", "disconnect", "--account", "Main", "--json").row["count"] == 0
    held = rows_of(Account).find_one({"_id": account_id})
    assert held is not None
    assert (held["status"], held["status_reason"][:12]) == ("revoked", "The operator")
    assert held["check_at"] is not None, "a worker forgets the key"
    assert rows_of(AuditEntry).count_documents({"action": "account.disconnect"}) == 1


def test_all_accounts_of_a_user_or_of_everyone_are_disconnected(run: Run, login: str):
    for number, name in enumerate(("Anna", "Bert")):
        run("users", "create", "--discord-id", str(number), "--name", name)
        for account in ("one", "two"):
            connect(run, name, f"{name} {account}", login)
    assert run("accounts", "revoke-all").refused("say whose")
    assert run("accounts", "revoke-all", "--user", "Anna", "--everyone").refused("say whose")
    assert run("accounts", "revoke-all", "--user", "Anna", "--json").row["count"] == 2
    assert rows_of(Account).count_documents({"status": "active"}) == 2
    assert run("accounts", "revoke-all", "--everyone", "--json").row["count"] == 2
    assert rows_of(Account).count_documents({"status": "revoked"}) == 4

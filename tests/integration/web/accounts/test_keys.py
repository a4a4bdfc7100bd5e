"""Accounts by key on pages: sealed at once, checked by a worker, replaced, renamed and disconnected by their owner alone."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import redis

from shared.domain.accounts import AccountStatus
from shared.models import credentials
from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of
from shared.models.trades import Trade
from tests.integration.web.accounts.conftest import Visitor, opened, settle

KEY = {"api_key": "canary-key", "secret": "canary-secret"}
SANDBOX = "/accounts/connect/binance"


def connect(someone: Visitor, **form: str) -> str:
    answer = someone.send(SANDBOX, **{"environment": "sandbox", "name": "Main", **KEY, **form})
    assert answer.status_code == 302, answer.text
    return someone.accounts()[-1].account_id


def open_trade(account_id: str) -> None:
    row = {"_id": f"trade-{account_id}", "user_id": "anna", "account_id": account_id, "status": "open"}
    numbers = dict.fromkeys(("planned_quantity", "planned_entry", "entered", "exited"), Decimal(1))
    names = {"trading_bot_id": "b", "provider_id": "p", "venue": "binance", "environment": "sandbox"}
    place = {"source": "discord", "channel_id": "c", "message_id": account_id, "signal_id": "s"}
    shape = {
        "symbol": "BTC/USDT",
        "side": "buy",
        "version": 0,
        "stop_source": "message",
        "created_at": datetime.now(UTC),
    }
    rows_of(Trade).insert_one({**row, **numbers, **names, **place, **shape})


def actions() -> list[str]:
    return [row["action"] for row in rows_of(AuditEntry).find().sort("at", 1)]


def test_a_key_is_sealed_stored_and_looked_at_and_never_sent_back(
    visitor: Callable[..., Visitor], prices: redis.Redis
) -> None:
    anna = visitor()
    account_id = connect(anna)
    held = anna.account()
    assert (held.status, held.login, held.is_waiting) == (AccountStatus.CHECKING, "key", True)
    assert (held.name, held.environment) == ("Main", "sandbox")
    assert opened(account_id) == [KEY]
    assert prices.llen("dx:sync") == 1
    page = anna.get("/accounts").text
    assert "Checking the key" in page
    assert "canary" not in page
    assert actions() == ["account.connect"]


def test_the_same_form_sent_twice_is_one_account(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    form = {"environment": "sandbox", **KEY, "request_id": "the-same"}
    for _ in range(2):
        assert anna.send(SANDBOX, **form).status_code == 302
    assert len(opened(anna.account().account_id)) == 1
    other = visitor("bert")
    other.send(SANDBOX, **form)
    assert other.account().account_id != anna.account().account_id


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({}, "Choose where to trade"),
        ({"environment": "sandbox", "api_key": "canary-key"}, "Fill in API key and Secret"),
        ({"environment": "moon", **KEY}, "Choose where to trade"),
        ({"environment": "paper", "balance": "-1"}, "above 0"),
        ({"environment": "paper", "balance": "much"}, "is a number"),
        ({"environment": "sandbox", **KEY, "passphrase": "x" * 9000}, ""),
        ({"environment": "live", "api_key": "canary-key", "secret": "c" * 9000}, "longer than any key"),
        ({"environment": "live", "name": "n" * 81, **KEY}, "at most 80"),
    ],
)
def test_what_is_missing_is_named_and_what_was_typed_into_a_key_is_not_sent_back(
    visitor: Callable[..., Visitor], form: dict[str, str], problem: str
) -> None:
    anna = visitor()
    answer = anna.send(SANDBOX, **form)
    if not problem:
        assert answer.status_code == 302, "a field that the venue does not take is left"
        return
    assert answer.status_code == 400
    assert problem in answer.text
    assert "canary" not in answer.text
    assert anna.accounts() == []


def test_a_venue_that_lacks_an_environment_says_so(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    answer = anna.send("/accounts/connect/coinbase", environment="sandbox", **KEY)
    assert "Coinbase has no sandbox accounts here" in answer.text
    assert anna.get("/accounts/connect/nowhere").status_code == 404


def test_paper_money_needs_no_key_and_is_ready_at_once(visitor: Callable[..., Visitor]) -> None:
    anna = visitor(tier="free")
    assert anna.send(SANDBOX, environment="paper", balance="2500").status_code == 302
    held = anna.account()
    assert (held.status, held.login, held.credential_id) == (AccountStatus.ACTIVE, None, None)


def test_a_plan_connects_so_many_accounts_paper_not_counted(visitor: Callable[..., Visitor]) -> None:
    anna = visitor(tier="free")
    anna.send(SANDBOX, environment="paper")
    connect(anna)
    answer = anna.send(SANDBOX, environment="sandbox", **KEY)
    assert answer.status_code == 400
    assert "connects 1 account." in answer.text
    assert len(anna.accounts()) == 2


def test_another_key_is_offered_and_the_present_one_stays_until_it_was_looked_at(
    visitor: Callable[..., Visitor],
) -> None:
    anna = visitor()
    account_id = connect(anna)
    settle(account_id)
    before = anna.account().credential_id
    path = f"/accounts/{account_id}/key"
    assert anna.send(path, at=path, api_key="canary-2", secret="canary-3").status_code == 302
    held = anna.account()
    assert (held.credential_id, held.status) == (before, AccountStatus.ACTIVE)
    assert held.candidate_id is not None
    assert "Checking the new key" in anna.get("/accounts").text
    # A third one takes the place of the second before anybody has looked.
    anna.send(path, at=path, api_key="canary-4", secret="canary-5")
    assert sorted(found["api_key"] for found in opened(account_id)) == ["canary-4", "canary-key"]
    assert anna.send(path, at=path, api_key="canary-6").status_code == 400


def test_a_test_of_the_key_asks_a_worker(visitor: Callable[..., Visitor], prices: redis.Redis) -> None:
    anna = visitor()
    account_id = connect(anna)
    settle(account_id, key_rights={"trade": True, "withdraw": False}, balance_total=Decimal(12))
    page = anna.get("/accounts").text
    assert "May trade" in page
    assert "Cannot withdraw" in page
    assert anna.send(f"/accounts/{account_id}/test").status_code == 302
    assert anna.account().is_waiting
    assert prices.llen("dx:sync") == 2


def test_an_account_is_renamed(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    account_id = connect(anna)
    anna.send(f"/accounts/{account_id}/rename", name=" Savings ")
    assert anna.account().name == "Savings"
    assert anna.send(f"/accounts/{account_id}/rename", name="n" * 81).status_code == 400


def test_disconnecting_stops_the_account_at_once_and_a_worker_forgets_its_key(
    visitor: Callable[..., Visitor],
) -> None:
    anna = visitor()
    account_id = connect(anna)
    settle(account_id)
    path = f"/accounts/{account_id}/disconnect"
    assert "Nothing new is entered" in anna.get(path).text
    assert anna.send(path, at=path).status_code == 302
    held = anna.account()
    assert (held.status, held.is_waiting) == (AccountStatus.REVOKED, True)
    assert anna.send(f"/accounts/{account_id}/test").status_code == 409
    assert actions()[-1] == "account.disconnect"


def test_while_something_is_open_it_takes_an_explicit_yes(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    account_id = connect(anna)
    settle(account_id)
    open_trade(account_id)
    path = f"/accounts/{account_id}/disconnect"
    assert "1 trade is open" in anna.get(path).text
    assert anna.send(path, at=path).status_code == 409
    assert anna.send("/accounts/disconnect-all", at=path).status_code == 409
    assert anna.account().status is AccountStatus.ACTIVE
    assert anna.send(path, at=path, leave_open="yes").status_code == 302
    assert anna.account().status is AccountStatus.REVOKED


def test_everything_is_disconnected_with_one_act(visitor: Callable[..., Visitor]) -> None:
    anna, bert = visitor(), visitor("bert")
    for number in range(3):
        connect(anna, request_id=str(number))
    connect(bert)
    path = "/accounts/disconnect-all"
    assert "Disconnect all 3" in anna.get(path).text
    assert anna.send(path, at=path).status_code == 302
    assert {held.status for held in anna.accounts()} == {AccountStatus.REVOKED}
    assert bert.account().status is AccountStatus.CHECKING


def test_another_users_account_is_not_there(visitor: Callable[..., Visitor]) -> None:
    anna, bert = visitor(), visitor("bert")
    account_id = connect(anna)
    before = anna.account()
    for verb in ("test", "rename", "key", "disconnect"):
        path = f"/accounts/{account_id}/{verb}"
        assert bert.send(path, name="Mine", **KEY, leave_open="yes").status_code == 404
        if verb in {"key", "disconnect"}:
            assert bert.get(path).status_code == 404
    assert account_id not in bert.get("/accounts").text
    assert bert.send("/accounts/disconnect-all").status_code == 302
    assert anna.account() == before
    assert len(credentials.of_account(account_id)) == 1


def test_forms_without_their_token_change_nothing(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    account_id = connect(anna)
    before = anna.account()
    for path in (SANDBOX, "/accounts/connect/coinbase/login", "/accounts/disconnect-all"):
        assert anna.client.post(path, data=KEY).status_code == 400
    for verb in ("test", "rename", "key", "disconnect"):
        assert anna.client.post(f"/accounts/{account_id}/{verb}", data=KEY).status_code == 400
    assert anna.account() == before


def test_every_venue_can_be_chosen_and_says_what_it_can(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    page = anna.get("/accounts/connect").text
    for title in ("Binance", "Coinbase", "Alpaca", "KuCoin", "Paper trading"):
        assert title in page
    for venue in ("binance_futures", "coinbase", "alpaca", "kucoin", "paper"):
        assert anna.get(f"/accounts/connect/{venue}").status_code == 200
    assert "Private key" in anna.get("/accounts/connect/coinbase").text
    assert "Passphrase" in anna.get("/accounts/connect/kucoin").text
    assert "up to 20x" in anna.get("/accounts/connect/binance_futures").text

"""Followers in bulk: all parts are there, sealed keys open, and a repeat changes nothing."""

import json

import pytest
import redis

from shared.models import accounts, bots, credentials
from shared.models.accounts import Account
from shared.models.bots import TradingBot
from shared.models.credentials import Credential
from shared.models.mapping import rows_of
from shared.models.users import User
from shared.vault import KeyPair, PrivateKeys, credential_record
from tests.integration.web.commands.conftest import Answer, Run
from tests.integration.web.commands.test_creates import make_provider

pytestmark = pytest.mark.usefixtures("empty_servers")


def create(run: Run, count: int, *more: str, venue: str = "paper", environment: str = "paper") -> Answer:
    return run(
        *("followers", "create", "--count", str(count), "--provider", "Alpha", "--sizing", "risk:1"),
        *("--venue", venue, "--environment", environment, "--json"),
        *more,
    )


def counts() -> list[int]:
    return [rows_of(document).count_documents({}) for document in (User, Account, Credential, TradingBot)]


def test_each_follower_has_an_account_and_an_active_bot(run: Run, redis_url: str):
    provider_id = make_provider(run)
    rows = create(run, 120, "--balance", "500", "--set", "max_open_positions=9").rows
    assert [row["name"] for row in rows] == [f"load-{number}" for number in range(120)]
    assert all(row["created"] for row in rows)
    active = {bot.trading_bot_id: bot for bot in bots.find_active(bots.active_ids_of(provider_id))}
    assert {row["trading_bot_id"] for row in rows} == set(active)
    assert {bot.settings.max_open_positions for bot in active.values()} == {9}
    found = accounts.find_many([row["account_id"] for row in rows])
    assert {str(account.opening_balance) for account in found.values()} == {"500"}
    assert all(found[row["account_id"]].user_id == row["user_id"] for row in rows)
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen("dx:sync") == 3


@pytest.mark.parametrize(
    ("venue", "kind", "more"),
    [("testvenue", "sandbox", ()), ("kucoin", "live", ("passphrase",))],
)
def test_their_keys_are_sealed_each_for_its_account(
    run: Run, key_pair: KeyPair, venue: str, kind: str, more: tuple[str, ...]
):
    make_provider(run)
    rows = create(run, 3, venue=venue, environment=kind).rows
    keys = PrivateKeys.parse(key_pair.private_key)
    for number, row in enumerate(rows):
        account = accounts.find(row["account_id"])
        assert account is not None
        assert account.credential_id is not None
        stored = credentials.find_credentials([account.credential_id])[account.credential_id]
        opened = keys.unseal(credential_record(account.account_id, account.credential_id), stored.sealed)
        assert json.loads(opened.get_secret_value()) == {
            "api_key": f"load-{number}",
            "secret": f"load-secret-{number}",
            **{name: f"load-{name}-{number}" for name in more},
        }


def test_where_keys_are_private_ones_followers_bear_tokens(run: Run, key_pair: KeyPair):
    make_provider(run)
    (row,) = create(run, 1, venue="coinbase", environment="live").rows
    account = accounts.find(row["account_id"])
    assert account is not None
    assert account.credential_id is not None
    stored = credentials.find_credentials([account.credential_id])[account.credential_id]
    opened = PrivateKeys.parse(key_pair.private_key).unseal(
        credential_record(account.account_id, account.credential_id), stored.sealed
    )
    assert json.loads(opened.get_secret_value()) == {"access_token": "load-token-0"}


def test_a_repeat_adds_only_what_is_missing(run: Run):
    make_provider(run)
    assert create(run, 5, "--quiet").row["created"] == 5
    again = create(run, 8, "--quiet").row
    assert (again["created"], again["existing"]) == (3, 5)
    assert counts() == [8, 8, 0, 8]
    create(run, 8, "--quiet", venue="testvenue", environment="sandbox")
    assert counts() == [8, 16, 8, 16]


def test_ten_thousand_take_less_than_a_minute(run: Run):
    make_provider(run)
    summary = create(run, 10_000, "--quiet", venue="testvenue", environment="sandbox").row
    assert summary["created"] == 10_000
    assert summary["seconds"] < 60
    assert counts() == [10_000] * 4


def test_what_cannot_be_is_refused_before_anything_is_written(run: Run):
    assert create(run, 1).refused("no provider is called 'Alpha'")
    make_provider(run)
    assert create(run, 0).refused("--count", status=2)
    assert create(run, 1, venue="mtgox").refused("no venue")
    assert create(run, 1, "--balance", "5", venue="testvenue", environment="live").refused("paper accounts")
    assert create(run, 1, "--set", "min_confidence=NaN").refused("finite", status=2)
    assert counts() == [0, 0, 0, 0]

"""Accounts at the emulated Coinbase, by key and by OAuth: a worker's context, the venue, and the provider of logins."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from shared.domain.accounts import AccountStatus, Environment
from shared.models import connections
from shared.models.accounts import Account
from shared.models.connections import Connection
from shared.models.credentials import Credential, refresh_time
from shared.models.mapping import millisecond, rows_of
from shared.models.outbox import Outbox
from shared.oauth.client import OAuthClient, Tokens
from shared.oauth.proofs import challenge_of, new_verifier
from shared.oauth.providers import list_providers
from shared.vault import PublicKeys, credential_record, generate_key_pair
from tests.emulators.coinbase.control import CoinbaseProcess
from tests.emulators.oauth.server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.emulators.oauth.visitor import visit, words_of
from tests.integration.worker.opened import opened_context
from tests.integration.worker.pipeline.driver import Driver
from worker.context import Context

REDIRECT = "http://127.0.0.1:8000/oauth/coinbase/callback"
OLD, NEW = generate_key_pair(), generate_key_pair()
_numbers = count(1)


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoinbaseProcess]:
    process = CoinbaseProcess(tmp_path_factory.mktemp("coinbase"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def provider_server() -> Iterator[OAuthServer]:
    with OAuthServer([REDIRECT]) as server:
        yield server


@pytest.fixture
def provider(provider_server: OAuthServer) -> OAuthServer:
    """The provider without faults, its log empty."""
    provider_server.calm()
    provider_server.log.clear()
    return provider_server


@pytest.fixture(scope="module")
def environment(
    venue: CoinbaseProcess, provider_server: OAuthServer, redis_url: str, mongodb_uri: str
) -> dict[str, str]:
    """What a worker process here reads."""
    return {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "CREDENTIAL_PUBLIC_KEYS": OLD.public_key,
        "CREDENTIAL_PRIVATE_KEYS": OLD.private_key.get_secret_value(),
        "VENUE_URL_COINBASE_LIVE": venue.url,
        "OAUTH_URL_COINBASE": provider_server.url,
        "COINBASE_OAUTH_CLIENT_ID": CLIENT_ID,
        "COINBASE_OAUTH_CLIENT_SECRET": CLIENT_SECRET,
    }


@pytest.fixture(scope="module")
def worker_context(environment: dict[str, str]) -> Iterator[Context]:
    with opened_context(environment) as opened:
        yield opened


@pytest.fixture
def driver(worker_context: Context, empty_servers: None, redis_url: str) -> Iterator[Driver]:
    with Redis.from_url(redis_url) as redis:
        yield Driver(worker_context, redis)


@dataclass
class Desk:
    """Connects accounts as the web does, and looks at what became of them."""

    driver: Driver
    venue: CoinbaseProcess
    provider: OAuthServer

    def consent(self) -> Tokens:
        """Let a user say yes at the provider and take the tokens."""
        there = list_providers(self.driver.context.settings)["coinbase"]
        verifier = new_verifier()
        address = there.address_to_authorise("state", challenge_of(verifier), Environment.LIVE)
        return OAuthClient(there).exchange(words_of(visit(address))["code"], verifier)

    def connect_tokens(
        self, *, ends_in: timedelta = timedelta(minutes=20), status: str = "active"
    ) -> Connection:
        """Store an account that was connected by OAuth, its refresh due."""
        number = next(_numbers)
        token = f"canary-venue-token-{number}"
        self.provider.grants.token_queue.append(token)
        self.venue.control.issue_key(f"organizations/o/apiKeys/{number}", token=token, USD="5000")
        account_id = self._store_account(number, status)
        now = millisecond(datetime.now(UTC))
        expires_at = now + ends_in
        self.seal(
            account_id,
            f"credential-{number}",
            self.consent().as_credentials(),
            provider="coinbase",
            expires_at=expires_at,
            refresh_at=min(now, refresh_time(now, expires_at) or now),
        )
        return self.look(account_id)

    def connect_key(self, *, status: str = "checking", key: str = "", **account: Any) -> Connection:
        """Store an account that was connected by key, a look at it asked for."""
        number = next(_numbers)
        account_id = self._store_account(number, status)
        secret = self.make_key(number, **account)
        self.seal(account_id, f"credential-{number}", secret)
        return self.look(account_id)

    def make_key(self, number: int | None = None, **account: Any) -> SecretStr:
        """Make a key at the venue, as it is sealed."""
        name = f"organizations/o/apiKeys/{number or next(_numbers)}"
        changes = {n: account.pop(n) for n in ("can_withdraw", "can_trade") if n in account}
        pem = self.venue.control.issue_key(name, **{"USD": "5000", **account})
        if changes:
            self.venue.control.change_account(name, **changes)
        return SecretStr(write_json(api_key=name, secret=pem))

    def seal(self, account_id: str, credential_id: str, secret: SecretStr, **fields: Any) -> str:
        """Seal a secret for an account and store it."""
        keys = PublicKeys.parse(self.driver.context.settings.credential_public_keys)
        box = keys.seal(credential_record(account_id, credential_id), secret)
        row = {"_id": credential_id, "user_id": "anna", "account_id": account_id, "key_id": box.key_id}
        rows_of(Credential).insert_one({**row, "sealed": box.data, "created_at": datetime.now(UTC), **fields})
        return credential_id

    def look(self, account_id: str) -> Connection:
        """Read an account's connection."""
        found = connections.find(account_id)
        assert found is not None
        return found

    def end_lease(self, held: Connection) -> None:
        """Let the lease of a dead worker be over, and the refresh of the tokens that an account had be due."""
        past = datetime.now(UTC) - timedelta(seconds=1)
        query = {"_id": held.credential_id, "refresh_at": {"$ne": None}}
        rows_of(Credential).update_one(query, {"$set": {"refresh_at": past, "lease_until": past}})

    def told(self, account_id: str) -> list[str]:
        """List the sentences that the owner was told of an account."""
        query = {"kind": "account.changed", "data.account_id": account_id, "data.sentence": {"$gt": ""}}
        return [row["data"]["sentence"] for row in rows_of(Outbox).find(query).sort("seq", 1)]

    def _store_account(self, number: int, status: str) -> str:
        account_id, now = f"account-{number}", datetime.now(UTC)
        rows_of(Account).insert_one(
            {
                "_id": account_id,
                "user_id": "anna",
                "name": account_id,
                "venue": "coinbase",
                "environment": "live",
                "status": status,
                "quote_asset": "USD",
                "version": 0,
                "credential_id": f"credential-{number}",
                "reservations": {},
                "check_at": now if status == str(AccountStatus.CHECKING) else None,
                "created_at": now,
            }
        )
        return account_id


def write_json(**fields: str) -> str:
    """Write a login as it is sealed."""
    return json.dumps(fields)


@pytest.fixture
def desk(driver: Driver, venue: CoinbaseProcess, provider: OAuthServer) -> Desk:
    return Desk(driver, venue, provider)

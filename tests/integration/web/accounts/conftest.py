"""Pages about accounts on real servers, with keys that seal and a provider of logins on loopback."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from shared import settings as settings_module
from shared.models import credentials
from shared.models.accounts import Account
from shared.models.connections import Connection, of_user
from shared.models.mapping import rows_of
from shared.models.users import User
from shared.settings import Settings, read_settings
from shared.tasks import _producer
from shared.vault import PrivateKeys, credential_record, generate_key_pair
from tests.emulators.oauth.server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.sample.house import add_user
from tests.sample.server import SECRET_KEY
from web import create_app

PAIR = generate_key_pair()
WEB = "http://localhost"
REDIRECTS = [f"{WEB}/oauth/{name}/callback" for name in ("alpaca", "coinbase")]


@pytest.fixture(scope="module")
def provider_server() -> Iterator[OAuthServer]:
    with OAuthServer(REDIRECTS) as server:
        yield server


@pytest.fixture
def provider(provider_server: OAuthServer) -> OAuthServer:
    """The provider without faults, its log empty."""
    provider_server.calm()
    provider_server.log.clear()
    return provider_server


@pytest.fixture(scope="module")
def web_settings(redis_url: str, mongodb_uri: str, provider_server: OAuthServer) -> Settings:
    clients = {f"{name}_oauth_client_id": CLIENT_ID for name in ("alpaca", "coinbase")}
    secrets = {f"{name}_oauth_client_secret": CLIENT_SECRET for name in ("alpaca", "coinbase")}
    return read_settings(
        redis_url=redis_url,
        mongodb_uri=mongodb_uri,
        secret_key=SECRET_KEY,
        web_url=WEB,
        credential_public_keys=PAIR.public_key,
        oauth_urls=dict.fromkeys(("alpaca", "coinbase"), provider_server.url),
        **clients,
        **secrets,
    )


@pytest.fixture(scope="module")
def producer(redis_url: str, mongodb_uri: str) -> Iterator[None]:
    """Let bells ring on the module's own Redis."""
    caches = (settings_module.load_settings, _producer)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REDIS_URL", redis_url)
        patched.setenv("MONGODB_URI", mongodb_uri)
        for cache in caches:
            cache.cache_clear()
        yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture(scope="module")
def app(web_settings: Settings, database: None, producer: None) -> Flask:
    made = create_app(web_settings)
    made.config["TESTING"] = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


class Visitor:
    """A signed-in user who reads pages and sends their forms."""

    def __init__(self, user_id: str, client: FlaskClient) -> None:
        self.user_id = user_id
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def send(self, path: str, *, at: str = "/accounts/connect/binance", **form: str) -> TestResponse:
        """Send a form with the token and the request id of a page that was opened before."""
        page = self.client.get(at).text
        hidden = dict(re.findall(r'name="(csrf_token|request_id)" value="([^"]+)"', page))
        return self.client.post(path, data={**hidden, **form})

    def accounts(self) -> list[Connection]:
        return of_user(self.user_id)

    def account(self) -> Connection:
        [found] = self.accounts()
        return found


@pytest.fixture
def visitor(empty_servers: None, sign_in: Callable[[str], FlaskClient]) -> Callable[..., Visitor]:
    """Let a user in, in a session of its own; `tier` is that of a user who is new."""

    def enter(user_id: str = "anna", *, tier: str = "premium") -> Visitor:
        if rows_of(User).find_one({"_id": user_id}) is None:
            add_user(user_id, datetime.now(UTC))
            rows_of(User).update_one({"_id": user_id}, {"$set": {"tier": tier}})
        return Visitor(user_id, sign_in(user_id, is_confirmed=True))

    return enter


def opened(account_id: str) -> list[dict[str, Any]]:
    """Open an account's stored secrets, as a worker would."""
    keys = PrivateKeys.parse(SecretStr(PAIR.private_key.get_secret_value()))
    return [
        json.loads(
            keys.unseal(credential_record(account_id, item.credential_id), item.sealed).get_secret_value()
        )
        for item in credentials.of_account(account_id)
    ]


def settle(account_id: str, **changes: Any) -> None:
    """Let a worker have looked at an account."""
    change = {"status": "active", "check_at": None, "key_checked_at": datetime.now(UTC), **changes}
    rows_of(Account).update_one({"_id": account_id}, {"$set": change})

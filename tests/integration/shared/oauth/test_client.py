"""Questions to an emulated provider: each asked once, each failure told apart, no secret in any of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from shared.domain.accounts import Environment
from shared.oauth.client import OAuthClient, Tokens
from shared.oauth.errors import Ambiguous, Denied, InvalidGrant, OAuthError, Unavailable
from shared.oauth.proofs import challenge_of, new_verifier
from shared.oauth.providers import Provider, list_providers
from shared.settings import read_settings
from tests.emulators.oauth.grants import Terms
from tests.emulators.oauth.server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.emulators.oauth.visitor import visit, words_of

REDIRECT = "http://127.0.0.1:8000/oauth/coinbase/callback"


@pytest.fixture
def server() -> Iterator[OAuthServer]:
    with OAuthServer([REDIRECT]) as started:
        yield started


@pytest.fixture
def provider(server: OAuthServer) -> Provider:
    settings = read_settings(
        redis_url="redis://localhost",
        mongodb_uri="mongodb://localhost/test",
        coinbase_oauth_client_id=CLIENT_ID,
        coinbase_oauth_client_secret=CLIENT_SECRET,
        oauth_urls={"coinbase": server.url},
    )
    return list_providers(settings)["coinbase"]


@pytest.fixture
def client(provider: Provider) -> OAuthClient:
    return OAuthClient(provider, timeout_seconds=0.4)


def consent(provider: Provider, verifier: str, decision: str = "approve") -> dict[str, str]:
    address = provider.address_to_authorise("state-1", challenge_of(verifier), Environment.LIVE)
    return words_of(visit(address, decision))


def first_tokens(provider: Provider, client: OAuthClient) -> Tokens:
    verifier = new_verifier()
    return client.exchange(consent(provider, verifier)["code"], verifier)


def test_a_code_becomes_tokens_once_and_for_its_verifier_alone(provider: Provider, client: OAuthClient):
    verifier = new_verifier()
    answer = consent(provider, verifier)
    assert answer["state"] == "state-1"
    tokens = client.exchange(answer["code"], verifier)
    assert tokens.access_token.get_secret_value().startswith("canary-access")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert tokens.expires_at(now) == now + timedelta(hours=1)
    assert "canary" not in repr(tokens)
    with pytest.raises(InvalidGrant):
        client.exchange(answer["code"], verifier)
    with pytest.raises(InvalidGrant):
        client.exchange(consent(provider, verifier)["code"], new_verifier())


def test_a_code_is_bound_to_the_address_that_it_was_asked_for(provider: Provider):
    verifier = new_verifier()
    code = consent(provider, verifier)["code"]
    other = OAuthClient(replace(provider, redirect_uri="http://127.0.0.1:8000/elsewhere"))
    with pytest.raises(InvalidGrant):
        other.exchange(code, verifier)


def test_who_says_no_gives_no_code(provider: Provider):
    answer = consent(provider, new_verifier(), "deny")
    assert answer == {"error": "access_denied", "state": "state-1"}


def test_a_refresh_token_is_good_once_and_reusing_it_ends_all_that_came_of_it(
    server: OAuthServer, provider: Provider, client: OAuthClient
):
    first = first_tokens(provider, client)
    assert first.refresh_token is not None
    second = client.refresh(first.refresh_token)
    assert server.grants.is_valid(second.access_token.get_secret_value())
    assert not server.grants.is_valid(first.access_token.get_secret_value())
    with pytest.raises(InvalidGrant):
        client.refresh(first.refresh_token)
    assert not server.grants.is_valid(second.access_token.get_secret_value())


def test_a_revoked_grant_refreshes_nothing_any_more(
    server: OAuthServer, provider: Provider, client: OAuthClient
):
    tokens = first_tokens(provider, client)
    assert tokens.refresh_token is not None
    client.revoke(tokens.access_token)
    assert not server.grants.is_valid(tokens.access_token.get_secret_value())
    with pytest.raises(InvalidGrant):
        client.refresh(tokens.refresh_token)
    client.revoke(SecretStr("unknown"))


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("down", 0, Ambiguous),
        ("lost", 0, Ambiguous),
        ("slow", 0, Ambiguous),
        ("drip", 0, Ambiguous),
        ("garbage", 0, Ambiguous),
        ("redirect", 0, Ambiguous),
        ("status", 500, Ambiguous),
        ("status", 503, Ambiguous),
        ("status", 429, Unavailable),
        ("status", 403, Unavailable),
        ("status", 401, InvalidGrant),
    ],
)
def test_each_failure_is_told_apart_and_asked_about_once(
    server: OAuthServer,
    provider: Provider,
    client: OAuthClient,
    kind: str,
    status: int,
    error: type[OAuthError],
):
    token = first_tokens(provider, OAuthClient(provider)).refresh_token
    assert token is not None
    server.strike(kind, status=status)
    with pytest.raises(error) as told:
        client.refresh(token)
    assert server.count("refresh_token") == 1
    assert "canary" not in str(told.value) + repr(told.value.__cause__)


def test_a_provider_that_is_not_there_was_not_asked(provider: Provider, client: OAuthClient):
    gone = OAuthClient(replace(provider, exchange_url="http://127.0.0.1:1/oauth2/token"))
    with pytest.raises(Unavailable):
        gone.refresh(SecretStr("token"))


def test_a_wrong_secret_of_ours_says_nothing_about_the_users_grant(provider: Provider, client: OAuthClient):
    token = first_tokens(provider, client).refresh_token
    assert token is not None
    with pytest.raises(Unavailable):
        OAuthClient(replace(provider, client_secret=SecretStr("old"))).refresh(token)
    assert client.refresh(token).refresh_token is not None


def test_a_token_that_may_move_money_out_is_refused():
    terms = Terms(scope="wallet:accounts:read,wallet:transactions:send")
    with OAuthServer([REDIRECT], terms) as generous:
        settings = read_settings(
            redis_url="redis://localhost",
            mongodb_uri="mongodb://localhost/test",
            coinbase_oauth_client_id=CLIENT_ID,
            coinbase_oauth_client_secret=CLIENT_SECRET,
            oauth_urls={"coinbase": generous.url},
        )
        provider = list_providers(settings)["coinbase"]
        with pytest.raises(Denied):
            first_tokens(provider, OAuthClient(provider))

"""What providers are asked for, and where: trading rights alone, at addresses that settings allow."""

import pytest

from shared.domain.accounts import Environment
from shared.oauth.providers import list_providers
from shared.settings import ConfigurationError, Settings, read_settings
from tests.emulators.oauth.visitor import words_of

SERVERS = {"redis_url": "redis://localhost", "mongodb_uri": "mongodb://localhost/test"}
CLIENTS = {
    f"{name}_oauth_client_{part}": f"{name}-{part}"
    for name in ("alpaca", "coinbase")
    for part in ("id", "secret")
}


def settings(**changes: object) -> Settings:
    return read_settings(**{**SERVERS, **CLIENTS, "web_url": "https://signals.example", **changes})


def test_only_providers_with_a_client_of_ours_are_there():
    assert set(list_providers(settings())) == {"alpaca", "coinbase"}
    assert set(list_providers(settings(alpaca_oauth_client_secret=""))) == {"coinbase"}
    assert list_providers(read_settings(**SERVERS)) == {}


def test_alpaca_is_asked_for_the_environment_that_is_meant():
    alpaca = list_providers(settings())["alpaca"]
    address = alpaca.address_to_authorise("state", "challenge", Environment.SANDBOX)
    assert address.startswith("https://app.alpaca.markets/oauth/authorize?")
    assert words_of(address) == {
        "response_type": "code",
        "client_id": "alpaca-id",
        "redirect_uri": "https://signals.example/oauth/alpaca/callback",
        "scope": "trading data",
        "state": "state",
        "env": "paper",
    }
    assert words_of(alpaca.address_to_authorise("s", "c", Environment.LIVE))["env"] == "live"
    assert not alpaca.offers(Environment.PAPER)


def test_coinbase_is_asked_with_a_challenge_and_for_nothing_that_moves_money():
    coinbase = list_providers(settings())["coinbase"]
    words = words_of(coinbase.address_to_authorise("state", "challenge", Environment.LIVE))
    assert (words["code_challenge"], words["code_challenge_method"]) == ("challenge", "S256")
    scopes = words["scope"].split()
    assert "offline_access" in scopes
    assert not coinbase.moves_money & set(scopes)
    assert not [scope for scope in scopes if "send" in scope or "transfer" in scope or "withdraw" in scope]


def test_an_override_must_be_loopback_or_listed():
    moved = list_providers(settings(oauth_urls={"coinbase": "http://127.0.0.1:9/base/"}))["coinbase"]
    assert moved.exchange_url == "http://127.0.0.1:9/base/oauth2/token"
    assert moved.revoke_url == "http://127.0.0.1:9/base/oauth2/revoke"
    with pytest.raises(ConfigurationError, match=r"OAUTH_URL_COINBASE points to 'evil\.example'"):
        settings(oauth_urls={"coinbase": "https://evil.example"})
    allowed = settings(oauth_urls={"alpaca": "https://mock.example"}, allowed_venue_hosts="mock.example")
    assert list_providers(allowed)["alpaca"].exchange_url == "https://mock.example/oauth/token"


def test_a_secret_never_shows_itself():
    assert "coinbase-secret" not in repr(list_providers(settings())) + repr(settings())

"""Keys and addresses: each request bears its own account's login, and none reaches another environment's address."""

import asyncio
from collections import Counter
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from shared.brokers.adapters import own_adapters
from shared.brokers.catalogue import VENUES
from shared.brokers.ccxt import kucoin
from shared.brokers.ccxt.kucoin import KucoinAdapter
from shared.brokers.ccxt.kucoin_broker import KucoinBroker
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.orders import OrderRequest
from shared.settings import ConfigurationError, read_settings
from tests.integration.brokers.kucoin_recorder import (
    KEY,
    LOOKUP,
    ORDER,
    PHRASE,
    STOP,
    TIME,
    Recorder,
    a_stop,
    an_order,
    assert_signed,
    open_broker,
    refused,
    said,
)

ACCOUNTS = 300


def login_of(number: int) -> Credentials:
    return Credentials(f"key-{number}", f"secret-{number}", f"phrase-{number}")


def order_of(number: int) -> OrderRequest:
    # Every other one goes to the family of stops.
    return replace(a_stop() if number % 2 else an_order(), client_order_id=f"of-{number}")


async def test_each_of_many_accounts_signs_its_own_order_though_all_wait_before_signing(
    kucoin_venue: Recorder, kucoin_adapter: KucoinAdapter
) -> None:
    kucoin_venue.seconds = 0.02
    for name in (ORDER, STOP):
        kucoin_venue.answer(name, lambda sent: said({"orderId": "1", "clientOid": sent.json["clientOid"]}))
    brokers = [open_broker(kucoin_adapter, kucoin_venue, login_of(n)) for n in range(ACCOUNTS)]
    # Nothing is known of the look-ups that follow: they fail, and the orders are there.
    await asyncio.gather(*(broker.submit_order(order_of(n)) for n, broker in enumerate(brokers)))
    sent = {request.json["clientOid"]: request for request in kucoin_venue.named(ORDER, STOP)}
    assert len(sent) == ACCOUNTS
    for number in range(ACCOUNTS):
        assert_signed(sent[f"of-{number}"], f"key-{number}", f"secret-{number}", f"phrase-{number}")
    names = Counter(request.name for request in kucoin_venue.requests)
    assert (names[TIME], names[ORDER], names[STOP]) == (1, ACCOUNTS // 2, ACCOUNTS // 2)


async def test_a_client_whose_key_was_swapped_gets_no_byte_out(
    kucoin_venue: Recorder, kucoin_adapter: KucoinAdapter
) -> None:
    broker = open_broker(kucoin_adapter, kucoin_venue)
    await broker.fetch_order(LOOKUP)  # so that a kept connection is there to be misused
    before = len(kucoin_venue.requests)
    client = broker._session._client
    client.apiKey, client.secret, client.password = "key-2", "secret-2", "phrase-2"
    for attempt in (
        broker.submit_order(an_order()),
        broker.submit_order(a_stop()),
        broker.cancel_order(LOOKUP),
        broker.fetch_order(LOOKUP),
        broker.fetch_balances(),
    ):
        with pytest.raises(RetryableError, match="WRONG_KEY"):
            await attempt
    assert len(kucoin_venue.requests) == before


async def test_what_an_account_is_opened_with_never_shows_itself(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(ORDER, refused("400004", "Invalid KC-API-PASSPHRASE"), 401)
    with pytest.raises(PermanentError, match="UNAUTHORIZED") as failed:
        await kucoin_broker.submit_order(an_order())
    client = kucoin_broker._session._client
    shown = f"{kucoin_broker!r} {kucoin_broker._session!r} {client!r} {client} {client.carrier!r} {failed.value!r}"
    assert KEY not in shown
    assert "secret-a" not in shown
    assert PHRASE not in shown


@pytest.mark.parametrize(
    "login",
    [None, Credentials("k", "s"), Credentials("k", "", "p"), Credentials(access_token="token")],
)
def test_an_account_without_a_whole_login_is_refused(login: Credentials | None) -> None:
    with pytest.raises(PermanentError, match="CREDENTIALS_MISSING"):
        KucoinAdapter().open_broker(AccountAccess("a", "kucoin", Environment.LIVE, login))


async def test_the_venue_has_no_sandbox_whatever_address_is_given() -> None:
    assert {Environment.LIVE: "https://api.kucoin.com"} == kucoin.HOSTS
    adapter = KucoinAdapter()
    factory = BrokerFactory({"kucoin": adapter})
    access = AccountAccess("a", "kucoin", Environment.SANDBOX, login_of(1), "http://127.0.0.1:9")
    for opening in (factory.open_broker, adapter.open_broker):
        with pytest.raises(PermanentError, match="ENVIRONMENT_NOT_OFFERED"):
            opening(access)
    with pytest.raises(PermanentError, match="ENVIRONMENT_NOT_OFFERED"):
        adapter.open_market_data(Environment.SANDBOX, None)


async def test_live_accounts_are_opened_at_the_venues_own_address_and_ask_no_other() -> None:
    adapter = KucoinAdapter()
    broker = adapter.open_broker(AccountAccess("a", "kucoin", Environment.LIVE, login_of(1)))
    client = broker._session._client  # type: ignore[attr-defined]
    assert client.carrier.base_url == "https://api.kucoin.com"
    assert {client.urls["api"][api] for api in ("public", "private")} == {"https://api.kucoin.com"}
    replaced = adapter.open_broker(
        AccountAccess("a", "kucoin", Environment.LIVE, login_of(1), "http://127.0.0.1:9")
    )
    client = replaced._session._client  # type: ignore[attr-defined]
    assert client.carrier.base_url == "http://127.0.0.1:9"
    for api in ("futuresPrivate", "broker", "earn", "utaPrivate"):
        # The library points it at the real venue: it is not carried there.
        with pytest.raises(ValueError, match="not the account's"):
            await client.request("orders", [api], "POST", {})


def test_no_two_venues_share_an_address() -> None:
    assert urlsplit(kucoin.HOSTS[Environment.LIVE]).scheme == "https"
    adapter = own_adapters()["kucoin"]
    assert adapter.venue is VENUES["kucoin"]
    assert adapter.venue.credentials == (("api_key", "secret", "passphrase"),)
    assert adapter.venue.environments == (Environment.PAPER, Environment.LIVE)


def test_an_address_that_replaces_the_live_one_must_be_loopback_or_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost:6379/0")
    monkeypatch.setenv("MONGODB_URI", "mongodb://localhost/trade_executor")
    monkeypatch.setenv("VENUE_URL_KUCOIN_LIVE", "https://elsewhere.example")
    with pytest.raises(ConfigurationError, match="VENUE_URL_KUCOIN_LIVE"):
        read_settings()
    monkeypatch.setenv("VENUE_URL_KUCOIN_LIVE", "http://127.0.0.1:9")
    assert read_settings().venue_url("kucoin", "live") == "http://127.0.0.1:9"

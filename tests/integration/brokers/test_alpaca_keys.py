"""Each request bears its own account's login and goes to its own environment, or does not leave."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.brokers.adapters import own_adapters
from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, RetryableError
from tests.integration.brokers.alpaca_recorder import (
    ID,
    KEY,
    LOOKUP,
    ORDER,
    SECRET,
    AlpacaRecorder,
    an_order,
    open_broker,
    placing,
    recording,
)

ACCOUNTS = 300


@pytest.fixture
async def venue() -> AsyncIterator[AlpacaRecorder]:
    async with recording() as recorder:
        recorder.answer(ORDER, placing())
        recorder.answer("GET /v2/orders", [])
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[AlpacaAdapter]:
    adapter = AlpacaAdapter()
    yield adapter
    await adapter.close()


async def test_each_of_many_accounts_sends_its_own_order_under_its_own_key(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    venue.seconds = 0.005  # so that all threads of the pool are busy and the others wait
    brokers = [
        open_broker(adapter, venue, credentials=Credentials(f"key-{number}", f"secret-{number}"))
        for number in range(ACCOUNTS)
    ]
    await asyncio.gather(
        *(
            broker.submit_order(an_order(client_order_id=f"of-{number}"))
            for number, broker in enumerate(brokers)
        )
    )
    sent = {request.json["client_order_id"]: request.headers for request in venue.named(ORDER)}
    assert len(sent) == len(venue.named(ORDER)) == ACCOUNTS
    for number in range(ACCOUNTS):
        headers = sent[f"of-{number}"]
        assert (headers["APCA-API-KEY-ID"], headers["APCA-API-SECRET-KEY"]) == (
            f"key-{number}",
            f"secret-{number}",
        )


@pytest.mark.parametrize(
    "swap",
    [
        {"_api_key": "key-2", "_secret_key": "secret-2"},
        {"_secret_key": "secret-2"},
        {"_oauth_token": "token-2"},
        {"_use_basic_auth": True},
    ],
    ids=["pair", "secret", "token", "basic"],
)
async def test_a_client_whose_login_was_swapped_gets_no_byte_out(
    venue: AlpacaRecorder, adapter: AlpacaAdapter, swap: dict[str, Any]
) -> None:
    broker = open_broker(adapter, venue)
    await broker.submit_order(an_order())  # so that a kept connection is there to be misused
    before = len(venue.requests)
    for name, value in swap.items():
        setattr(broker._session._client, name, value)
    for attempt in (broker.submit_order(an_order()), broker.cancel_order(LOOKUP), broker.fetch_order(LOOKUP)):
        with pytest.raises(RetryableError, match="WRONG_KEY"):
            await attempt
    assert len(venue.requests) == before


async def test_an_account_asks_at_no_address_but_its_own(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    async with recording() as elsewhere:
        broker = open_broker(adapter, venue)
        client = broker._session._client
        # The same beginning does not make it the same address.
        for home in (elsewhere.url, f"{venue.url}@127.0.0.1", "https://api.alpaca.markets"):
            with pytest.raises(ValueError, match="not the account's"):
                await asyncio.to_thread(client.call, "POST", "/orders", {}, home=home, version="v2")
        assert (venue.requests, elsewhere.requests) == ([], [])


def test_paper_money_and_live_money_have_addresses_of_their_own() -> None:
    adapter = AlpacaAdapter()
    homes = {}
    for environment in (Environment.SANDBOX, Environment.LIVE):
        access = AccountAccess("a", "alpaca", environment, Credentials(KEY, SECRET))
        broker = adapter.open_broker(access)
        assert isinstance(broker, AlpacaBroker)
        door: Any = broker._session._client._session.get_adapter("https://any")
        homes[environment] = door.homes
        assert broker._session._client._base_url == door.homes[0]
    data = "https://data.alpaca.markets"
    assert homes == {
        Environment.SANDBOX: ("https://paper-api.alpaca.markets", data),
        Environment.LIVE: ("https://api.alpaca.markets", data),
    }


async def test_an_environment_whose_address_is_replaced_leaves_the_other_where_it_is(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    async with recording() as live:
        live.answer("GET /v2/orders", [])
        await open_broker(adapter, venue, Environment.SANDBOX).fetch_open_orders()
        await open_broker(adapter, live, Environment.LIVE).fetch_open_orders()
        assert (len(venue.requests), len(live.requests)) == (1, 1)


@pytest.mark.parametrize(
    "login",
    [None, Credentials(), Credentials(api_key="k"), Credentials(secret="s"), Credentials(passphrase="p")],
)
def test_an_account_without_a_whole_login_is_refused(login: Credentials | None) -> None:
    with pytest.raises(PermanentError, match="CREDENTIALS_MISSING"):
        AlpacaAdapter().open_broker(AccountAccess("a", "alpaca", Environment.LIVE, login))


async def test_neither_the_machines_logins_nor_its_proxies_nor_cookies_get_into_a_request(
    venue: AlpacaRecorder, adapter: AlpacaAdapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("APCA_API_KEY_ID", "of-the-machine")
    venue.answer("GET /v2/orders", [], Set_Cookie="session=1")
    broker = open_broker(adapter, venue, credentials=Credentials(access_token="token-a"))
    for _ in range(2):
        await broker.fetch_open_orders()
    for sent in venue.requests:
        assert sent.headers["Authorization"] == "Bearer token-a"
        assert "Cookie" not in sent.headers


async def test_what_an_account_is_opened_with_never_shows_itself(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    broker = open_broker(adapter, venue)
    venue.answer(ORDER, "<html>hello</html>")
    with pytest.raises(Exception, match="UNREADABLE") as failed:
        await broker.submit_order(an_order())
    client = broker._session._client
    door: Any = client._session.get_adapter(venue.url)
    shown = f"{broker!r} {broker._session!r} {client!r} {door!r} {failed.value!r} {failed.value.__cause__!r}"
    assert KEY not in shown
    assert SECRET not in shown
    assert ID not in shown


async def test_the_installations_key_asks_for_prices_and_for_its_own_environment_alone(
    venue: AlpacaRecorder,
) -> None:
    keys = {("alpaca", "live"): ("market", "secret-m")}
    factory = BrokerFactory(own_adapters(lambda name, where: keys.get((name, where))))
    venue.answer("GET /v2/stocks/quotes/latest", {"quotes": {}})
    live = factory.open_market_data("alpaca", Environment.LIVE, venue.url)
    assert list(await live.fetch_quotes(["AAPL"])) == []
    assert venue.requests[0].headers["APCA-API-KEY-ID"] == "market"
    sandbox = factory.open_market_data("alpaca", Environment.SANDBOX, venue.url)
    for question in (sandbox.fetch_quotes(["AAPL"]), sandbox.fetch_instruments(["AAPL"])):
        with pytest.raises(PermanentError, match="CREDENTIALS_MISSING"):
            await question
    assert len(venue.requests) == 1
    await factory.close()

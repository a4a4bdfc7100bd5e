"""Keys and addresses: each request bears its own account's key, and no market's orders reach another's address."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from shared.brokers.ccxt import binance, binance_futures
from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_family import SPOT, Family
from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.binance_futures_family import FUTURES
from shared.brokers.ccxt.binance_place import Place
from shared.brokers.factory import AccountAccess, Credentials
from shared.brokers.http import HttpTransport
from shared.domain.accounts import Environment
from shared.domain.errors import RetryableError
from shared.domain.orders import OrderRequest
from shared.domain.signals import Side
from shared.settings import ConfigurationError, read_settings
from tests.integration.brokers.futures_recorded import ALGO, ORDER, exchange_info, open_futures, placing
from tests.integration.brokers.recorded import ORDER as SPOT_ORDER
from tests.integration.brokers.recorded import a_stop, an_order, open_broker
from tests.integration.brokers.recorder import KEY, Recorder
from tests.integration.brokers.recorder import placing as spot_placing
from tests.integration.brokers.stages import utc_now

ACCOUNTS = 300


@pytest.fixture
async def futures() -> AsyncIterator[BinanceFuturesAdapter]:
    adapter = BinanceFuturesAdapter()
    yield adapter
    await adapter.close()


def order_of(number: int) -> OrderRequest:
    changes = {"client_order_id": f"of-{number}"}
    # Every other one goes to the service for orders that wait.
    return a_stop("BTC/USDT", Side.SELL, "1", **changes) if number % 2 else an_order(**changes)


async def test_each_of_many_accounts_signs_its_own_order_though_all_wait_before_signing(
    venue: Recorder, futures: BinanceFuturesAdapter
) -> None:
    venue.seconds = 0.02
    venue.answer(ORDER, placing())
    venue.answer(ALGO, placing())
    brokers = [
        futures.open_broker(
            AccountAccess(
                "a", "binance_futures", Environment.LIVE, Credentials(f"key-{n}", f"secret-{n}"), venue.url
            )
        )
        for n in range(ACCOUNTS)
    ]
    await asyncio.gather(*(broker.submit_order(order_of(n)) for n, broker in enumerate(brokers)))
    sent = {
        request.params.get("newClientOrderId") or request.params["clientAlgoId"]: request
        for request in venue.named(ORDER, ALGO)
    }
    for number in range(ACCOUNTS):
        request = sent[f"of-{number}"]
        assert request.key == f"key-{number}"
        assert request.is_signed_with(f"secret-{number}")
    assert len(venue.requests) == ACCOUNTS + 1


async def test_a_client_whose_key_was_swapped_gets_no_byte_out_at_either_service(
    venue: Recorder, futures: BinanceFuturesAdapter
) -> None:
    venue.answer(ORDER, placing())
    broker = open_futures(futures, venue)
    await broker.submit_order(an_order())
    before = len(venue.requests)
    client = broker._session._client
    client.apiKey, client.secret = "key-2", "secret-2"
    for attempt in (
        broker.submit_order(an_order()),
        broker.submit_order(a_stop("BTC/USDT", Side.SELL, "1")),
        broker.fetch_positions(),
        broker.set_margin_terms("BTC/USDT", 3),
    ):
        with pytest.raises(RetryableError, match="WRONG_KEY"):
            await attempt
    assert len(venue.requests) == before
    shown = f"{broker!r} {broker._session!r} {client!r}"
    assert KEY not in shown
    assert "secret" not in shown


async def test_spot_and_futures_keys_of_one_person_go_their_own_ways(
    venue: Recorder, futures: BinanceFuturesAdapter, adapter: BinanceAdapter
) -> None:
    venue.answer(ORDER, placing())
    venue.answer(SPOT_ORDER, spot_placing())
    await open_futures(futures, venue).submit_order(an_order())
    await open_broker(adapter, venue).submit_order(an_order())
    names = [request.name for request in venue.requests if "order" in request.name]
    assert names == [ORDER, SPOT_ORDER]


def test_no_environment_of_either_market_stands_at_anothers_address() -> None:
    hosts = [*binance.HOSTS.values(), *binance_futures.HOSTS.values()]
    assert len(set(hosts)) == len(hosts) == 4
    assert binance_futures.HOSTS == {
        Environment.LIVE: "https://fapi.binance.com",
        Environment.SANDBOX: "https://demo-fapi.binance.com",
    }
    assert {urlsplit(host).scheme for host in hosts} == {"https"}


@pytest.mark.parametrize(
    ("family", "of_another"),
    [
        (FUTURES, ("private", "sapi", "dapiPrivate", "papi")),
        (SPOT, ("fapiPrivate", "fapiPrivateV3", "dapiPrivate", "papi")),
    ],
    ids=["futures", "spot"],
)
async def test_a_client_of_one_market_cannot_ask_another(
    venue: Recorder, family: Family, of_another: tuple[str, ...]
) -> None:
    transport = HttpTransport()
    place = Place(transport, venue.url, family, tells_rights=False, now=utc_now)
    session = place.open_session(Credentials("key", "secret"), None)
    for api in of_another:
        # The library points it at the real venue: it is not carried there.
        with pytest.raises(ValueError, match="not the account's"):
            await session.send("POST", "order", {"newClientOrderId": "x"}, api=api)
    await transport.close()
    # Only the time was asked for, at the account's own address.
    assert {request.name.rpartition("/")[2] for request in venue.requests} == {"time"}


async def test_sandbox_and_live_are_opened_at_their_own_addresses(futures: BinanceFuturesAdapter) -> None:
    for environment, host in binance_futures.HOSTS.items():
        access = AccountAccess("a", "binance_futures", environment, Credentials("k", "s"))
        broker = futures.open_broker(access)
        client = broker._session._client  # type: ignore[attr-defined]
        assert client.carrier.base_url == host
        assert client.urls["api"]["fapiPrivate"] == f"{host}/fapi/v1"
        rights = broker._rights  # type: ignore[attr-defined]
        where = None if rights is None else rights._client.carrier.base_url
        # What a key may do is told at the spot address, and of live keys only.
        assert where == (binance.HOSTS[environment] if environment is Environment.LIVE else None)


def test_an_address_that_replaces_the_live_one_must_be_loopback_or_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost:6379/0")
    monkeypatch.setenv("MONGODB_URI", "mongodb://localhost/trade_executor")
    monkeypatch.setenv("VENUE_URL_BINANCE_FUTURES_LIVE", "https://elsewhere.example")
    with pytest.raises(ConfigurationError, match="VENUE_URL_BINANCE_FUTURES_LIVE"):
        read_settings()
    monkeypatch.setenv("VENUE_URL_BINANCE_FUTURES_LIVE", "http://127.0.0.1:9")
    monkeypatch.setenv("VENUE_URL_BINANCE_LIVE", "http://127.0.0.1:8")
    settings = read_settings()
    assert settings.venue_url("binance_futures", "live") == "http://127.0.0.1:9"
    assert settings.venue_url("binance", "live") == "http://127.0.0.1:8"


async def test_contracts_are_listed_without_a_key(venue: Recorder, futures: BinanceFuturesAdapter) -> None:
    venue.answer("GET /fapi/v1/exchangeInfo", exchange_info())
    await futures.open_market_data(Environment.LIVE, venue.url).fetch_instruments()
    assert {request.key for request in venue.requests} == {None}

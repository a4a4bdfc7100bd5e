"""Each request to Coinbase bears its own account's key and goes to its own address, or does not leave."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from shared.brokers.adapters import own_adapters
from shared.brokers.ccxt import binance, binance_futures, coinbase
from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.order_status import OrderStatus
from shared.settings import ConfigurationError, read_settings
from tests.integration.brokers.coinbase_recorder import (
    API,
    BOOK,
    FOUND,
    ID,
    LISTED,
    LOGIN,
    LOOKUP,
    ORDER,
    PRODUCTS,
    PUBLIC_KEY,
    TIME,
    CoinbaseRecorder,
    Recorded,
    an_order,
    make_key,
    open_broker,
    recording,
    told,
)
from tests.integration.brokers.coinbase_stage import CoinbaseStage
from tests.integration.brokers.stages import an_order as a_purchase

ACCOUNTS = 300


@pytest.fixture
async def venue() -> AsyncIterator[CoinbaseRecorder]:
    async with recording() as recorder:
        recorder.answer(LISTED, {"orders": [], "has_next": False, "cursor": ""})
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[CoinbaseAdapter]:
    adapter = CoinbaseAdapter()
    yield adapter
    await adapter.close()


async def test_each_of_many_accounts_signs_its_own_order_though_all_wait_before_signing(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    venue.seconds = 0.02  # the clock is asked for once, and all wait for the answer
    keys = [make_key(number) for number in range(ACCOUNTS)]
    brokers = [open_broker(adapter, venue, credentials) for credentials, _ in keys]
    await asyncio.gather(
        *(
            broker.submit_order(an_order(client_order_id=f"of-{number}"))
            for number, broker in enumerate(brokers)
        )
    )
    sent = {request.json["client_order_id"]: request for request in venue.named(ORDER)}
    assert len(sent) == ACCOUNTS
    for number, (credentials, public) in enumerate(keys):
        assert sent[f"of-{number}"].prove(public)["sub"] == credentials.api_key
    assert Counter(request.name for request in venue.requests) == {ORDER: ACCOUNTS, FOUND: ACCOUNTS, TIME: 2}


def swap_key(client: Any) -> None:
    other, _ = make_key(2)
    client.apiKey, client.secret = other.api_key, other.secret


def swap_name(client: Any) -> None:
    client.apiKey = "organizations/o/apiKeys/2"


def swap_token(client: Any) -> None:
    client.apiKey, client.secret, client.token = "", "", "token-2"


def put_header(client: Any) -> None:
    client.headers = {"Authorization": "Bearer token-2"}


def use_old_keys(client: Any) -> None:
    client.secret = "a secret of the kind that was signed with before"
    client.apiKey = "old"


@pytest.mark.parametrize("swap", [swap_key, swap_name, swap_token, put_header, use_old_keys])
async def test_a_client_whose_login_was_swapped_gets_no_byte_out(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter, swap: Callable[[Any], None]
) -> None:
    broker = open_broker(adapter, venue)
    await broker.submit_order(an_order())  # so that a kept connection is there to be misused
    before = len(venue.requests)
    swap(broker._session._client)
    for attempt in (broker.submit_order(an_order()), broker.cancel_order(LOOKUP), broker.fetch_order(LOOKUP)):
        with pytest.raises(RetryableError, match="WRONG_KEY"):
            await attempt
    assert len(venue.requests) == before
    # Nobody else's client was touched by it.
    other, public = make_key(3)
    await open_broker(adapter, venue, other).submit_order(an_order())
    assert venue.named(ORDER)[-1].prove(public)["sub"] == other.api_key


async def test_an_oauth_token_is_borne_as_it_is_and_by_its_own_account_alone(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    broker = open_broker(adapter, venue, Credentials(access_token="token-a"))
    await broker.submit_order(an_order())
    assert {request.headers["Authorization"] for request in venue.named(ORDER, FOUND)} == {"Bearer token-a"}
    # What a token may do the venue does not tell, and it is not asked.
    rights = await broker.fetch_key_rights()
    assert (rights.can_trade, rights.can_withdraw, rights.is_bound_to_addresses) == (None, None, None)
    broker._session._client.token = "token-b"
    with pytest.raises(RetryableError, match="WRONG_KEY"):
        await broker.submit_order(an_order())
    venue.answer(ORDER, "Unauthorized\n", 401)
    broker._session._client.token = "token-a"
    with pytest.raises(PermanentError, match="UNAUTHORIZED"):
        await broker.submit_order(an_order())


async def test_the_venue_knows_an_account_by_its_key_and_by_its_token_and_by_nothing_else(
    coinbase_stage: CoinbaseStage,
) -> None:
    by_token = coinbase_stage.open_broker(credentials=Credentials(access_token=coinbase_stage.token))
    report = await by_token.submit_order(a_purchase(coinbase_stage))
    assert report.status is OrderStatus.FILLED
    assert [held.asset for held in await coinbase_stage.open_broker().fetch_balances()] == [
        "USD",
        coinbase_stage.asset,
    ]
    for_load = coinbase_stage.open_broker(credentials=Credentials(access_token="load-token-7"))
    assert [held.asset for held in await for_load.fetch_balances()] == ["USD"]
    forged, _ = make_key()
    for login in (
        Credentials(coinbase_stage.key, forged.secret),
        Credentials(access_token="another"),
        forged,
    ):
        with pytest.raises(PermanentError, match="UNAUTHORIZED"):
            await coinbase_stage.open_broker(credentials=login).fetch_balances()


# Addresses ------------------------------------------------------------------------------------------


async def test_an_account_asks_at_no_address_but_its_own(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    async with recording() as elsewhere:
        broker = open_broker(adapter, venue)
        await broker.fetch_open_orders()
        before = len(venue.requests)
        client: Any = broker._session._client
        # The same beginning does not make it the same address.
        for home in (elsewhere.url, "https://api.coinbase.com"):
            client.urls = {"api": {"rest": home}}
            with pytest.raises(ValueError, match="not the account's"):
                await broker.fetch_open_orders()
        assert len(venue.requests) == before
        assert elsewhere.requests == []


async def test_a_token_for_one_address_is_good_at_no_other(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    await open_broker(adapter, venue).fetch_open_orders()
    claims = venue.named(LISTED)[0].prove(PUBLIC_KEY)
    assert claims["uri"] == f"GET {venue.url.removeprefix('http://')}{API}/orders/historical/batch"
    at_home = CoinbaseAdapter().open_broker(AccountAccess("a", "coinbase", Environment.LIVE, LOGIN))
    client: Any = at_home._session._client  # type: ignore[attr-defined]
    signed = client.sign("brokerage/orders", ["v3", "private"], "POST", {})
    assert signed["url"] == f"https://api.coinbase.com{API}/orders"
    written = Recorded("", "", b"", signed["headers"], "").prove(PUBLIC_KEY)
    assert written["uri"] == f"POST api.coinbase.com{API}/orders"


def test_live_money_has_an_address_of_its_own_and_a_sandbox_is_not_offered() -> None:
    hosts = [*coinbase.HOSTS.values(), *binance.HOSTS.values(), *binance_futures.HOSTS.values()]
    assert len(set(hosts)) == len(hosts)
    assert coinbase.HOSTS == {Environment.LIVE: "https://api.coinbase.com"}
    factory = BrokerFactory(own_adapters())
    for adapter in (factory, CoinbaseAdapter()):
        access = AccountAccess("a", "coinbase", Environment.SANDBOX, LOGIN)
        with pytest.raises(PermanentError, match="ENVIRONMENT_NOT_OFFERED"):
            adapter.open_broker(access)


async def test_an_address_that_is_replaced_serves_accounts_and_prices_alike(
    venue: CoinbaseRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = {"mongodb_uri": "mongodb://127.0.0.1/x", "redis_url": "redis://127.0.0.1/0"}
    monkeypatch.setenv("VENUE_URL_COINBASE_LIVE", "https://elsewhere.example")
    with pytest.raises(ConfigurationError, match="VENUE_URL_COINBASE_LIVE"):
        read_settings(**stores)
    monkeypatch.setenv("VENUE_URL_COINBASE_LIVE", venue.url)
    url = read_settings(**stores).venue_url("coinbase", "live")
    factory = BrokerFactory(own_adapters())
    broker = factory.open_broker(AccountAccess("a", "coinbase", Environment.LIVE, LOGIN, url))
    await broker.fetch_open_orders()
    market = factory.open_market_data("coinbase", Environment.LIVE, url)
    assert len(await market.fetch_instruments()) == 1
    assert venue.asked == [LISTED, PRODUCTS]
    await factory.close()


async def test_the_installations_key_asks_for_prices_alone(venue: CoinbaseRecorder) -> None:
    keys = {("coinbase", "live"): (LOGIN.api_key, LOGIN.secret)}
    factory = BrokerFactory(own_adapters(lambda name, where: keys.get((name, where))))
    venue.answer(f"GET {API}/best_bid_ask", {"pricebooks": []})
    market = factory.open_market_data("coinbase", Environment.LIVE, venue.url)
    assert list(await market.fetch_quotes(["BTC/USD"])) == []
    assert venue.asked == [PRODUCTS, f"GET {API}/best_bid_ask"]
    assert venue.named(BOOK) == []
    await factory.close()


# Logins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "login",
    [None, Credentials(), Credentials(api_key="k"), Credentials(secret="s"), Credentials(passphrase="p")],
)
def test_an_account_without_a_whole_login_is_refused(login: Credentials | None) -> None:
    with pytest.raises(PermanentError, match="CREDENTIALS_MISSING"):
        CoinbaseAdapter().open_broker(AccountAccess("a", "coinbase", Environment.LIVE, login))


@pytest.mark.parametrize(
    "secret",
    [
        "something that is as long as a key is, and which nobody else may see",
        "-----BEGIN EC PRIVATE KEY-----\nbm90IGEga2V5\n-----END EC PRIVATE KEY-----",
        LOGIN.secret[:-60],
        "A" * 88,
    ],
)
def test_a_secret_that_is_no_private_key_is_refused_at_once_and_without_showing_it(secret: str) -> None:
    login = Credentials("organizations/o/apiKeys/1", secret)
    access = AccountAccess("a", "coinbase", Environment.LIVE, login)
    if secret == "A" * 88:
        # Keys of the newer kind are no PEM: they are numbers, and any number is one.
        CoinbaseAdapter().open_broker(access)
        return
    with pytest.raises(PermanentError, match="UNAUTHORIZED") as refused:
        CoinbaseAdapter().open_broker(access)
    assert secret[30:60] not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"


async def test_what_an_account_is_opened_with_never_shows_itself(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    venue.answer(ORDER, "<html>hello</html>")
    broker = open_broker(adapter, venue)
    with pytest.raises(Exception, match="UNREADABLE") as failed:
        await broker.submit_order(an_order())
    client = broker._session._client
    shown = f"{broker!r} {broker._session!r} {client!r} {client} {client.carrier!r} {failed.value!r}"
    assert LOGIN.api_key not in shown
    assert LOGIN.secret.splitlines()[1] not in shown
    assert ID not in shown
    assert told()["client_order_id"] == ID

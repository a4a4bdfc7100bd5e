"""A thousand accounts at once: each request bears its own account's key and signature, or does not leave."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import RetryableError
from shared.domain.orders import OrderRequest
from shared.domain.signals import Side
from tests.integration.brokers.recorded import LOOKUP, ORDER, a_stop, an_order, open_broker
from tests.integration.brokers.recorder import KEY, Recorder, listed, placing

ACCOUNTS = 1000


def open_account(adapter: BinanceAdapter, venue: Recorder, number: int) -> BinanceBroker:
    credentials = Credentials(f"key-{number}", f"secret-{number}")
    broker = adapter.open_broker(AccountAccess("a", "binance", Environment.LIVE, credentials, venue.url))
    assert isinstance(broker, BinanceBroker)
    return broker


def order_of(number: int) -> OrderRequest:
    # Every other one waits for the listings as well as for the clock.
    made = a_stop("BTC/USDT", Side.SELL, "1") if number % 2 else an_order()
    return replace(made, client_order_id=f"of-{number}")


async def test_each_of_a_thousand_accounts_signs_its_own_order_though_all_wait_before_signing(
    venue: Recorder, adapter: BinanceAdapter
) -> None:
    venue.seconds = 0.02  # the clock and the listings are asked for once, and all wait for the answers
    venue.answer(ORDER, placing())
    brokers = [open_account(adapter, venue, number) for number in range(ACCOUNTS)]
    reports = await asyncio.gather(
        *(broker.submit_order(order_of(number)) for number, broker in enumerate(brokers))
    )
    assert [report.client_order_id for report in reports] == [f"of-{number}" for number in range(ACCOUNTS)]
    sent = {request.params["newClientOrderId"]: request for request in venue.named(ORDER)}
    for number in range(ACCOUNTS):
        request = sent[f"of-{number}"]
        assert request.key == f"key-{number}"
        assert request.is_signed_with(f"secret-{number}")
    names = Counter(request.name for request in venue.requests)
    assert names == {ORDER: ACCOUNTS, "GET /api/v3/time": 1, "GET /api/v3/exchangeInfo": 1}


async def test_a_client_whose_key_was_swapped_gets_no_byte_out(
    venue: Recorder, adapter: BinanceAdapter
) -> None:
    venue.answer(ORDER, placing())
    venue.answer("GET /api/v3/order", listed())
    broker, other = open_broker(adapter, venue), open_account(adapter, venue, 2)
    await broker.submit_order(an_order())  # so that a kept connection is there to be misused
    before = len(venue.requests)
    client = broker._session._client
    client.apiKey, client.secret = "key-2", "secret-2"
    for attempt in (broker.submit_order(an_order()), broker.cancel_order(LOOKUP), broker.fetch_order(LOOKUP)):
        with pytest.raises(RetryableError, match="WRONG_KEY"):
            await attempt
    assert len(venue.requests) == before
    # Nobody else's client was touched by it.
    await other.submit_order(an_order())
    assert venue.last.key == "key-2"
    assert venue.last.is_signed_with("secret-2")


async def test_what_an_account_is_opened_with_never_shows_itself(
    venue: Recorder, broker: BinanceBroker
) -> None:
    venue.answer(ORDER, {"code": -2010, "msg": "Market is closed."}, 400)
    with pytest.raises(Exception, match="MARKET_CLOSED") as failed:
        await broker.submit_order(an_order())
    client = broker._session._client
    shown = f"{broker!r} {broker._session!r} {client!r} {client} {client.carrier!r} {failed.value!r}"
    assert KEY not in shown
    assert "secret" not in shown

"""Kraken's requests: signed with one account's key, never sent elsewhere, and those that only ask are no writes."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.ccxt.kraken_client import KEY_HEADER, POSTED_READS, KrakenClient, copy_for, make_template
from shared.brokers.ccxt.kraken_nonce import Nonces
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpTransport, KeyGuard
from shared.domain.errors import AmbiguousError, RetryableError

SECRET = base64.b64encode(b"secret-a").decode()
HOST = "http://127.0.0.1:1"


@pytest.fixture
async def failing() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that notes paths and fails, with its address."""
    paths: list[str] = []

    async def fail(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=502)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fail)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/"), paths


def _client(base_url: str, transport: HttpTransport, key: str = "key-a") -> KrakenClient:
    ticks = count(1_000)
    guard = KeyGuard(KEY_HEADER, "key-a")
    carrier = Carrier(transport, base_url, guard=guard, posted_reads=POSTED_READS)
    return copy_for(make_template(carrier, Nonces(lambda: next(ticks))), Credentials(key, SECRET), carrier)


def _signature(signed: dict[str, Any], nonce: str, path: str) -> str:
    inner = hashlib.sha256((nonce + signed["body"]).encode()).digest()
    return base64.b64encode(hmac.digest(b"secret-a", path.encode() + inner, "sha512")).decode()


async def test_an_order_is_signed_as_written_with_rising_nonces_of_ours() -> None:
    client = _client(HOST, HttpTransport())
    for nonce in ("1000", "1001"):
        signed = client.sign("AddOrder", ["private"], "POST", {"pair": "XXBTZUSD", "volume": "0.01"})
        assert signed["url"] == f"{HOST}/0/private/AddOrder"
        assert dict(parse_qsl(signed["body"])) == {"nonce": nonce, "pair": "XXBTZUSD", "volume": "0.01"}
        assert signed["headers"][KEY_HEADER] == "key-a"
        assert signed["headers"]["API-Sign"] == _signature(signed, nonce, "/0/private/AddOrder")


async def test_copies_for_two_accounts_keep_their_keys_and_share_the_nonces() -> None:
    first = _client(HOST, HttpTransport())
    second = copy_for(first, Credentials("key-b", SECRET), first.carrier)
    signed = [each.sign("OpenOrders", ["private"], "POST", {}) for each in (first, second, first)]
    assert [each["headers"][KEY_HEADER] for each in signed] == ["key-a", "key-b", "key-a"]
    assert [dict(parse_qsl(each["body"]))["nonce"] for each in signed] == ["1000", "1001", "1002"]


async def test_a_failed_question_may_be_repeated_and_a_failed_order_is_in_doubt(
    failing: tuple[str, list[str]],
) -> None:
    base_url, paths = failing
    transport = HttpTransport()
    client = _client(base_url, transport)
    with pytest.raises(RetryableError):
        await client.request("OpenOrders", ["private"], "POST", {})
    with pytest.raises(AmbiguousError):
        await client.request("AddOrder", ["private"], "POST", {"volume": "0.01"})
    assert paths == ["/0/private/OpenOrders", "/0/private/AddOrder"]
    await transport.close()


async def test_a_request_under_another_key_never_leaves(failing: tuple[str, list[str]]) -> None:
    base_url, paths = failing
    transport = HttpTransport()
    with pytest.raises(RetryableError) as refused:
        await _client(base_url, transport, "key-b").request("AddOrder", ["private"], "POST", {})
    assert (refused.value.code, paths) == ("WRONG_KEY", [])
    await transport.close()


async def test_nothing_is_carried_to_an_address_that_is_not_the_accounts() -> None:
    with pytest.raises(ValueError, match="not the account's"):
        await _client(HOST, HttpTransport()).fetch("https://api.kraken.com/0/private/AddOrder", "POST")

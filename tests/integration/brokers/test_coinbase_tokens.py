"""Coinbase's tokens: signed with the account's key, for one method and path, and borne by no other account."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.ccxt.coinbase_client import (
    BEARER_HEADER,
    CoinbaseClient,
    TokenGuard,
    copy_for,
    make_template,
)
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpTransport
from shared.domain.errors import RetryableError

HOST = "https://api.coinbase.com"
NAME = "organizations/o/apiKeys/k"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PEM = PRIVATE.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
).decode()


def _client(name: str = NAME, secret: str = PEM) -> CoinbaseClient:
    carrier = Carrier(HttpTransport(), HOST)
    return copy_for(make_template(carrier), Credentials(name, secret), carrier)


def _sign(client: CoinbaseClient, method: str, path: str, params: dict[str, Any]) -> dict[str, Any]:
    return client.sign(path, ["v3", "private"], method, params)


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _verified(signed: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    head, claims, signature = signed["headers"][BEARER_HEADER].removeprefix("Bearer ").split(".")
    raw = _bytes(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    PRIVATE.public_key().verify(
        utils.encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256())
    )
    return json.loads(_bytes(head)), json.loads(_bytes(claims))


@pytest.mark.parametrize(
    "secret",
    [PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", ""), PEM.replace("\n", " "), f"\r\n  {PEM.strip()}"],
    ids=["lines", "line-ends-as-written", "in-one-line", "with-spaces", "trimmed"],
)
async def test_a_token_is_signed_with_the_accounts_key_for_one_method_and_path(secret: str) -> None:
    head, claims = _verified(_sign(_client(secret=secret), "GET", "brokerage/accounts", {"limit": "250"}))
    assert (head["alg"], head["kid"], claims["sub"]) == ("ES256", NAME, NAME)
    assert claims["uri"] == "GET api.coinbase.com/api/v3/brokerage/accounts"
    assert claims["exp"] - claims["nbf"] == 120


async def test_an_order_is_signed_as_it_was_written_with_our_id_and_no_other() -> None:
    body = {
        "client_order_id": "dte-1",
        "order_configuration": {"market_market_ioc": {"base_size": "0.01"}},
    }
    signed = _sign(_client(), "POST", "brokerage/orders", body)
    assert signed["url"] == f"{HOST}/api/v3/brokerage/orders"
    assert json.loads(signed["body"]) == body
    assert _verified(signed)[1]["uri"] == "POST api.coinbase.com/api/v3/brokerage/orders"


async def test_a_guard_lets_the_tokens_of_its_own_key_pass_and_no_others() -> None:
    guard = TokenGuard(BEARER_HEADER, NAME)
    guard.check(_sign(_client(), "GET", "brokerage/accounts", {})["headers"])
    another = _sign(_client("organizations/o/apiKeys/another"), "GET", "brokerage/accounts", {})["headers"]
    for headers in (another, {}, {BEARER_HEADER: "Bearer x"}, {BEARER_HEADER: "Bearer a.b.c"}):
        with pytest.raises(RetryableError) as refused:
            guard.check(headers)
        assert refused.value.code == "WRONG_KEY"


async def test_nothing_is_carried_to_an_address_that_is_not_the_accounts() -> None:
    carrier = Carrier(HttpTransport(), "http://127.0.0.1:1")
    with pytest.raises(ValueError, match="not the account's"):
        await carrier.carry(f"{HOST}/api/v3/brokerage/orders", "POST", {}, "{}")

"""KuCoin's requests: signed with one account's key, secret and passphrase, for nobody's profit, never sent elsewhere."""

import base64
import hmac
import json

import pytest

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.ccxt.kucoin_client import KEY_HEADER, KucoinClient, copy_for, make_template
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpTransport, KeyGuard
from shared.domain.errors import RetryableError

HOST = "http://127.0.0.1:1"
BODY = {"clientOid": "dte-1", "size": "0.01"}


def _client(key: str = "key-a") -> KucoinClient:
    carrier = Carrier(HttpTransport(), HOST, guard=KeyGuard(KEY_HEADER, "key-a"))
    return copy_for(make_template(carrier), Credentials(key, "secret-a", "phrase-a"), carrier)


def _mac(text: str) -> str:
    return base64.b64encode(hmac.digest(b"secret-a", text.encode(), "sha256")).decode()


@pytest.mark.parametrize("path", ["hf/orders", "stop-order"])
async def test_an_order_of_either_family_is_signed_as_written(path: str) -> None:
    signed = _client().sign(path, ["private"], "POST", BODY)
    headers = signed["headers"]
    assert signed["url"] == f"{HOST}/api/v1/{path}"
    assert json.loads(signed["body"]) == BODY
    text = f"{headers['KC-API-TIMESTAMP']}POST/api/v1/{path}{signed['body']}"
    assert headers["KC-API-SIGN"] == _mac(text)
    assert headers["KC-API-PASSPHRASE"] == _mac("phrase-a")


async def test_an_order_names_the_account_and_no_partner() -> None:
    headers = _client().sign("hf/orders", ["private"], "POST", BODY)["headers"]
    assert headers[KEY_HEADER] == "key-a"
    assert not [name for name in headers if "PARTNER" in name or "BROKER" in name]


async def test_copies_for_two_accounts_keep_their_keys() -> None:
    first = _client()
    second = copy_for(first, Credentials("key-b", "secret-b", "phrase-b"), first.carrier)
    signed = [each.sign("hf/orders", ["private"], "POST", BODY) for each in (first, second, first)]
    assert [each["headers"][KEY_HEADER] for each in signed] == ["key-a", "key-b", "key-a"]
    assert signed[0]["headers"]["KC-API-PASSPHRASE"] != signed[1]["headers"]["KC-API-PASSPHRASE"]


async def test_the_guard_refuses_a_request_under_another_key() -> None:
    client = _client("key-b")
    guard = client.carrier.guard
    assert guard is not None
    with pytest.raises(RetryableError) as refused:
        guard.check(client.sign("hf/orders", ["private"], "POST", BODY)["headers"])
    assert refused.value.code == "WRONG_KEY"


async def test_nothing_is_carried_to_an_address_that_is_not_the_accounts() -> None:
    with pytest.raises(ValueError, match="not the account's"):
        await _client().fetch("https://api.kucoin.com/api/v1/hf/orders", "POST", {}, "{}")

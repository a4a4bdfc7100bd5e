"""The emulated Coinbase believes no token but one that its account signed, for this request and for now."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.emulators.coinbase.control import CoinbaseProcess

KEY = "organizations/o/apiKeys/1"
PATH = "/api/v3/brokerage/accounts"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoinbaseProcess]:
    folder: Path = tmp_path_factory.mktemp("coinbase")
    process = CoinbaseProcess(folder)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def secret(process: CoinbaseProcess) -> str:
    return process.control.issue_key(KEY, USD="10")


def write_token(pem: str, head: dict[str, Any], claims: dict[str, Any]) -> str:
    signed = f"{_part(head)}.{_part(claims)}"
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def ask(process: CoinbaseProcess, pem: str, *, head: dict[str, Any], claims: dict[str, Any]) -> int:
    """Ask with a good token, but for what is changed of it."""
    now, host = int(time.time()), process.url.removeprefix("http://")
    said = {"sub": KEY, "iss": "cdp", "nbf": now, "exp": now + 120, "uri": f"GET {host}{PATH}"}
    token = write_token(
        pem, {"alg": "ES256", "kid": KEY, "nonce": "1", "typ": "JWT", **head}, {**said, **claims}
    )
    return _get(process, f"Bearer {token}")


def test_a_good_token_is_good_again_and_again(process: CoinbaseProcess, secret: str) -> None:
    assert [ask(process, secret, head={}, claims={}) for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("head", "claims"),
    [
        ({"alg": "none"}, {}),
        ({"kid": "organizations/o/apiKeys/2"}, {}),
        ({"nonce": ""}, {}),
        ({}, {"sub": "organizations/o/apiKeys/2"}),
        ({}, {"iss": "somebody"}),
        ({}, {"uri": f"POST 127.0.0.1{PATH}"}),
        ({}, {"uri": f"GET api.coinbase.com{PATH}"}),
        ({}, {"nbf": int(time.time()) + 600, "exp": int(time.time()) + 700}),
        ({}, {"nbf": int(time.time()) - 300, "exp": int(time.time()) - 180}),
        ({}, {"exp": int(time.time()) + 3600}),
    ],
)
def test_a_token_that_says_anything_else_is_not_believed(
    process: CoinbaseProcess, secret: str, head: dict[str, Any], claims: dict[str, Any]
) -> None:
    assert ask(process, secret, head=head, claims=claims) == 401


def test_nobody_elses_signature_and_no_token_at_all_are_believed(
    process: CoinbaseProcess, secret: str
) -> None:
    other = process.control.issue_key("organizations/o/apiKeys/3")
    assert ask(process, other, head={}, claims={}) == 401
    for header in ("", "Bearer ", "Bearer a.b.c", "Basic x", f"Bearer {KEY}"):
        assert _get(process, header) == 401


def test_the_same_key_is_handed_out_after_a_restart(process: CoinbaseProcess, secret: str) -> None:
    process.restart()
    assert ask(process, secret, head={}, claims={}) == 200


def _get(process: CoinbaseProcess, header: str) -> int:
    headers = {"Authorization": header} if header else {}
    answer = requests.get(f"{process.url}{PATH}", headers=headers, timeout=10)
    assert answer.status_code == 200 or answer.text == "Unauthorized\n"
    return answer.status_code


def _part(said: dict[str, Any]) -> str:
    return _base64(json.dumps(said).encode())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()

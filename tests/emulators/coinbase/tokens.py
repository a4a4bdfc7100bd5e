"""Who asks: the token that each request bears, signed by the account's private key for one method, host and path."""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.http import Request
from tests.emulators.binance.signing import bad_key

BEARER = "Bearer "
LONGEST_SECONDS = 120
# A token may have been written by a clock that is a little ahead.
LEEWAY_SECONDS = 1
_CURVE = ec.SECP256R1()
_ORDER = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)


@lru_cache(maxsize=10_000)
def private_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """Make the private key of an account of which only a seed is kept: the same in every run."""
    number = int.from_bytes(hashlib.sha256(secret).digest(), "big") % (_ORDER - 1) + 1
    return ec.derive_private_key(number, _CURVE)


def private_pem(secret: bytes) -> str:
    """Write an account's private key as the venue hands it out."""
    return (
        private_key(secret)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )


def name_in(header: str) -> str | None:
    """Read whose token a header claims to bear; None where it is no signed token."""
    try:
        name = _read_part(header.removeprefix(BEARER).split(".")[0])["kid"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def check_token(account: Account, request: Request, now: int) -> None:
    """Raise Refusal unless the account has signed the token, for this request, and for now (in seconds)."""
    parts = request.headers.get("authorization", "").removeprefix(BEARER).split(".")
    try:
        head, claims = _read_part(parts[0]), _read_part(parts[1])
        raw = _bytes(parts[2])
        signature = utils.encode_dss_signature(
            int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        )
        signed = f"{parts[0]}.{parts[1]}".encode()
        private_key(account.secret).public_key().verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        is_good = (
            len(raw) == 64
            and (head["alg"], head["kid"], claims["sub"]) == ("ES256", account.key, account.key)
            and bool(head["nonce"])
            and claims["iss"] in {"cdp", "coinbase-cloud"}
            and claims["uri"] == f"{request.method} {request.headers.get('host', '')}{request.path}"
            and claims["nbf"] - LEEWAY_SECONDS <= now < claims["exp"]
            and claims["exp"] - claims["nbf"] <= LONGEST_SECONDS
        )
    except (InvalidSignature, ValueError, LookupError, TypeError):
        is_good = False
    if not is_good:
        raise bad_key()


def _read_part(part: str) -> Any:
    return json.loads(_bytes(part))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

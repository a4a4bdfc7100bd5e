"""Small secrets that the web process itself must read again: sealed under SECRET_KEY, each for one purpose and row.

A broker's key is never among them: the web can seal those (`shared/vault.py`) and cannot open them. What is here
is what a web process checks by itself: seeds of second factors, the keys of signed hooks, proofs of a login under way.
"""

import hmac
from os import urandom
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class SealingError(Exception):
    """Raised when a box does not open; holds nothing of what is inside."""


def seal(secret_key: SecretStr, purpose: str, record_id: str, plain: bytes) -> bytes:
    """Seal bytes with AES-256-GCM for one purpose and record, under a key derived (HKDF) for that purpose."""
    nonce = urandom(_NONCE_BYTES)
    cipher = AESGCM(_derive(secret_key, purpose))
    return _VERSION + nonce + cipher.encrypt(nonce, plain, _associated(purpose, record_id))


def unseal(secret_key: SecretStr, purpose: str, record_id: str, data: bytes) -> bytes:
    """Open what was sealed for this purpose and record; raises SealingError for anything else."""
    nonce, text = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
    if data[:1] != _VERSION or len(nonce) != _NONCE_BYTES:
        raise SealingError("not a sealed secret")
    try:
        return AESGCM(_derive(secret_key, purpose)).decrypt(nonce, text, _associated(purpose, record_id))
    except InvalidTag:
        raise SealingError(
            "the secret was changed, belongs to another record, or SECRET_KEY is a new one"
        ) from None


def fingerprint(secret_key: SecretStr, purpose: str, record_id: str, plain: str) -> str:
    """Return what a secret can be recognised by and not told from: HMAC-SHA256 under a key of this purpose, in hex."""
    material = _associated(purpose, record_id) + b"\0" + plain.encode()
    return hmac.digest(_derive(secret_key, f"{purpose} fingerprint"), material, "sha256").hex()


def _derive(secret_key: SecretStr, purpose: str) -> bytes:
    material = secret_key.get_secret_value().encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode()).derive(material)


def _associated(purpose: str, record_id: str) -> bytes:
    return f"{purpose}/{record_id}".encode()

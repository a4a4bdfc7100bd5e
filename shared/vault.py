"""Broker keys at rest: whoever holds a public key can seal, only the workers' private keys can open.

A sealed box is X25519 with a key made for this one box, HKDF-SHA256 and AES-256-GCM. The record it
belongs to is associated data, so that a box moved to another account or row does not open. Keys are
written as base64 of their 32 raw bytes, several separated by commas; the last public key seals, every
private key opens what was sealed for it. A key's id is derived from its public half and never chosen.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from os import urandom
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

_VERSION: Final = b"\x01"
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = len(_VERSION) + _ID_BYTES + _KEY_BYTES + _NONCE_BYTES
_PURPOSE: Final = b"discord-trade-executor credential v1"


class VaultError(Exception):
    """Raised when a key cannot be read or a box does not open; never holds a secret."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new pair as the environment's variables take it."""

    key_id: str
    public_key: str
    private_key: SecretStr


@dataclass(frozen=True, slots=True)
class SealedBox:
    """What is stored: the id of the key that opens it, and bytes that tell nothing."""

    key_id: str
    data: bytes


class PublicKeys:
    """What web and command line hold (`CREDENTIAL_PUBLIC_KEYS`): it can seal and cannot open."""

    def __init__(self, keys: Iterable[X25519PublicKey]) -> None:
        self._keys = {_key_id(key): key for key in keys}

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        """Read base64 keys, oldest first; raises VaultError that names the position of a bad one."""
        return cls(X25519PublicKey.from_public_bytes(raw) for raw in _decode(words, "public"))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids, oldest first."""
        return tuple(self._keys)

    def seal(self, record_id: str, secret: SecretStr) -> SealedBox:
        """Seal a secret for one record with the newest key; raises VaultError without a key."""
        if not self._keys:
            raise VaultError("no public key: CREDENTIAL_PUBLIC_KEYS is not set")
        key_id = next(reversed(self._keys))
        own = X25519PrivateKey.generate()
        ephemeral = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        recipient = self._keys[key_id]
        nonce = urandom(_NONCE_BYTES)
        header = _VERSION + bytes.fromhex(key_id) + ephemeral + nonce
        cipher = AESGCM(_derive(own.exchange(recipient), ephemeral, recipient))
        text = cipher.encrypt(nonce, secret.get_secret_value().encode(), _associated(header, record_id))
        return SealedBox(key_id=key_id, data=header + text)


class PrivateKeys:
    """What only workers hold (`CREDENTIAL_PRIVATE_KEYS`): it opens, by key id; prints as stars."""

    def __init__(self, keys: Iterable[X25519PrivateKey]) -> None:
        self._keys = {_key_id(key.public_key()): key for key in keys}

    @classmethod
    def parse(cls, text: SecretStr) -> Self:
        """Read comma-separated base64 keys; raises VaultError that names the position of a bad one."""
        words = text.get_secret_value().split(",")
        return cls(X25519PrivateKey.from_private_bytes(raw) for raw in _decode(words, "private"))

    def __repr__(self) -> str:
        return "PrivateKeys(***)"

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys that can be opened with."""
        return tuple(self._keys)

    def unseal(self, record_id: str, data: bytes) -> SecretStr:
        """Open a box that was sealed for this record.

        Raises
        ------
        VaultError
            If it is no box, its key is not held here, or it was changed or sealed for another record.
        """
        if len(data) < _HEADER_BYTES or data[:1] != _VERSION:
            raise VaultError("not a sealed credential")
        header, text = data[:_HEADER_BYTES], data[_HEADER_BYTES:]
        key_id = header[1 : 1 + _ID_BYTES].hex()
        ephemeral, nonce = header[1 + _ID_BYTES : -_NONCE_BYTES], header[-_NONCE_BYTES:]
        key = self._keys.get(key_id)
        if key is None:
            raise VaultError(f"sealed with key {key_id}, which is not in CREDENTIAL_PRIVATE_KEYS")
        try:
            shared = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            cipher = AESGCM(_derive(shared, ephemeral, key.public_key()))
            plain = cipher.decrypt(nonce, text, _associated(header, record_id))
        except (InvalidTag, ValueError):
            raise VaultError("the credential was changed, or belongs to another record") from None
        return SecretStr(plain.decode())


def generate_key_pair() -> KeyPair:
    """Make a new pair."""
    private = X25519PrivateKey.generate()
    public = private.public_key()
    return KeyPair(
        key_id=_key_id(public),
        public_key=base64.b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
        private_key=SecretStr(base64.b64encode(private.private_bytes_raw()).decode()),
    )


def credential_record(account_id: str, credential_id: str) -> str:
    """Name the record a credential belongs to: this row and this account, and no other."""
    return f"credential/{account_id}/{credential_id}"


def _decode(words: Iterable[str], half: str) -> Iterable[bytes]:
    listed = [word.strip() for word in words if word.strip()]
    for position, word in enumerate(listed, start=1):
        try:
            raw = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != _KEY_BYTES:
            raise VaultError(f"{half} key {position} of {len(listed)} is not base64 of {_KEY_BYTES} bytes")
        yield raw


def _key_id(key: X25519PublicKey) -> str:
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()[:_ID_BYTES].hex()


def _derive(exchanged: bytes, ephemeral: bytes, recipient: X25519PublicKey) -> bytes:
    # Both public halves go in, so that a box is bound to the two keys it was made with.
    salt = ephemeral + recipient.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, info=_PURPOSE).derive(exchanged)


def _associated(header: bytes, record_id: str) -> bytes:
    return header + record_id.encode()

"""What proves that an answer belongs to the question: the state (RFC 6749, 10.12) and PKCE (RFC 7636)."""

import base64
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final

CHALLENGE_METHOD: Final = "S256"
_STATE_BYTES: Final = 32
_VERIFIER_BYTES: Final = 48


def new_state() -> str:
    """Make a state: 256 random bits, for one login of one session."""
    return token_urlsafe(_STATE_BYTES)


def new_verifier() -> str:
    """Make a code verifier: 64 characters of those that RFC 7636, 4.1 allows."""
    return token_urlsafe(_VERIFIER_BYTES)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2): base64url of its SHA-256, unpadded."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()

"""Is a request by who it says: an HMAC over time and body, or a secret inside the body where that is allowed.

Whatever is wrong, the same work is done and the same answer follows: nobody learns which providers exist, which of
them have a hook, or how close a guess came.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

WINDOW_SECONDS: Final = 300
"""A request is as old, or as far ahead of our clock, as this at most."""

# Strict, so that one request has one spelling: a changed letter is never the same signature.
_TIMESTAMP: Final = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def is_signed(timestamp: str, signature: str, body: bytes, keys: Sequence[bytes], now: datetime) -> bool:
    """Tell whether a signature is one of these keys' over `timestamp.body`, and made just now."""
    is_well_formed = bool(_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature))
    given = signature.encode("utf-8", "replace")
    signed = timestamp.encode("utf-8", "replace") + b"." + body
    # A list and not a generator: every key is tried, also after one that fits.
    fits = [
        hmac.compare_digest(hmac.new(key, signed, hashlib.sha256).hexdigest().encode(), given) for key in keys
    ]
    return is_well_formed and any(fits) and abs(now.timestamp() - int(timestamp)) <= WINDOW_SECONDS


def is_secret(given: str, keys: Sequence[bytes]) -> bool:
    """Tell whether a text is one of these keys."""
    text = given.encode("utf-8", "replace")
    fits = [hmac.compare_digest(_digest(key), _digest(text)) for key in keys]
    return bool(given) and any(fits)


def is_of_now(moment: datetime | None, now: datetime) -> bool:
    """Tell whether a moment that a body names is within the window."""
    return moment is not None and abs((now - moment).total_seconds()) <= WINDOW_SECONDS


def request_digest(provider_id: str, timestamp: str, body: bytes) -> str:
    """Name a request by all that is signed; the same one again has the same name."""
    # Each part with its length: no two requests run together into one text.
    parts = (provider_id.encode("utf-8", "replace"), timestamp.encode("utf-8", "replace"), body)
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in parts)).hexdigest()


def _digest(text: bytes) -> bytes:
    # Of one length, whatever was given: a comparison of texts would tell the length of the secret.
    return hashlib.sha256(text).digest()

"""How the venue wants requests signed; shared by its server and its adapter."""

import hashlib
import hmac


def signature(secret: str, sent_at_ms: str, method: str, path: str, body: bytes) -> str:
    """Sign a request: hex HMAC-SHA256 of time, method, path with query, and body."""
    text = f"{sent_at_ms}{method}{path}".encode() + body
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

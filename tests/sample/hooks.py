"""A provider with a signal hook, and requests to it as a sender makes them."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from shared.models.hooks import new_hook_row
from shared.models.mapping import rows_of
from shared.models.providers import Provider
from shared.settings import Settings
from tests.sample.house import add_provider
from web.webhooks.secrets import seal_hook_secret


def add_hook(
    settings: Settings,
    provider_id: str,
    secret: str,
    now: datetime,
    *,
    channel_id: str = "channel-1",
    in_body: bool = False,
) -> str:
    """Insert a provider whose hook has this secret, and return its id."""
    add_provider(provider_id, f"Name of {provider_id}", channel_id, now)
    sealed = seal_hook_secret(settings, provider_id, SecretStr(secret))
    hook = new_hook_row(sealed, takes_secret_in_body=in_body)
    rows_of(Provider).update_one({"_id": provider_id}, {"$set": {"hook": hook}})
    return provider_id


def message_body(message_id: str, now: datetime, **more: Any) -> bytes:
    """Write a message as the inbox takes it."""
    said = {"channel_id": "channel-1", "message_id": message_id, "content": "BUY BTCUSDT @ 50000 SL 49000"}
    return json.dumps({**said, "posted_at": now.isoformat(), **more}).encode()


def sign(secret: str, body: bytes, timestamp: object) -> dict[str, str]:
    """Return the headers that prove a body."""
    signed = f"{timestamp}.".encode() + body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-Timestamp": str(timestamp), "X-Signature": signature, "Content-Type": "application/json"}


def seconds(moment: datetime) -> int:
    """Return a moment as a hook's timestamp."""
    return int(moment.astimezone(UTC).timestamp())

"""The demo's door: open only in the demo, only to this machine, never through a proxy."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Request

from shared.models.mapping import rows_of
from shared.models.users import User
from shared.settings import Settings

DEMO_DISCORD_ID = "demo-follower"
"""The user that `make demo` creates."""

_FORWARDING_HEADERS = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "CF-Connecting-IP",
    "True-Client-IP",
)


def is_demo_visitor(request: Request, settings: Settings) -> bool:
    """Tell whether this request may use the demo login.

    The host is checked too: a foreign name that was made to resolve to loopback is refused.
    """
    if not settings.demo or any(name in request.headers for name in _FORWARDING_HEADERS):
        return False
    return is_loopback(request.remote_addr) and is_loopback(urlsplit(f"//{request.host}").hostname)


def is_loopback(host: str | None) -> bool:
    """Tell whether an address, or the name localhost, is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def find_demo_user() -> str | None:
    """Return the demo user's id; None before `make demo` has created it."""
    row = rows_of(User).find_one({"discord_id": DEMO_DISCORD_ID}, {"_id": 1})
    return str(row["_id"]) if row else None

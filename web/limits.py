"""How often somebody may ask: limits by name, counted in Redis over a moving window.

A route takes one with `@limited("login")`; a view that learns only while it runs whom it is about calls `take`.
Without Redis a limit is either open (pages, hooks, halts: nothing that is owed to anybody waits for a counter) or
closed (whatever a guesser would try).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, TypeVar, cast

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from limits import RateLimitItemPerSecond
from redis import RedisError
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from shared.logs import get_logger
from shared.settings import Settings

log = get_logger(__name__)

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

_COUNTERS: Final = "trade_executor_counters"
_SILENCE_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 5


class Per(StrEnum):
    """Whom a limit counts."""

    ADDRESS = "address"
    ACCOUNT = "account"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within so many seconds for each of these; `is_open`: whether it lets through while Redis is away."""

    per: Per
    amount: int
    seconds: int
    is_open: bool


PAGES: Final = "pages"
LIMITS: Final[dict[str, tuple[Limit, ...]]] = {
    # Whatever names no other limit.
    PAGES: (Limit(Per.ADDRESS, 1200, 60, True), Limit(Per.ACCOUNT, 600, 60, True)),
    "login": (Limit(Per.ADDRESS, 30, 300, False), Limit(Per.ACCOUNT, 10, 300, False)),
    "second_factor": (Limit(Per.ADDRESS, 30, 900, False), Limit(Per.ACCOUNT, 5, 900, False)),
    "connect": (Limit(Per.ADDRESS, 60, 3600, False), Limit(Per.ACCOUNT, 20, 3600, False)),
    "changes": (Limit(Per.ADDRESS, 600, 60, True), Limit(Per.ACCOUNT, 120, 60, True)),
    "halts": (Limit(Per.ACCOUNT, 120, 60, True),),
    # Only what is proved counts for a provider, only what is not for an address: no stranger, and no neighbour
    # behind the same address (all of TradingView's senders), uses up what a provider may send.
    "hooks": (Limit(Per.PROVIDER, 600, 60, True),),
    "hooks_refused": (Limit(Per.ADDRESS, 60, 60, True),),
}
_UNCOUNTED: Final = frozenset({"static", "health.healthz", "health.readyz"})
_ITSELF: Final = "itself"


class _Counters:
    """The counters of one app; after a failure it lets Redis be for a second."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._silent_until = 0.0

    def hit(self, name: str, limit: Limit, whom: str) -> float | None:
        """Count one; return None where it is within the limit, else the moment from which another is.

        Raises
        ------
        RedisError
            If there are no counters.
        """
        if time.monotonic() < self._silent_until:
            raise RedisError("away a moment ago")
        item = RateLimitItemPerSecond(limit.amount, limit.seconds, namespace="dx-limit")
        try:
            if self._limiter.limiter.hit(item, name, str(limit.per), whom):
                return None
            return float(self._limiter.limiter.get_window_stats(item, name, str(limit.per), whom).reset_time)
        except RedisError as error:
            self._silent_until = time.monotonic() + _SILENCE_SECONDS
            log.warning("limit.uncounted", limit=name, error=type(error).__name__)
            raise


def bind_before_login(app: Flask, settings: Settings) -> None:
    """Count by address before anybody is asked who they are."""
    limiter = Limiter(
        key_func=address_of_request,
        app=app,
        storage_uri=settings.redis_url.replace("unix://", "redis+unix://", 1)
        if settings.redis_url.startswith("unix://")
        else settings.redis_url,
        storage_options=cast(Any, {"socket_timeout": 1, "socket_connect_timeout": 1}),
        strategy="moving-window",
    )
    app.extensions[_COUNTERS] = _Counters(limiter)
    app.before_request(_count_address)


def bind(app: Flask, _settings: Settings) -> None:
    """Count by account once it is known."""
    app.before_request(_count_account)


def limited(name: str) -> Callable[[View], View]:
    """Put a route under the limits of this name; `itself` for a route that calls `take`."""
    if name != _ITSELF and name not in LIMITS:
        raise ValueError(f"no limit is called {name!r}")

    def mark(view: View) -> View:
        view.limit_name = name  # type: ignore[attr-defined]
        return view

    return mark


def limit_of(view: Callable[..., object] | None) -> str:
    """Return the name of a view's limit."""
    return getattr(view, "limit_name", PAGES)


def take(name: str, **whom: str) -> None:
    """Count one for each of the limits of this name that is about somebody given: `address`, `account`, `provider`.

    Raises
    ------
    TooManyRequests
        If that is more than the limit; says when there is room again.
    ServiceUnavailable
        If Redis is away and the limit is closed.
    """
    counters = cast(_Counters, current_app.extensions[_COUNTERS])
    for limit in LIMITS[name]:
        given = whom.get(str(limit.per))
        if given is None:
            continue
        try:
            free_at = counters.hit(name, limit, _short(given))
        except RedisError:
            if limit.is_open:
                continue
            raise ServiceUnavailable(retry_after=_AWAY_SECONDS) from None
        if free_at is not None:
            log.info("limit.reached", limit=name, per=str(limit.per), whom=given[:64])
            raise TooManyRequests(retry_after=max(math.ceil(free_at - time.time()), 1))


def address_of_request() -> str:
    """Return whom an address stands for: with IPv6 a network of 64 bits, because one host has all of it."""
    text = request.remote_addr or ""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return text


def _count_address() -> None:
    name = _name_of_request()
    if name is not None:
        take(name, address=address_of_request())


def _count_account() -> None:
    name = _name_of_request()
    follower = g.get("follower")
    if name is not None and follower is not None:
        take(name, account=follower.user_id)


def _name_of_request() -> str | None:
    if request.endpoint in _UNCOUNTED:
        return None
    name = limit_of(current_app.view_functions.get(request.endpoint or ""))
    return None if name == _ITSELF else name


def _short(text: str) -> str:
    # What a stranger typed becomes a key: of one length, and of no strange letters.
    return text if len(text) <= 64 and text.isascii() else sha256(text.encode("utf-8", "replace")).hexdigest()

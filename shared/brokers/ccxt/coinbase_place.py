"""One address of Coinbase with what accounts share there: the client's template, the clock, the listings."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.ccxt.coinbase_client import (
    PRIVATE,
    PUBLIC,
    CoinbaseClient,
    copy_for,
    make_guard,
    make_template,
)
from shared.brokers.ccxt.coinbase_clock import CoinbaseClock
from shared.brokers.ccxt.coinbase_listings import Listings, read_listings
from shared.brokers.ccxt.coinbase_refusals import BARE_STATUSES, UNAUTHORIZED, failure
from shared.brokers.codes import Doubt
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpAnswer, HttpTransport, read_answer
from shared.domain.errors import RetryableError

T = TypeVar("T")
Params = Mapping[str, Any]

HOURLY_SECONDS = 3600.0
# How soon after a reading a symbol that was not on it is worth another.
_UNLISTED_SECONDS = 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PublicSession:
    """Questions that need no key."""

    def __init__(self, client: CoinbaseClient) -> None:
        self._client = client

    async def get(self, path: str, params: Params) -> HttpAnswer:
        """GET something public; raises as `HttpTransport.send`."""
        answer: HttpAnswer = await self._client.request(f"brokerage/{path}", PUBLIC, "GET", dict(params))
        return answer

    async def ask(self, path: str, params: Params, read: Callable[[Any], T]) -> T:
        """GET something public and read it; raises like any read."""
        return _read(await self.get(path, params), read)


class Session:
    """The requests of one account, each with a token of its own key; `public` asks without it."""

    def __init__(
        self, client: CoinbaseClient, public: PublicSession, clock: CoinbaseClock, *, signs: bool
    ) -> None:
        self.public = public
        self.signs = signs
        self._client = client
        self._clock = clock

    async def send(self, method: str, path: str, params: Params) -> HttpAnswer:
        """Sign and send a request.

        Raises
        ------
        RetryableError
            CLOCK_SKEWED: the token was refused for its time, and the next will not be.
        TradeError
            As `HttpTransport.send`.
        """
        await self._clock.be_known()
        used = self._clock.difference
        answer: HttpAnswer = await self._client.request(f"brokerage/{path}", PRIVATE, method, dict(params))
        if answer.status == UNAUTHORIZED and self.signs and await self._clock.was_wrong(used):
            raise RetryableError(Doubt.CLOCK_SKEWED, "the token was written for another time of the venue's")
        return answer

    async def ask(self, path: str, params: Params, read: Callable[[Any], T]) -> T:
        """GET something of the account and read it; raises like any read."""
        return _read(await self.send("GET", path, params), read)


class Place:
    """The venue at one address.

    Parameters
    ----------
    now
        Our clock, aware UTC.
    """

    def __init__(self, transport: HttpTransport, base_url: str, *, now: Callable[[], datetime]) -> None:
        self.now = now
        self._transport = transport
        self._base_url = base_url
        self._template = make_template(Carrier(transport, base_url))
        self._public: dict[str | None, PublicSession] = {}
        self.clock = CoinbaseClock(self._ask_time, self._template.options, now)
        self._lock = asyncio.Lock()
        self._listings: Listings | None = None
        self._read_at = 0.0

    def public(self, local_address: str | None = None) -> PublicSession:
        """Give the questions without a key that leave from an address of ours: each has limits of its own."""
        found = self._public.get(local_address)
        if found is None:
            carrier = Carrier(self._transport, self._base_url, local_address)
            found = self._public[local_address] = PublicSession(copy_for(self._template, None, carrier))
        return found

    def open_session(self, credentials: Credentials, local_address: str | None = None) -> Session:
        """Open the requests of one account, which bear its key or do not leave; raises as `copy_for`."""
        carrier = Carrier(
            self._transport,
            self._base_url,
            local_address,
            make_guard(credentials),
            bare_statuses=BARE_STATUSES,
        )
        client = copy_for(self._template, credentials, carrier)
        signs = not credentials.access_token
        return Session(client, self.public(local_address), self.clock, signs=signs)

    async def listings(self, symbol: str | None = None, *, max_age_seconds: float | None = None) -> Listings:
        """Return what the venue lists.

        Whoever sends an order takes what is known, however old, and waits only for a `symbol` that is not on it;
        whoever asks for instruments says how old the answer may be.
        """
        known = self._known(symbol, max_age_seconds)
        if known is not None:
            return known
        async with self._lock:
            known = self._known(symbol, max_age_seconds)
            if known is None:
                query = {"product_type": "SPOT"}
                known = await self.public().ask("market/products", query, read_listings)
                self._listings, self._read_at = known, time.monotonic()
            return known

    def _known(self, symbol: str | None, max_age_seconds: float | None) -> Listings | None:
        if self._listings is None:
            return None
        if symbol is not None and self._listings.find(symbol) is None:
            max_age_seconds = _UNLISTED_SECONDS
        age = time.monotonic() - self._read_at
        return None if max_age_seconds is not None and age > max_age_seconds else self._listings

    async def _ask_time(self) -> datetime:
        return await self.public().ask("time", {}, _read_time)


def _read_time(said: Any) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(said["epochMillis"]))


def _read(answer: HttpAnswer, read: Callable[[Any], T]) -> T:
    if answer.is_ok:
        return read_answer(answer, read, is_write=False)
    raise failure(answer, is_write=False)

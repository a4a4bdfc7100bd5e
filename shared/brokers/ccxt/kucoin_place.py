"""One address of KuCoin with what accounts share there: the client's template, the clock, the listings."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.ccxt.kucoin_client import KEY_HEADER, KucoinClient, copy_for, make_template
from shared.brokers.ccxt.kucoin_listings import Listings, read_listings
from shared.brokers.ccxt.kucoin_refusals import CLOCK_CODE, code_of, failure
from shared.brokers.ccxt.venue_clock import HOURLY_SECONDS, VenueClock
from shared.brokers.codes import Refusal
from shared.brokers.factory import Credentials
from shared.brokers.gate import check_send_gate
from shared.brokers.http import HttpAnswer, HttpTransport, KeyGuard, read_answer
from shared.domain.errors import PermanentError

T = TypeVar("T")


class PublicSession:
    """Questions that need no key."""

    def __init__(self, client: KucoinClient) -> None:
        self._client = client

    async def ask(self, path: str, params: Mapping[str, str], read: Callable[[Any], T]) -> T:
        """GET something public and read what stands in its envelope; raises like any read."""
        return read_data(await self._client.request(path, ["public"], "GET", dict(params)), read)

    async def ask_time(self) -> int:
        """Ask for the venue's time, in milliseconds since 1970; raises like any read."""
        return await self.ask("timestamp", {}, int)


class Session:
    """The requests of one account, signed; `public` asks without its key from where it asks too."""

    def __init__(
        self, client: KucoinClient, public: PublicSession, clock: VenueClock, now: Callable[[], datetime]
    ) -> None:
        self.public = public
        self._client = client
        self._clock = clock
        self._now = now

    async def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        *,
        send_before: datetime | None = None,
    ) -> HttpAnswer:
        """Sign and send a request; after `send_before` none leaves, and no later check is the venue's.

        The venue refuses what arrives more than five seconds after its timestamp, and nothing that waits inside.

        Raises
        ------
        RetryableError
            SEND_WINDOW_CLOSED: the sender's own window closed while the venue's time was asked for.
        PermanentError
            EXPIRED_BEFORE_ARRIVAL: the moment has passed already, nothing was sent.
        TradeError
            As `HttpTransport.send`.
        """
        difference = await self._clock.difference(self.public.ask_time)
        if method != "GET":
            check_send_gate()
        if send_before is not None and self._now() >= send_before:
            raise PermanentError(
                Refusal.EXPIRED_BEFORE_ARRIVAL, "It was not sent: the time in which it may arrive is over."
            )
        answer: HttpAnswer = await self._client.request(path, ["private"], method, dict(params))
        if code_of(answer) == CLOCK_CODE:
            self._clock.doubt(difference)
        return answer

    async def ask(self, path: str, params: Mapping[str, str], read: Callable[[Any], T]) -> T:
        """GET something of the account and read what stands in its envelope; raises like any read."""
        return read_data(await self.send("GET", path, params), read)


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
        self._clock = VenueClock(self._template.options)
        self._public: dict[str | None, PublicSession] = {}
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

    def open_session(self, credentials: Credentials, local_address: str | None) -> Session:
        """Open the requests of one account, which bear its key or do not leave."""
        guard = KeyGuard(KEY_HEADER, credentials.api_key)
        carrier = Carrier(self._transport, self._base_url, local_address, guard)
        client = copy_for(self._template, credentials, carrier)
        return Session(client, self.public(local_address), self._clock, self.now)

    async def listings(self, public: PublicSession) -> Listings:
        """Return what the venue lists, from a list that is at most an hour old."""
        async with self._lock:
            if self._listings is None or time.monotonic() - self._read_at > HOURLY_SECONDS:
                self._listings = await public.ask("symbols", {}, read_listings)
                self._read_at = time.monotonic()
            return self._listings


def read_data(answer: HttpAnswer, read: Callable[[Any], T]) -> T:
    """Read what stands in the envelope of an answer to a question; raises like any read."""
    error = failure(answer, is_write=False)
    if error is not None:
        raise error
    return read_answer(answer, lambda said: read(said["data"]), is_write=False)

"""One address of Binance with what accounts share there: the client's template, the clock, the listings."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.brokers.ccxt.binance_client import (
    KEY_HEADER,
    BinanceClient,
    Carrier,
    copy_for,
    make_template,
)
from shared.brokers.ccxt.binance_family import Family
from shared.brokers.ccxt.binance_listings import Listings
from shared.brokers.ccxt.binance_words import CLOCK_CODE, Words, code_of, with_ban
from shared.brokers.ccxt.venue_clock import VenueClock
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.factory import Credentials
from shared.brokers.gate import check_send_gate
from shared.brokers.http import HttpAnswer, HttpTransport, KeyGuard, read_answer
from shared.domain.errors import PermanentError, RetryableError

# The venue refuses what arrives later than this after its timestamp; what is asked for is never longer.
LONGEST_WINDOW = timedelta(seconds=5)
# How soon after a reading a symbol that was not on it is worth another.
_UNLISTED_SECONDS = 60.0
_MILLISECOND = timedelta(milliseconds=1)


class PublicSession:
    """Questions that need no key."""

    def __init__(self, client: BinanceClient, family: Family, now: Callable[[], datetime]) -> None:
        self.family = family
        self._client = client
        self._now = now

    async def ask(self, path: str, params: Mapping[str, str]) -> HttpAnswer:
        """GET something public; raises as `HttpTransport.send`."""
        return await _request(self._client, self._now, "GET", path, self.family.public, params)

    async def ask_time(self) -> int:
        """Ask for the venue's time, in milliseconds since 1970; raises like any read."""
        return int(_read(await self.ask("time", {}), lambda said: int(said["serverTime"]), self.family.words))


class Session:
    """The requests of one account, signed; `public` asks without its key from where it asks too."""

    def __init__(
        self,
        client: BinanceClient,
        public: PublicSession,
        clock: VenueClock,
        now: Callable[[], datetime],
    ) -> None:
        self.public = public
        self.family = public.family
        self._client = client
        self._clock = clock
        self._now = now

    async def send(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        *,
        api: str | None = None,
        send_before: datetime | None = None,
    ) -> HttpAnswer:
        """Sign and send a request that the venue must refuse if it comes after `send_before`.

        `api` is ccxt's name of the API, the market's private one unless given.

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
        params = {**params, "recvWindow": self._window(send_before)}
        answer = await _request(self._client, self._now, method, path, api or self.family.private, params)
        if code_of(answer) == CLOCK_CODE:
            self._clock.doubt(difference)
        return answer

    def _window(self, send_before: datetime | None) -> str:
        left = LONGEST_WINDOW if send_before is None else min(send_before - self._now(), LONGEST_WINDOW)
        if left < _MILLISECOND:
            raise PermanentError(
                Refusal.EXPIRED_BEFORE_ARRIVAL, "It was not sent: the time in which it may arrive is over."
            )
        return str(left // _MILLISECOND)


class Place:
    """A market of the venue at one address.

    Parameters
    ----------
    family
        Which market.
    tells_rights
        Whether it has the API that tells what a key may do; the sandbox has not.
    now
        Our clock, aware UTC.
    """

    def __init__(
        self,
        transport: HttpTransport,
        base_url: str,
        family: Family,
        *,
        tells_rights: bool,
        now: Callable[[], datetime],
    ) -> None:
        self.family = family
        self.tells_rights = tells_rights
        self.now = now
        self._transport = transport
        self._base_url = base_url
        self._template = make_template(Carrier(transport, base_url), family.paths)
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
            found = PublicSession(copy_for(self._template, None, carrier), self.family, self.now)
            self._public[local_address] = found
        return found

    def open_session(self, credentials: Credentials, local_address: str | None) -> Session:
        """Open the requests of one account, which bear its key or do not leave."""
        guard = KeyGuard(KEY_HEADER, credentials.api_key)
        carrier = Carrier(self._transport, self._base_url, local_address, guard)
        client = copy_for(self._template, credentials, carrier)
        return Session(client, self.public(local_address), self._clock, self.now)

    async def listings(
        self, public: PublicSession, symbol: str | None = None, *, max_age_seconds: float | None = None
    ) -> Listings:
        """Return what the venue lists.

        Whoever sends an order takes what is known, however old, and waits only for a `symbol` that is not on it;
        whoever asks for instruments says how old the answer may be.
        """
        known = self._known(symbol, max_age_seconds)
        if known is not None:
            return known
        async with self._lock:
            known = self._known(symbol, max_age_seconds)
            if known is not None:
                return known
            answer = await public.ask("exchangeInfo", self.family.listing_params)
            self._listings = _read(answer, self.family.read_listings, self.family.words)
            self._read_at = time.monotonic()
            return self._listings

    def _known(self, symbol: str | None, max_age_seconds: float | None) -> Listings | None:
        if self._listings is None:
            return None
        if symbol is not None and self._listings.find(symbol) is None:
            max_age_seconds = _UNLISTED_SECONDS
        age = time.monotonic() - self._read_at
        return None if max_age_seconds is not None and age > max_age_seconds else self._listings


async def _request(
    client: BinanceClient,
    now: Callable[[], datetime],
    method: str,
    path: str,
    api: str,
    params: Mapping[str, str],
) -> HttpAnswer:
    try:
        answer: HttpAnswer = await client.request(path, [api], method, dict(params))
    except RetryableError as error:
        if error.code != Doubt.BANNED:
            raise
        raise with_ban(error, now()) from error
    return answer


def _read(answer: HttpAnswer, read: Callable[[Any], Any], words: Words) -> Any:
    if answer.is_ok:
        return read_answer(answer, read, is_write=False)
    raise words.failure(answer, is_write=False)

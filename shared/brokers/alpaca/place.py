"""Alpaca at one pair of addresses with what accounts share there: connections, threads, and the list of crypto pairs."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from shared.brokers.alpaca.client import AlpacaClient
from shared.brokers.alpaca.listings import read_asset
from shared.brokers.alpaca.refusals import failure
from shared.brokers.alpaca.wire import Timeouts, Wire
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpAnswer, read_answer
from shared.domain.instruments import Instrument

T = TypeVar("T")

HOURLY_SECONDS = 3600.0
# How soon after a reading a pair that was not on it is worth another.
_UNLISTED_SECONDS = 60.0
# alpaca-py blocks while it waits: as many requests can be under way at once, the others wait their turn.
MOST_THREADS = 32


@dataclass(frozen=True, slots=True)
class Homes:
    """Where an environment trades, and where its prices come from; an override serves both."""

    trading: str
    data: str


class Threads:
    """The bounded pool in which alpaca-py runs."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Run something that blocks; what is set for this task, the send gate too, holds there as well."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MOST_THREADS, "alpaca")
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(copy_context().run, work))

    def close(self) -> None:
        """Let the threads end once they have nothing to do."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None


class Session:
    """The requests of one account, which bear its key or do not leave."""

    def __init__(self, client: AlpacaClient, threads: Threads, homes: Homes) -> None:
        self._client = client
        self._threads = threads
        self._homes = homes

    async def trade(self, method: str, path: str, data: dict[str, str] | None = None) -> HttpAnswer:
        """Ask the trading side: `data` is the query of a GET or DELETE, else the body. Raises as `AccountDoor.send`."""
        return await self._call(method, path, data, self._homes.trading, "v2")

    async def read_prices(self, version: str, path: str, query: dict[str, str]) -> HttpAnswer:
        """Ask the side of prices; raises as `AccountDoor.send`."""
        return await self._call("GET", path, query, self._homes.data, version)

    async def ask(self, path: str, query: dict[str, str], read: Callable[[Any], T]) -> T:
        """GET something of the trading side and read it; raises like any read."""
        answer = await self.trade("GET", path, query)
        if answer.is_ok:
            return read_answer(answer, read, is_write=False)
        raise failure(answer, is_write=False)

    async def _call(
        self, method: str, path: str, data: dict[str, str] | None, home: str, version: str
    ) -> HttpAnswer:
        call = partial(self._client.call, method, path, data, home=home, version=version)
        return await self._threads.run(call)


class Place:
    """The venue in one environment.

    Parameters
    ----------
    now
        Our clock, aware UTC.
    """

    def __init__(
        self, homes: Homes, threads: Threads, timeouts: Timeouts, *, now: Callable[[], datetime]
    ) -> None:
        self.now = now
        self._homes = homes
        self._threads = threads
        self._timeouts = timeouts
        self._wires: dict[str | None, Wire] = {}
        self._lock = asyncio.Lock()
        self._pairs: dict[str, Instrument] | None = None
        self._read_at = 0.0

    def open_session(self, credentials: Credentials, local_address: str | None = None) -> Session:
        """Open the requests of one account; a client never changes its keys."""
        wire = self._wires.get(local_address)
        if wire is None:
            wire = self._wires[local_address] = Wire(self._timeouts, local_address)
        homes = (self._homes.trading, self._homes.data)
        return Session(AlpacaClient(wire, homes, credentials), self._threads, self._homes)

    async def pairs(
        self, session: Session, symbol: str | None = None, *, max_age_seconds: float | None = None
    ) -> Sequence[Instrument]:
        """Return the crypto pairs that the venue lists, asked for with whoever's session needs them.

        Whoever sends an order takes what is known, however old, and waits only for a `symbol` that is not on it;
        whoever asks for instruments says how old the answer may be.
        """
        async with self._lock:
            if not self._knows(symbol, max_age_seconds):
                query = {"asset_class": "crypto", "status": "active"}
                listed = await session.ask("/assets", query, lambda rows: [read_asset(row) for row in rows])
                self._pairs = {pair.symbol: pair for pair in listed if pair is not None}
                self._read_at = time.monotonic()
            assert self._pairs is not None, "just asked for"
            return tuple(self._pairs.values())

    def close(self) -> None:
        """Close all connections."""
        for wire in self._wires.values():
            wire.close()

    def _knows(self, symbol: str | None, max_age_seconds: float | None) -> bool:
        if self._pairs is None:
            return False
        if symbol is not None and symbol not in self._pairs:
            max_age_seconds = _UNLISTED_SECONDS
        return max_age_seconds is None or time.monotonic() - self._read_at <= max_age_seconds

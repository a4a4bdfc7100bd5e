"""Alpaca's doors. Importing this costs nothing: alpaca-py is loaded when the first one is opened."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.brokers.base import Broker, MarketData
from shared.brokers.codes import Refusal
from shared.brokers.factory import AccountAccess, Credentials
from shared.brokers.http import CONNECT_SECONDS, TOTAL_SECONDS
from shared.brokers.rows.alpaca import VENUE
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError

if TYPE_CHECKING:
    from shared.brokers.alpaca.place import Place, Threads

_TRADING = {
    Environment.LIVE: "https://api.alpaca.markets",
    Environment.SANDBOX: "https://paper-api.alpaca.markets",
}
# Prices are the same for both.
_DATA = "https://data.alpaca.markets"


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class AlpacaAdapter:
    """Opens accounts and market data; all in one environment share connections and threads.

    Parameters
    ----------
    market_keys
        The installation's own key for prices, by environment.
    connect_seconds, total_seconds
        How long a connection, and the answer of a request that has left, may take.
    now
        Our clock, aware UTC.
    """

    def __init__(
        self,
        market_keys: Mapping[Environment, Credentials] | None = None,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._market_keys = dict(market_keys or {})
        self._seconds = (connect_seconds, total_seconds)
        self._now = now
        self._threads: Threads | None = None
        self._places: dict[tuple[Environment, str | None], Place] = {}

    @property
    def venue(self) -> Venue:
        """Its catalogue entry."""
        return VENUE

    def open_broker(self, access: AccountAccess) -> Broker:
        """Open one account, without a call to the venue."""
        from shared.brokers.alpaca.broker import AlpacaBroker  # noqa: PLC0415 - it loads alpaca-py

        credentials = access.credentials
        if credentials is None or not (
            credentials.access_token or (credentials.api_key and credentials.secret)
        ):
            raise PermanentError(
                Refusal.CREDENTIALS_MISSING, "Alpaca needs a key and its secret, or a token."
            )
        place = self._place(access.environment, access.base_url)
        return AlpacaBroker(place, place.open_session(credentials, access.local_address))

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:
        """Open instruments and prices of an environment; without a key for them every question is refused."""
        from shared.brokers.alpaca.market import AlpacaMarketData  # noqa: PLC0415 - it loads alpaca-py

        place = self._place(environment, base_url)
        key = self._market_keys.get(environment)
        return AlpacaMarketData(place, None if key is None else place.open_session(key))

    async def close(self) -> None:
        """Close connections and let the threads end."""
        for place in self._places.values():
            place.close()
        if self._threads is not None:
            self._threads.close()

    def _place(self, environment: Environment, base_url: str | None) -> "Place":
        from shared.brokers.alpaca.place import Homes, Place, Threads  # noqa: PLC0415 - it loads alpaca-py
        from shared.brokers.alpaca.wire import Timeouts  # noqa: PLC0415 - it loads requests

        if self._threads is None:
            self._threads = Threads()
        place = self._places.get((environment, base_url))
        if place is None:
            trading = (base_url or _TRADING[environment]).rstrip("/")
            data = (base_url or _DATA).rstrip("/")
            place = Place(Homes(trading, data), self._threads, Timeouts(*self._seconds), now=self._now)
            self._places[environment, base_url] = place
        return place

"""Binance's doors to USD-M futures. Importing this costs nothing: clients are loaded when the first one is opened.

Its sandbox is the venue's demo trading: the older futures testnet is not served any more. What a key may do only the
spot address tells, and only of live keys.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from shared.brokers.base import Broker, MarketData
from shared.brokers.ccxt import binance
from shared.brokers.ccxt.binance_doors import Doors, utc_now
from shared.brokers.codes import Refusal
from shared.brokers.factory import AccountAccess
from shared.brokers.rows.binance_futures import VENUE
from shared.brokers.usage import UsedWeight
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError

if TYPE_CHECKING:
    from shared.brokers.http import HttpTransport

HOSTS = {
    Environment.LIVE: "https://fapi.binance.com",
    Environment.SANDBOX: "https://demo-fapi.binance.com",
}


class BinanceFuturesAdapter:
    """Opens accounts and market data; all at one address share a template, a clock and connections.

    Parameters
    ----------
    transport
        How requests leave; one of its own unless given.
    now
        Our clock, aware UTC.
    """

    def __init__(
        self, transport: "HttpTransport | None" = None, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._doors = Doors(HOSTS, transport, now)

    @property
    def venue(self) -> Venue:
        """Its catalogue entry."""
        return VENUE

    def open_broker(self, access: AccountAccess) -> Broker:
        """Open one account, without a call to the venue."""
        from shared.brokers.ccxt.binance_family import SPOT  # noqa: PLC0415 - it loads aiohttp
        from shared.brokers.ccxt.binance_futures_broker import BinanceFuturesBroker  # noqa: PLC0415 - it loads ccxt
        from shared.brokers.ccxt.binance_futures_family import FUTURES  # noqa: PLC0415 - it loads aiohttp

        if access.credentials is None:
            raise PermanentError(Refusal.CREDENTIALS_MISSING, "Binance needs a key.")
        environment, key, ours = access.environment, access.credentials, access.local_address
        place = self._doors.place(FUTURES, environment, access.base_url)
        rights = None
        if environment is Environment.LIVE:
            address = access.base_url or binance.HOSTS[environment]
            rights = self._doors.place(SPOT, environment, address).open_session(key, ours)
        return BinanceFuturesBroker(place, place.open_session(key, ours), rights)

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:
        """Open the public side of an environment."""
        from shared.brokers.ccxt.binance_futures_family import FUTURES  # noqa: PLC0415 - it loads aiohttp
        from shared.brokers.ccxt.binance_market import BinanceMarketData  # noqa: PLC0415 - it loads ccxt

        return BinanceMarketData(
            self._doors.place(FUTURES, environment, base_url),
            lambda ours: self._doors.used_weight(environment, base_url, ours),
        )

    def used_weight(
        self, environment: Environment, base_url: str | None = None, local_address: str | None = None
    ) -> UsedWeight | None:
        """Return the request weight that the venue said last an address of ours has used in this minute."""
        return self._doors.used_weight(environment, base_url, local_address)

    async def close(self) -> None:
        """Close the running loop's connections."""
        await self._doors.close()

"""KuCoin's doors. Importing this costs nothing: ccxt and aiohttp are loaded when the first one is opened."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from shared.brokers.base import Broker, MarketData
from shared.brokers.ccxt.binance_doors import utc_now
from shared.brokers.codes import Refusal
from shared.brokers.factory import AccountAccess
from shared.brokers.rows.kucoin import VENUE
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError

if TYPE_CHECKING:
    from shared.brokers.ccxt.kucoin_place import Place
    from shared.brokers.http import HttpTransport

# The venue has closed its sandbox.
HOSTS = {Environment.LIVE: "https://api.kucoin.com"}


class KucoinAdapter:
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
        self._transport = transport
        self._now = now
        self._places: dict[str, Place] = {}

    @property
    def venue(self) -> Venue:
        """Its catalogue entry."""
        return VENUE

    def open_broker(self, access: AccountAccess) -> Broker:
        """Open one account, without a call to the venue."""
        from shared.brokers.ccxt.kucoin_broker import KucoinBroker  # noqa: PLC0415 - it loads ccxt

        login = access.credentials
        if login is None or not (login.api_key and login.secret and login.passphrase):
            raise PermanentError(
                Refusal.CREDENTIALS_MISSING, "KuCoin needs a key, its secret and its passphrase."
            )
        place = self._place(access.environment, access.base_url)
        return KucoinBroker(place, place.open_session(login, access.local_address))

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:
        """Open the public side of an environment."""
        from shared.brokers.ccxt.kucoin_market import KucoinMarketData  # noqa: PLC0415 - it loads ccxt

        return KucoinMarketData(self._place(environment, base_url))

    async def close(self) -> None:
        """Close the running loop's connections."""
        if self._transport is not None:
            await self._transport.close()

    def _place(self, environment: Environment, base_url: str | None) -> "Place":
        from shared.brokers.ccxt.kucoin_place import Place  # noqa: PLC0415 - it loads ccxt
        from shared.brokers.http import HttpTransport  # noqa: PLC0415 - it loads aiohttp

        # An environment that the venue has not is refused by its name, another address or not.
        host = HOSTS.get(environment)
        if host is None:
            raise PermanentError(Refusal.ENVIRONMENT_NOT_OFFERED, f"KuCoin offers no {environment}.")
        if self._transport is None:
            self._transport = HttpTransport()
        address = (base_url or host).rstrip("/")
        place = self._places.get(address)
        if place is None:
            place = self._places[address] = Place(self._transport, address, now=self._now)
        return place

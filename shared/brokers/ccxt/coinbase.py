"""Coinbase's doors. Importing this costs nothing: ccxt and aiohttp are loaded when the first one is opened."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.brokers.base import Broker, MarketData
from shared.brokers.catalogue import check_environment
from shared.brokers.codes import Refusal
from shared.brokers.factory import AccountAccess, Credentials
from shared.brokers.rows.coinbase import VENUE
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError

if TYPE_CHECKING:
    from shared.brokers.ccxt.coinbase_place import Place
    from shared.brokers.http import HttpTransport

# The sandbox's answers are always the same, whatever is asked: it is not offered.
HOSTS = {Environment.LIVE: "https://api.coinbase.com"}


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class CoinbaseAdapter:
    """Opens accounts and market data; all at one address share a template, a clock and connections.

    Parameters
    ----------
    market_keys
        The installation's own key for prices, by environment; prices come without one, slower.
    transport
        How requests leave; one of its own unless given.
    now
        Our clock, aware UTC.
    """

    def __init__(
        self,
        market_keys: Mapping[Environment, Credentials] | None = None,
        *,
        transport: "HttpTransport | None" = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._market_keys = dict(market_keys or {})
        self._transport = transport
        self._now = now
        self._places: dict[str, Place] = {}

    @property
    def venue(self) -> Venue:
        """Its catalogue entry."""
        return VENUE

    def open_broker(self, access: AccountAccess) -> Broker:
        """Open one account, without a call to the venue.

        Raises
        ------
        PermanentError
            CREDENTIALS_MISSING without a key and its secret, or a token; UNAUTHORIZED for a secret that is no key.
        """
        from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker  # noqa: PLC0415 - it loads ccxt

        login = access.credentials
        if login is None or not (login.access_token or (login.api_key and login.secret)):
            raise PermanentError(
                Refusal.CREDENTIALS_MISSING, "Coinbase needs the name of a key and its secret."
            )
        place = self._place(access.environment, access.base_url)
        return CoinbaseBroker(place, place.open_session(login, access.local_address))

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:
        """Open the public side of an environment."""
        from shared.brokers.ccxt.coinbase_market import CoinbaseMarketData  # noqa: PLC0415 - it loads ccxt

        place = self._place(environment, base_url)
        key = self._market_keys.get(environment)
        return CoinbaseMarketData(place, None if key is None else place.open_session(key))

    async def close(self) -> None:
        """Close the running loop's connections."""
        if self._transport is not None:
            await self._transport.close()

    def _place(self, environment: Environment, base_url: str | None) -> "Place":
        from shared.brokers.ccxt.coinbase_place import Place  # noqa: PLC0415 - it loads ccxt
        from shared.brokers.http import HttpTransport  # noqa: PLC0415 - it loads aiohttp

        check_environment(VENUE, environment)
        address = (base_url or HOSTS[environment]).rstrip("/")
        if self._transport is None:
            self._transport = HttpTransport()
        place = self._places.get(address)
        if place is None:
            place = self._places[address] = Place(self._transport, address, now=self._now)
        return place

"""Binance's doors. Importing this costs nothing: ccxt and aiohttp are loaded when the first one is opened."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.brokers.base import Broker, MarketData
from shared.brokers.codes import Refusal
from shared.brokers.factory import AccountAccess
from shared.brokers.rows.binance import VENUE
from shared.brokers.usage import UsedWeight, WeightMeter
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError

if TYPE_CHECKING:
    from shared.brokers.ccxt.binance_place import Place
    from shared.brokers.http import HttpTransport

_HOSTS = {
    Environment.LIVE: "https://api.binance.com",
    Environment.SANDBOX: "https://testnet.binance.vision",
}
_WEIGHT_HEADER = "x-mbx-used-weight-1m"


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class BinanceAdapter:
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
        self._meter = WeightMeter(_WEIGHT_HEADER, now)
        self._places: dict[tuple[Environment, str], Place] = {}
        if transport is not None:
            transport.watch(self._meter.observe)

    @property
    def venue(self) -> Venue:
        """Its catalogue entry."""
        return VENUE

    def open_broker(self, access: AccountAccess) -> Broker:
        """Open one account, without a call to the venue."""
        from shared.brokers.ccxt.binance_broker import BinanceBroker  # noqa: PLC0415 - it loads ccxt

        if access.credentials is None:
            raise PermanentError(Refusal.CREDENTIALS_MISSING, "Binance needs a key.")
        place = self._place(access.environment, access.base_url)
        return BinanceBroker(place, place.open_session(access.credentials, access.local_address))

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:
        """Open the public side of an environment."""
        from shared.brokers.ccxt.binance_market import BinanceMarketData  # noqa: PLC0415 - it loads ccxt

        address = _address(environment, base_url)
        return BinanceMarketData(
            self._place(environment, base_url), lambda ours: self._meter.last(address, ours)
        )

    def used_weight(
        self, environment: Environment, base_url: str | None = None, local_address: str | None = None
    ) -> UsedWeight | None:
        """Return the request weight that the venue said last an address of ours has used in this minute."""
        return self._meter.last(_address(environment, base_url), local_address)

    async def close(self) -> None:
        """Close the running loop's connections."""
        if self._transport is not None:
            await self._transport.close()

    def _place(self, environment: Environment, base_url: str | None) -> "Place":
        from shared.brokers.ccxt.binance_place import Place  # noqa: PLC0415 - it loads ccxt
        from shared.brokers.http import HttpTransport  # noqa: PLC0415 - it loads aiohttp

        if self._transport is None:
            self._transport = HttpTransport()
            self._transport.watch(self._meter.observe)
        address = _address(environment, base_url)
        place = self._places.get((environment, address))
        if place is None:
            is_live = environment is Environment.LIVE
            place = Place(self._transport, address, tells_rights=is_live, now=self._now)
            self._places[environment, address] = place
        return place


def _address(environment: Environment, base_url: str | None) -> str:
    return (base_url or _HOSTS[environment]).rstrip("/")

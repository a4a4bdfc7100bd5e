"""What the adapters of Binance's markets share: one transport, one meter, and a place for each address.

Importing this costs nothing: ccxt and aiohttp are loaded when the first place is opened.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.brokers.usage import UsedWeight, WeightMeter
from shared.domain.accounts import Environment

if TYPE_CHECKING:
    from shared.brokers.ccxt.binance_family import Family
    from shared.brokers.ccxt.binance_place import Place
    from shared.brokers.http import HttpTransport

_WEIGHT_HEADER = "x-mbx-used-weight-1m"


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Doors:
    """Opens places; all at one address share a template, a clock and connections.

    Parameters
    ----------
    hosts
        The venue's own addresses, by environment.
    transport
        How requests leave; one of its own unless given.
    now
        Our clock, aware UTC.
    """

    def __init__(
        self,
        hosts: Mapping[Environment, str],
        transport: "HttpTransport | None" = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._hosts = hosts
        self._transport = transport
        self._now = now
        self._meter = WeightMeter(_WEIGHT_HEADER, now)
        self._places: dict[tuple[str, Environment, str], Place] = {}
        if transport is not None:
            transport.watch(self._meter.observe)

    def address(self, environment: Environment, base_url: str | None) -> str:
        """Return where an environment is asked: at the venue's own address unless another replaces it."""
        return (base_url or self._hosts[environment]).rstrip("/")

    def place(self, family: "Family", environment: Environment, base_url: str | None) -> "Place":
        """Return the place of a market at an address."""
        from shared.brokers.ccxt.binance_place import Place  # noqa: PLC0415 - it loads ccxt
        from shared.brokers.http import HttpTransport  # noqa: PLC0415 - it loads aiohttp

        if self._transport is None:
            self._transport = HttpTransport()
            self._transport.watch(self._meter.observe)
        address = self.address(environment, base_url)
        place = self._places.get((family.name, environment, address))
        if place is None:
            is_live = environment is Environment.LIVE
            place = Place(self._transport, address, family, tells_rights=is_live, now=self._now)
            self._places[family.name, environment, address] = place
        return place

    def used_weight(
        self, environment: Environment, base_url: str | None = None, local_address: str | None = None
    ) -> UsedWeight | None:
        """Return the request weight that the venue said last an address of ours has used in this minute."""
        return self._meter.last(self.address(environment, base_url), local_address)

    async def close(self) -> None:
        """Close the running loop's connections."""
        if self._transport is not None:
            await self._transport.close()

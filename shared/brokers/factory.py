"""From an account's facts to its broker: the one place that knows which adapter serves which venue.

Another venue is one class and its rows, in this tree or outside it: a module that holds `ADAPTER` is
registered by its name.
"""

import importlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from shared.brokers.base import Broker, MarketData
from shared.brokers.capabilities import Capabilities
from shared.brokers.catalogue import VENUES, check_environment
from shared.brokers.codes import Refusal
from shared.brokers.rows import paper
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError
from shared.domain.instruments import AssetClass


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a venue's login takes, opened: a key pair, with a passphrase where it wants one, or an OAuth token.

    It never shows itself.
    """

    api_key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return "Credentials(***)"


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """What opening a broker takes; `base_url` replaces the venue's own address (VENUE_URL_...).

    `local_address` is the one of ours that its requests leave from, None where the system chooses.
    """

    account_id: str
    venue: str
    environment: Environment
    credentials: Credentials | None = None
    base_url: str | None = None
    local_address: str | None = None


class Adapter(Protocol):
    """One venue's doors; an adapter may share connections between the brokers it opens."""

    @property
    def venue(self) -> Venue:
        """The venue's name, environments and capability rows."""
        ...

    def open_broker(self, access: AccountAccess) -> Broker:
        """Open one account; cheap, without a call to the venue."""
        ...

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:
        """Open the venue's public side."""
        ...

    async def close(self) -> None:
        """Release shared connections of the running loop."""
        ...


class BrokerFactory:
    """Opens brokers and market data; paper accounts of every venue go to the paper adapter.

    Parameters
    ----------
    adapters
        By venue name; the one named `paper` serves the paper environment of all venues.
    without_live
        Names of venues that take no real money here, whatever their adapters offer.
    """

    def __init__(self, adapters: Mapping[str, Adapter], without_live: Collection[str] = ()) -> None:
        self._adapters = dict(adapters)
        own = {name: adapter.venue for name, adapter in adapters.items()}
        closed = {name: venue.without_live() for name, venue in own.items() if name in without_live}
        self._venues = {**VENUES, **own, **closed}

    def find_venue(self, name: str) -> Venue:
        """Look a venue up, registered ones included; raises PermanentError(UNKNOWN_VENUE)."""
        venue = self._venues.get(name)
        if venue is None:
            raise PermanentError(Refusal.UNKNOWN_VENUE, f"no venue is called {name!r}")
        return venue

    def own_environments(self) -> list[tuple[str, Environment]]:
        """List the environments that venues run themselves and that an adapter serves here."""
        return [
            (name, environment)
            for name in self._adapters
            for environment in self._venues[name].environments
            if environment is not Environment.PAPER
        ]

    def find_capabilities(
        self, venue: str, environment: Environment, asset_class: AssetClass, quantity: Decimal | None = None
    ) -> Capabilities | None:
        """Find what a venue can do with such a quantity; None where it does not trade the asset class."""
        return self.find_venue(venue).capabilities(environment, asset_class, quantity)

    def open_broker(self, access: AccountAccess) -> Broker:
        """Open an account's broker.

        Raises
        ------
        PermanentError
            UNKNOWN_VENUE, ENVIRONMENT_NOT_OFFERED, or CREDENTIALS_MISSING.
        """
        venue = self.find_venue(access.venue)
        adapter = self._adapter(venue, access.environment)
        is_paper = access.environment is Environment.PAPER
        if access.credentials is None and venue.needs_credentials and not is_paper:
            raise PermanentError(Refusal.CREDENTIALS_MISSING, f"{venue.title} needs a key")
        return adapter.open_broker(access)

    def open_market_data(
        self, venue: str, environment: Environment, base_url: str | None = None
    ) -> MarketData:
        """Open a venue's public side; raises like `open_broker`."""
        adapter = self._adapter(self.find_venue(venue), environment)
        return adapter.open_market_data(environment, base_url)

    async def close(self) -> None:
        """Release what the adapters share on the running loop."""
        for adapter in self._adapters.values():
            await adapter.close()

    def _adapter(self, venue: Venue, environment: Environment) -> Adapter:
        check_environment(venue, environment)
        name = paper.VENUE.name if environment is Environment.PAPER else venue.name
        adapter = self._adapters.get(name)
        if adapter is None:
            raise PermanentError(Refusal.ENVIRONMENT_NOT_OFFERED, f"no adapter serves {name} here")
        return adapter


def load_adapters(module_names: Iterable[str]) -> dict[str, Adapter]:
    """Import modules and take the `ADAPTER` each holds, by venue name.

    Raises
    ------
    PermanentError
        UNKNOWN_VENUE if a module cannot be imported or holds no adapter.
    """
    adapters: dict[str, Adapter] = {}
    for name in module_names:
        try:
            adapter: Adapter = importlib.import_module(name).ADAPTER
        except (ImportError, AttributeError) as error:
            raise PermanentError(Refusal.UNKNOWN_VENUE, f"{name} holds no ADAPTER: {error}") from error
        adapters[adapter.venue.name] = adapter
    return adapters

"""The venues we know and what each can do: data only, so that the web can read it without adapters.

Every venue offers our own paper trading for its asset classes; sandbox and live come with its adapter. What
venues publish of their limits lies beside, in `weights`.
"""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from shared.brokers.base import Capabilities
from shared.brokers.codes import Refusal
from shared.brokers.weights import LIMITS, VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.errors import PermanentError
from shared.domain.instruments import AssetClass


@dataclass(frozen=True, slots=True)
class Venue:
    """One venue: its name in commands and documents, its title on pages, and its capability rows.

    `needs_credentials` is about its own environments; a paper account never needs a key. `quote_asset`
    is what a balance is counted in.
    """

    name: str
    title: str
    environments: tuple[Environment, ...]
    rows: tuple[Capabilities, ...]
    needs_credentials: bool = True
    quote_asset: str = "USDT"

    def offers(self, environment: Environment) -> bool:
        """Tell whether accounts of this environment can be opened."""
        return environment in self.environments

    def limits(self, environment: Environment) -> VenueLimits | None:
        """Return the limits that it publishes; None where it publishes none, and for paper, which is ours."""
        return None if environment is Environment.PAPER else LIMITS.get(self.name)

    def capabilities(self, environment: Environment, asset_class: AssetClass) -> Capabilities | None:
        """Find the row for one environment and asset class; None if it is not traded there."""
        for row in self.rows:
            if row.asset_class is asset_class and environment in row.environments:
                return row
        return None


def paper_row(venue: str, asset_class: AssetClass) -> Capabilities:
    """Describe what our own paper book can do for one asset class of a venue.

    W is 10 s: a submit must commit within its expiry (5 s at most), and a look-up that finds nothing
    makes every submit still under way fail.
    """
    return Capabilities(
        venue=venue,
        asset_class=asset_class,
        takes_expiry=True,
        resolve_after_seconds=10,
        client_id_unique_for_good=False,
        cover=CoverStyle.LINKED,
        shorts=False,
        fractional=asset_class is not AssetClass.OPTION,
        poll_seconds=2.0,
        environments=(Environment.PAPER,),
    )


def _paper_only(name: str, title: str, *asset_classes: AssetClass, needs_credentials: bool = True) -> Venue:
    return Venue(
        name=name,
        title=title,
        environments=(Environment.PAPER,),
        rows=tuple(paper_row(name, asset_class) for asset_class in asset_classes),
        needs_credentials=needs_credentials,
    )


PAPER = _paper_only("paper", "Paper trading", *AssetClass, needs_credentials=False)

_OWN = (Environment.SANDBOX, Environment.LIVE)

_BINANCE = Venue(
    name="binance",
    title="Binance",
    environments=(*PAPER.environments, *_OWN),
    rows=(
        paper_row("binance", AssetClass.CRYPTO),
        Capabilities(
            venue="binance",
            asset_class=AssetClass.CRYPTO,
            takes_expiry=True,
            resolve_after_seconds=30,
            client_id_unique_for_good=False,
            cover=CoverStyle.PAIRED,
            shorts=False,
            fractional=True,
            poll_seconds=2.0,
            environments=_OWN,
            replaces_stops=True,
            # At 20 of 6,000 a minute each, some thousands of accounts take most of an hour.
            balance_max_age_seconds=3600,
        ),
    ),
)

VENUES: dict[str, Venue] = {
    venue.name: venue
    for venue in (
        PAPER,
        _BINANCE,
        _paper_only("coinbase", "Coinbase", AssetClass.CRYPTO),
        _paper_only("alpaca", "Alpaca", AssetClass.STOCK, AssetClass.OPTION, AssetClass.CRYPTO),
    )
}


def list_venues(adapter_modules: Iterable[str] = ()) -> dict[str, Venue]:
    """List all venues by name, with those of adapters registered from outside (VENUE_ADAPTERS).

    Beside an adapter's module lies one named `rows` that holds its `VENUE` and imports no adapter code:
    that one is read here, so that who only needs the data never loads a client.

    Raises
    ------
    PermanentError
        UNKNOWN_VENUE if there is no such module or it holds no venue.
    """
    venues = dict(VENUES)
    for adapter in adapter_modules:
        rows = f"{adapter.rpartition('.')[0]}.rows"
        try:
            venue: Venue = importlib.import_module(rows).VENUE
        except (ImportError, AttributeError, TypeError) as error:
            raise PermanentError(Refusal.UNKNOWN_VENUE, f"{rows} holds no VENUE: {error}") from error
        venues[venue.name] = venue
    return venues


def find_venue(name: str) -> Venue:
    """Look a venue up by its name.

    Raises
    ------
    PermanentError
        UNKNOWN_VENUE.
    """
    venue = VENUES.get(name)
    if venue is None:
        raise PermanentError(Refusal.UNKNOWN_VENUE, f"no venue is called {name!r}")
    return venue


def check_environment(venue: Venue, environment: Environment) -> None:
    """Raise PermanentError(ENVIRONMENT_NOT_OFFERED) where a venue has no such environment."""
    if not venue.offers(environment):
        offered = ", ".join(venue.environments)
        raise PermanentError(
            Refusal.ENVIRONMENT_NOT_OFFERED, f"{venue.title} offers {offered}, not {environment}"
        )

"""A venue as commands, pages and the factory know it: data only."""

from dataclasses import dataclass, replace
from decimal import Decimal

from shared.brokers.capabilities import Capabilities
from shared.brokers.weights import VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass

OWN = (Environment.SANDBOX, Environment.LIVE)
"""The environments that a venue runs itself."""

PAPER_MONEY = "USDT"
"""What our own paper book calls its cash, whichever venue's prices it trades at."""

KEY_PAIR = ("api_key", "secret")
"""What most venues ask for; the others name `passphrase` or `access_token` too."""


@dataclass(frozen=True, slots=True)
class Venue:
    """One venue: its name in commands and documents, its title on pages, and its capability rows.

    `needs_credentials` is about its own environments; a paper account never needs a key. `credentials` are the ways
    to log in, each the names of the fields it takes (those of `factory.Credentials`). `quote_asset` is what a balance
    is counted in at the venue itself. `private_key`: the secret is one, of several lines. `published`: the limits that
    it publishes, None where it publishes none. `key_advice` tells where a key is made there, and what it must not do.
    """

    name: str
    title: str
    environments: tuple[Environment, ...]
    rows: tuple[Capabilities, ...]
    needs_credentials: bool = True
    credentials: tuple[tuple[str, ...], ...] = (KEY_PAIR,)
    quote_asset: str = "USDT"
    private_key: bool = False
    published: VenueLimits | None = None
    key_advice: str = ""

    def offers(self, environment: Environment) -> bool:
        """Tell whether accounts of this environment can be opened."""
        return environment in self.environments

    def without_live(self) -> "Venue":
        """Return the same venue closed to real money: its contract cards were not vouched for."""
        return replace(self, environments=tuple(e for e in self.environments if e is not Environment.LIVE))

    def money(self, environment: Environment) -> str:
        """Return what an account's balance is counted in."""
        return PAPER_MONEY if environment is Environment.PAPER else self.quote_asset

    def limits(self, environment: Environment) -> VenueLimits | None:
        """Return the limits that it publishes; None where it publishes none, and for paper, which is ours."""
        return None if environment is Environment.PAPER else self.published

    def capabilities(
        self, environment: Environment, asset_class: AssetClass, quantity: Decimal | None = None
    ) -> Capabilities | None:
        """Find the row for one environment, asset class and kind of quantity; None if it is not traded there."""
        for row in self.rows:
            is_meant = row.asset_class is asset_class and environment in row.environments
            if is_meant and row.is_about(quantity):
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


def paper_only(
    name: str,
    title: str,
    *asset_classes: AssetClass,
    needs_credentials: bool = True,
    quote_asset: str = "USDT",
) -> Venue:
    """Describe a venue that is traded on paper only."""
    return Venue(
        name=name,
        title=title,
        environments=(Environment.PAPER,),
        rows=tuple(paper_row(name, asset_class) for asset_class in asset_classes),
        needs_credentials=needs_credentials,
        quote_asset=quote_asset,
    )

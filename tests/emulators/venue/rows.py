"""The emulated venue's entry for the catalogue: data only."""

from shared.brokers.capabilities import Capabilities
from shared.brokers.venue import OWN, Venue, paper_row
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass

VENUE = Venue(
    name="testvenue",
    title="Test venue",
    environments=(Environment.PAPER, *OWN),
    rows=(
        paper_row("testvenue", AssetClass.CRYPTO),
        Capabilities(
            venue="testvenue",
            asset_class=AssetClass.CRYPTO,
            takes_expiry=True,
            # Its expiry is 5 s at most, its look-ups lag by 5 s at most, clocks differ by little.
            resolve_after_seconds=15,
            client_id_unique_for_good=False,
            cover=CoverStyle.LINKED,
            shorts=False,
            fractional=True,
            poll_seconds=2.0,
            environments=OWN,
        ),
    ),
)

"""The inside venues' entries: data only."""

from decimal import Decimal

from shared.brokers.capabilities import Capabilities
from shared.brokers.venue import OWN, Venue
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass


def _venue(
    name: str, cover: CoverStyle, *, max_leverage: int = 1, stop_limit: Decimal | None = None
) -> Venue:
    is_margined = max_leverage > 1
    row = Capabilities(
        venue=name,
        asset_class=AssetClass.CRYPTO,
        takes_expiry=True,
        resolve_after_seconds=15,
        client_id_unique_for_good=False,
        cover=cover,
        shorts=is_margined,
        fractional=True,
        poll_seconds=2.0,
        environments=OWN,
        trails=is_margined,
        max_leverage=max_leverage,
        stop_limit_percent=stop_limit,
    )
    return Venue(name=name, title=name, environments=OWN, rows=(row,))


MARGIN = _venue("marginvenue", CoverStyle.REDUCE_ONLY, max_leverage=50)
SINGLE = _venue("singlevenue", CoverStyle.SINGLE, stop_limit=Decimal(2))
MANAGED = _venue("managedvenue", CoverStyle.MANAGED)

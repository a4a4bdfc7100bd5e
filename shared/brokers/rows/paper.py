"""Our own paper book, for whoever has no venue yet."""

from shared.brokers.venue import paper_only
from shared.domain.instruments import AssetClass

VENUE = paper_only("paper", "Paper trading", *AssetClass, needs_credentials=False)

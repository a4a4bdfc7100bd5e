"""Coinbase, on paper."""

from shared.brokers.venue import paper_only
from shared.domain.instruments import AssetClass

VENUE = paper_only("coinbase", "Coinbase", AssetClass.CRYPTO)

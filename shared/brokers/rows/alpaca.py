"""Alpaca, on paper."""

from shared.brokers.venue import paper_only
from shared.domain.instruments import AssetClass

VENUE = paper_only("alpaca", "Alpaca", AssetClass.STOCK, AssetClass.OPTION, AssetClass.CRYPTO)

"""The adapters of this tree, by venue: importing one costs nothing, client libraries are loaded with the first door."""

from collections.abc import Mapping

from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.factory import Adapter


def own_adapters() -> Mapping[str, Adapter]:
    """Make one adapter for each venue that this tree trades at."""
    return {adapter.venue.name: adapter for adapter in (BinanceAdapter(), BinanceFuturesAdapter())}

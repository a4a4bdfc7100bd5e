"""The adapters of this tree, by venue: importing one costs nothing, client libraries are loaded with the first door."""

from collections.abc import Callable, Mapping

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.kucoin import KucoinAdapter
from shared.brokers.factory import Adapter, Credentials
from shared.brokers.venue import OWN

MarketKey = Callable[[str, str], tuple[str, str] | None]
"""The installation's own key for prices, by venue and environment; None where it has none."""


def own_adapters(market_key: MarketKey = lambda *_: None) -> Mapping[str, Adapter]:
    """Make one adapter for each venue that this tree trades at."""
    keys = {
        name: {where: Credentials(*key) for where in OWN if (key := market_key(name, where))}
        for name in ("alpaca", "coinbase")
    }
    adapters = (
        BinanceAdapter(),
        BinanceFuturesAdapter(),
        AlpacaAdapter(keys["alpaca"]),
        CoinbaseAdapter(keys["coinbase"]),
        KucoinAdapter(),
    )
    return {adapter.venue.name: adapter for adapter in adapters}

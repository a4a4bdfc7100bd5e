"""The emulated venues that a house can have beside it, by our names of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulators.alpaca.control import AlpacaControl
from tests.emulators.binance.control import BinanceControl
from tests.emulators.binance_futures.control import BinanceFuturesControl
from tests.emulators.coinbase.control import CoinbaseControl
from tests.emulators.open_alpaca.adapter import PRICES
from tests.emulators.venue.control import VenueControl


@dataclass(frozen=True)
class EmulatedVenue:
    """One venue: the emulator that plays it, the hand on it, and how the product is pointed at it.

    `environment` is the venue's own in which accounts trade; `adapter` a module from outside the tree, where the
    product's own does not serve it as it is. `prepare` is called once it listens.
    """

    name: str
    emulator: str
    control: Callable[[str], Any]
    environment: str = "sandbox"
    adapter: str = ""
    prepare: Callable[[Any], None] = lambda control: None

    def settings(self, url: str) -> dict[str, str]:
        """Return the environment's variable that names its address."""
        return {f"VENUE_URL_{self.name}_{self.environment}".upper(): url}


def _open_price_account(control: AlpacaControl) -> None:
    control.create_account(PRICES.api_key, PRICES.secret, cash="0")


TEST_VENUE = EmulatedVenue("testvenue", "venue", VenueControl, adapter="tests.emulators.venue.adapter")
BINANCE = EmulatedVenue("binance", "binance", BinanceControl)
BINANCE_FUTURES = EmulatedVenue("binance_futures", "binance_futures", BinanceFuturesControl)
COINBASE = EmulatedVenue("coinbase", "coinbase", CoinbaseControl, environment="live")
ALPACA = EmulatedVenue(
    "alpaca",
    "alpaca",
    AlpacaControl,
    adapter="tests.emulators.open_alpaca.adapter",
    prepare=_open_price_account,
)

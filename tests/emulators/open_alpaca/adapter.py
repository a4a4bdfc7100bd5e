"""Alpaca's own adapter with those rows; the key for prices is that of the emulator's first account."""

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.factory import Credentials
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from tests.emulators.open_alpaca.rows import VENUE

PRICES = Credentials("prices", "secret-of-prices")
"""The account that whoever starts the emulator must create there."""


class OpenAlpacaAdapter(AlpacaAdapter):
    """Opens the same doors."""

    @property
    def venue(self) -> Venue:
        return VENUE


ADAPTER = OpenAlpacaAdapter(dict.fromkeys((Environment.SANDBOX, Environment.LIVE), PRICES))

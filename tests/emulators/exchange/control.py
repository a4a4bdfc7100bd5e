"""What tests hold in their hands of an exchange: the same as of Binance's; a venue names its module."""

from tests.emulators.binance.control import BinanceControl, BinanceProcess


class ExchangeControl(BinanceControl):
    """Moves prices, scripts partial fills, orders faults and reads the log. Amounts are text."""


class ExchangeProcess(BinanceProcess):
    """A venue as our child; a restart keeps its port and its state."""

    @property
    def control(self) -> ExchangeControl:
        return ExchangeControl(self.url)

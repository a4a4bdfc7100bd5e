"""What tests hold in their hands: the venue's process and its control side."""

from tests.emulators.exchange.control import ExchangeProcess


class KucoinProcess(ExchangeProcess):
    """The venue as our child; a restart keeps its port and its state."""

    module = "tests.emulators.kucoin"

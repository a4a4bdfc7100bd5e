"""What tests hold in their hands of Coinbase: its process and its control side, and keys as it hands them out."""

from typing import Any

from tests.emulators.coinbase.tokens import private_pem
from tests.emulators.exchange.control import ExchangeControl, ExchangeProcess


class CoinbaseControl(ExchangeControl):
    """Moves prices, scripts partial fills, orders faults and reads the log. Amounts are text."""

    def issue_key(self, key: str, *, token: str = "", **account: Any) -> str:
        """Create an account and return its private key; an OAuth `token` opens it too."""
        self.create_account(key, f"seed of {key}", passphrase=token, **account)
        return private_pem(f"seed of {key}".encode())


class CoinbaseProcess(ExchangeProcess):
    """The venue as our child; a restart keeps its port and its state."""

    module = "tests.emulators.coinbase"

    @property
    def control(self) -> CoinbaseControl:
        return CoinbaseControl(self.url)

"""What tests hold in their hands: the market's process, and a client for its `/_control` side."""

from typing import Any

from tests.emulators.binance.control import BinanceControl, BinanceProcess


class BinanceFuturesControl(BinanceControl):
    """The control of the spot market, with positions' terms, funding and books. Amounts are text."""

    def pay_funding(self, symbol: str, rate: str) -> None:
        """Let every position of a contract pay this share of its value; below zero those that are long receive."""
        self._send("POST", "funding", {"symbol": symbol, "rate": rate})

    def set_terms(self, key: str, symbol: str, **terms: Any) -> None:
        """Set `leverage` and `is_isolated` of an account's contract, whatever forbids it."""
        self._send("POST", "terms", {"key": key, "symbol": symbol, **terms})

    def books(self, key: str) -> dict[str, str]:
        """What moved an account's wallet, kind by kind, and the wallet."""
        found: dict[str, dict[str, str]] = self._send("GET", f"books?key={key}")
        return found[key]


class BinanceFuturesProcess(BinanceProcess):
    """The market as our child; a restart keeps its port and its state."""

    module = "tests.emulators.binance_futures"

    @property
    def control(self) -> BinanceFuturesControl:
        return BinanceFuturesControl(self.url)

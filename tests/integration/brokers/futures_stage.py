"""The emulated futures of Binance as a stage, and what its cards ask of positions."""

import uuid
from typing import Any

from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.binance_futures_broker import BinanceFuturesBroker
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.brokers.http import HttpTransport
from shared.brokers.margin import PositionReport
from shared.domain.accounts import Environment
from tests.emulators.binance_futures.control import BinanceFuturesControl, BinanceFuturesProcess
from tests.integration.brokers.stages import CASH, BinanceStage, take_number


class FuturesStage(BinanceStage):
    """One account whose positions share the wallet and are paid for in full, until a card says otherwise."""

    shorts = True
    _process: BinanceFuturesProcess

    def __init__(self, process: BinanceFuturesProcess, transport: HttpTransport | None = None) -> None:
        self._process = process
        self.symbol = f"S{take_number():03d}/USDT"
        self.key = f"card-{uuid.uuid4().hex[:12]}"
        self.adapter = BinanceFuturesAdapter(transport)
        process.control.create_account(self.key, "secret", USDT=str(CASH))
        self.control.set_price(self.venue_symbol, "100")
        self.control.set_terms(self.key, self.symbol, leverage=1)

    @property
    def control(self) -> BinanceFuturesControl:
        return self._process.control

    def open_broker(
        self, environment: Environment = Environment.LIVE, **changes: Any
    ) -> BinanceFuturesBroker:
        fields: dict[str, Any] = {
            "account_id": "account",
            "venue": "binance_futures",
            "environment": environment,
            "credentials": Credentials(self.key, "secret"),
            "base_url": self._process.url,
        }
        factory = BrokerFactory({"binance_futures": self.adapter})
        broker = factory.open_broker(AccountAccess(**{**fields, **changes}))
        assert isinstance(broker, BinanceFuturesBroker)
        return broker

    async def position(self) -> PositionReport | None:
        """The account's position in the card's contract, as a process that has just started reads it."""
        found = await self.open_broker().fetch_positions(self.symbol)
        return found[0] if found else None

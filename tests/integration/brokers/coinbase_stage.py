"""The emulated Coinbase as a stage: one account, and a product that is the card's own."""

import uuid
from decimal import Decimal
from typing import Any

from shared.brokers.base import MarketData
from shared.brokers.capabilities import Capabilities
from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.brokers.http import HttpTransport
from shared.domain.accounts import Environment
from shared.domain.instruments import AssetClass
from shared.domain.orders import OrderRequest
from tests.emulators.coinbase.control import CoinbaseControl, CoinbaseProcess
from tests.integration.brokers.stages import CASH, take_number

FEE = Decimal("0.006")


class CoinbaseStage:
    """One account at the emulated Coinbase; what is bought is received in whole, fees are paid in dollars."""

    shorts = False

    def __init__(self, process: CoinbaseProcess, transport: HttpTransport | None = None) -> None:
        self.process = process
        self.symbol = f"S{take_number():03d}/USD"
        self.key = f"organizations/o/apiKeys/{uuid.uuid4()}"
        self.token = f"oauth-{uuid.uuid4().hex}"
        self.adapter = CoinbaseAdapter(transport=transport)
        self.secret = self.control.issue_key(self.key, token=self.token, USD=str(CASH))
        self.control.set_price(self.symbol, "100")

    @property
    def control(self) -> CoinbaseControl:
        return self.process.control

    @property
    def product(self) -> str:
        return self.symbol.replace("/", "-")

    @property
    def asset(self) -> str:
        return self.symbol.partition("/")[0]

    @property
    def row(self) -> Capabilities:
        """The row that says what this stage can do."""
        found = self.adapter.venue.capabilities(Environment.LIVE, AssetClass.CRYPTO)
        assert found is not None
        return found

    def open_broker(self, **changes: Any) -> CoinbaseBroker:
        fields: dict[str, Any] = {
            "account_id": "account",
            "venue": "coinbase",
            "environment": Environment.LIVE,
            "credentials": Credentials(self.key, self.secret),
            "base_url": self.process.url,
        }
        broker = BrokerFactory({"coinbase": self.adapter}).open_broker(AccountAccess(**{**fields, **changes}))
        assert isinstance(broker, CoinbaseBroker)
        return broker

    def open_market_data(self) -> MarketData:
        return self.adapter.open_market_data(Environment.LIVE, self.process.url)

    async def set_price(self, price: str) -> None:
        self.control.set_price(self.symbol, price)

    async def requote(self) -> None:
        self.control.tick(self.symbol)

    def fill_next_partly(self) -> None:
        self.control.fill_partly("0.5", symbol=self.symbol)

    async def restart(self) -> None:
        self.process.restart()

    def counted(self, request: OrderRequest) -> tuple[int, int]:
        """How often an order reached the venue and how often it was accepted, by the venue's log."""
        summary, name = self.control.summary(), f"{self.key}:{request.client_order_id}"
        return summary["submits_by_client_id"].get(name, 0), summary["orders_by_client_id"].get(name, 0)

    async def close(self) -> None:
        self.control.clear_faults()
        await self.adapter.close()

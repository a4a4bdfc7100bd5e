"""The emulated KuCoin as a stage; its numbered symbols are the cards' own."""

import uuid
from typing import Any

from shared.brokers.base import MarketData
from shared.brokers.ccxt.kucoin import KucoinAdapter
from shared.brokers.ccxt.kucoin_broker import KucoinBroker
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.brokers.http import HttpTransport
from shared.domain.accounts import Environment
from shared.domain.orders import OrderRequest
from tests.emulators.exchange.control import ExchangeControl
from tests.emulators.kucoin.control import KucoinProcess
from tests.integration.brokers.stages import CASH, take_number


class KucoinStage:
    """One account of the live environment, whose address the emulator's replaces."""

    name = "kucoin"
    shorts = False

    def __init__(self, process: KucoinProcess, transport: HttpTransport | None = None) -> None:
        self.process = process
        self.symbol = f"S{take_number():03d}/USDT"
        self.key = f"card-{uuid.uuid4().hex[:12]}"
        self.adapter = KucoinAdapter(transport)
        self.control.create_account(self.key, "secret", passphrase="phrase", USDT=str(CASH))
        self.control.set_price(self.symbol, "100")

    @property
    def control(self) -> ExchangeControl:
        return self.process.control

    @property
    def venue_symbol(self) -> str:
        return self.symbol.replace("/", "-")

    def open_broker(self, **changes: Any) -> KucoinBroker:
        fields: dict[str, Any] = {
            "account_id": "account",
            "venue": "kucoin",
            "environment": Environment.LIVE,
            "credentials": Credentials(self.key, "secret", "phrase"),
            "base_url": self.process.url,
        }
        broker = BrokerFactory({"kucoin": self.adapter}).open_broker(AccountAccess(**{**fields, **changes}))
        assert isinstance(broker, KucoinBroker)
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

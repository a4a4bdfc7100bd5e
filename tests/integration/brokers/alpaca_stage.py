"""The emulated Alpaca as a stage: an account that trades one family of assets, in quantities that suit it."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.base import MarketData
from shared.brokers.capabilities import Capabilities
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.domain.accounts import Environment
from shared.domain.instruments import AssetClass
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.emulators.alpaca.control import AlpacaControl, AlpacaProcess
from tests.integration.brokers.stages import utc_now

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Kind:
    """One row of Alpaca's: what a card trades, and in which quantities.

    `unit` is what a card calls one; `off_lot` a quantity that is not traded; `tiny` one worth less than the least
    value; `units` how many a quantity of one stands for.
    """

    name: str
    asset_class: AssetClass
    symbol: str
    unit: Decimal
    off_lot: Decimal
    tiny: Decimal
    longest: TimeInForce = TimeInForce.GTC
    units: int = 1
    fee: Decimal = Decimal(0)


WHOLE = Kind("whole", AssetClass.STOCK, "W{:03d}", Decimal(1), Decimal("1.0005"), Decimal(1))
FRACTION = Kind(
    "fraction",
    AssetClass.STOCK,
    "F{:03d}",
    # Nine decimals: what leaves must be written as exactly as this.
    Decimal("0.123456788"),
    Decimal("1.0000000005"),
    Decimal("0.001"),
    TimeInForce.DAY,
)
CRYPTO = Kind(
    "crypto",
    AssetClass.CRYPTO,
    "C{:03d}/USD",
    Decimal(1),
    Decimal("1.0005"),
    Decimal("0.001"),
    fee=Decimal("0.0025"),
)
OPTION = Kind(
    "option",
    AssetClass.OPTION,
    "OPT270115C{:08d}",
    Decimal(1),
    Decimal("1.0005"),
    Decimal(1),
    TimeInForce.DAY,
    units=100,
)
KINDS = (WHOLE, FRACTION, CRYPTO, OPTION)


class AlpacaStage:
    """One account at the emulated Alpaca; its symbol is the card's own."""

    def __init__(self, process: AlpacaProcess, kind: Kind = WHOLE, **timeouts: float) -> None:
        self.process = process
        self.kind = kind
        self.symbol = kind.symbol.format(next(_numbers))
        self.key = f"card-{uuid.uuid4().hex[:12]}"
        self.token = f"token-{self.key}"
        self.cash = Decimal(10_000 * kind.units)
        keys = {Environment.SANDBOX: Credentials(self.key, "secret")}
        self.adapter = AlpacaAdapter(keys, **timeouts)
        self.control.create_account(self.key, "secret", cash=str(self.cash), token=self.token)
        self.control.set_price(self.symbol, "100")

    @property
    def control(self) -> AlpacaControl:
        return self.process.control

    @property
    def row(self) -> Capabilities:
        """The row that says what this stage can do."""
        found = self.adapter.venue.capabilities(Environment.SANDBOX, self.kind.asset_class, self.kind.unit)
        assert found is not None
        return found

    @property
    def asset(self) -> str:
        """How a balance calls what is traded."""
        return self.symbol.partition("/")[0]

    def open_broker(self, **changes: Any) -> AlpacaBroker:
        fields: dict[str, Any] = {
            "account_id": "account",
            "venue": "alpaca",
            "environment": Environment.SANDBOX,
            "credentials": Credentials(self.key, "secret"),
            "base_url": self.process.url,
        }
        broker = BrokerFactory({"alpaca": self.adapter}).open_broker(AccountAccess(**{**fields, **changes}))
        assert isinstance(broker, AlpacaBroker)
        return broker

    def open_market_data(self) -> MarketData:
        return self.adapter.open_market_data(Environment.SANDBOX, self.process.url)

    def set_price(self, price: str) -> None:
        self.control.set_price(self.symbol, price)

    def counted(self, request: OrderRequest) -> tuple[int, int]:
        """How often an order reached the venue and how often it was accepted, by the venue's log."""
        summary, name = self.control.summary(), f"{self.key}:{request.client_order_id}"
        return summary["submits_by_client_id"].get(name, 0), summary["orders_by_client_id"].get(name, 0)

    async def close(self) -> None:
        self.control.clear_faults()
        await self.adapter.close()


def an_order(stage: AlpacaStage, **changes: Any) -> OrderRequest:
    """A market buy of one unit with an id of its own, changed as the card wants."""
    fields: dict[str, Any] = {
        "client_order_id": uuid.uuid4().hex,
        "symbol": stage.symbol,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "time_in_force": stage.kind.longest,
        "quantity": stage.kind.unit,
        "send_before": utc_now() + timedelta(seconds=5),
    }
    return OrderRequest(**{**fields, **changes})


def a_limit(stage: AlpacaStage, side: Side, price: str, **changes: Any) -> OrderRequest:
    return an_order(
        stage, **{"side": side, "order_type": OrderType.LIMIT, "limit_price": Decimal(price), **changes}
    )


def a_stop(stage: AlpacaStage, side: Side, price: str, **changes: Any) -> OrderRequest:
    return an_order(
        stage, **{"side": side, "order_type": OrderType.STOP, "stop_price": Decimal(price), **changes}
    )

"""An account whose requests a recorder notes, and the orders it sends there."""

from decimal import Decimal
from typing import Any

from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.orders import OrderLookup, OrderPair, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.recorder import KEY, SECRET, Recorded, Recorder

ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
OTHER = "f" * 32
LOOKUP = OrderLookup(ID, "BTC/USDT")
ORDER = "POST /api/v3/order"


def open_broker(
    adapter: BinanceAdapter, venue: Recorder, environment: Environment = Environment.LIVE, **changes: Any
) -> BinanceBroker:
    access = AccountAccess("account", "binance", environment, Credentials(KEY, SECRET), venue.url, **changes)
    found = adapter.open_broker(access)
    assert isinstance(found, BinanceBroker)
    return found


def an_order(symbol: str = "BTC/USDT", **changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "client_order_id": ID,
        "symbol": symbol,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal("0.00500"),
    }
    return OrderRequest(**{**fields, **changes})


def a_stop(symbol: str, side: Side, price: str, **changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {"order_type": OrderType.STOP, "stop_price": Decimal(price), "side": side}
    return an_order(symbol, **{**fields, **changes})


def a_pair(symbol: str, side: Side, stop: str, target: str) -> OrderPair:
    return OrderPair(
        "pair-1",
        a_stop(symbol, side, stop, quantity=Decimal(2)),
        an_order(
            symbol,
            client_order_id=OTHER,
            side=side,
            order_type=OrderType.LIMIT,
            limit_price=Decimal(target),
            quantity=Decimal(2),
        ),
    )


def assert_signed(request: Recorded) -> None:
    assert request.key == KEY
    assert request.is_signed_with(SECRET)
    assert not request.is_signed_with("another")

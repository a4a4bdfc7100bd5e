"""An account of futures whose requests a recorder notes, and answers in the words of that market."""

from collections.abc import Callable
from typing import Any

from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.binance_futures_broker import BinanceFuturesBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from tests.integration.brokers.recorder import AT, KEY, SECRET, Recorded, Recorder

ORDER = "POST /fapi/v1/order"
ALGO = "POST /fapi/v1/algoOrder"


def open_futures(
    adapter: BinanceFuturesAdapter,
    venue: Recorder,
    environment: Environment = Environment.LIVE,
    **changes: Any,
) -> BinanceFuturesBroker:
    access = AccountAccess(
        "account", "binance_futures", environment, Credentials(KEY, SECRET), venue.url, **changes
    )
    found = adapter.open_broker(access)
    assert isinstance(found, BinanceFuturesBroker)
    return found


def exchange_info() -> dict[str, Any]:
    """One perpetual, and contracts that are not ours: one that expires, one paid in another asset, one of a share."""
    return {
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1100},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 250},
        ],
        "symbols": [
            contract("BTC"),
            contract("OLD", status="SETTLING"),
            contract("BTC", symbol="BTCUSDT_261225", contractType="CURRENT_QUARTER"),
            contract("ETH", symbol="ETHUSDC", quoteAsset="USDC", marginAsset="USDC"),
            contract("XAU", contractType="TRADIFI_PERPETUAL"),
        ],
    }


def contract(base: str, **changes: Any) -> dict[str, Any]:
    """One contract of `exchangeInfo`, as far as anybody reads it."""
    return {
        "symbol": f"{base}USDT",
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.10", "maxPrice": "1000000", "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "100"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP_MARKET"],
        **changes,
    }


def order(order_id: int = 28, **changes: Any) -> dict[str, Any]:
    """An order as answers, look-ups and lists show it."""
    return {
        "orderId": order_id,
        "symbol": "BTCUSDT",
        "status": "NEW",
        "clientOrderId": f"client-{order_id}",
        "price": "60000.0",
        "avgPrice": "0.00",
        "origQty": "0.500",
        "executedQty": "0.000",
        "cumQty": "0.000",
        "cumQuote": "0.000",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "reduceOnly": False,
        "side": "BUY",
        "positionSide": "BOTH",
        "time": AT,
        "updateTime": AT + 1500,
        **changes,
    }


def algo(algo_id: int = 2_146_760, **changes: Any) -> dict[str, Any]:
    """An order that waits, as answers, look-ups and lists show it."""
    return {
        "algoId": algo_id,
        "clientAlgoId": f"client-{algo_id}",
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": "0.500",
        "algoStatus": "NEW",
        "actualOrderId": "",
        "triggerPrice": "55000.0",
        "price": "0.0",
        "reduceOnly": True,
        "createTime": AT,
        "updateTime": AT + 1500,
        "triggerTime": 0,
        "goodTillDate": 0,
        **changes,
    }


def placing(**changes: Any) -> Callable[[Recorded], dict[str, Any]]:
    """Answer every new order of either kind like this."""

    def answer(sent: Recorded) -> dict[str, Any]:
        own = sent.params.get("clientAlgoId")
        if own is not None:
            return algo(clientAlgoId=own, quantity=sent.params["quantity"], **changes)
        return order(
            clientOrderId=sent.params["newClientOrderId"], origQty=sent.params["quantity"], **changes
        )

    return answer


def traded(trade_id: int = 57, order_id: int = 28, **changes: Any) -> dict[str, Any]:
    """An execution as `userTrades` shows it."""
    return {
        "symbol": "BTCUSDT",
        "id": trade_id,
        "orderId": order_id,
        "side": "BUY",
        "price": "60000.0",
        "qty": "0.200",
        "realizedPnl": "1.25",
        "quoteQty": "12000.0",
        "commission": "4.8",
        "commissionAsset": "USDT",
        "time": AT + 1000,
        "positionSide": "BOTH",
        "buyer": True,
        "maker": False,
        **changes,
    }

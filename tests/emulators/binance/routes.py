"""The endpoints: who may call each, what it weighs, which parameters it reads. Weights are the published ones."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.emulators.binance import market_data, queries
from tests.emulators.binance.forms import Params

Weight = int | Callable[[Params], int]

NONE, USER_DATA, TRADE = "NONE", "USER_DATA", "TRADE"
SIGNED = frozenset({"timestamp", "recvWindow"})


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint; `orders` is what a success adds to the account's count of unfilled orders."""

    security: str
    weight: Weight
    names: frozenset[str]
    orders: int = 0

    def weighs(self, params: Params) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(params)


def _public(weight: Weight, names: str = "") -> Route:
    return Route(NONE, weight, frozenset(names.split()))


def _asks(weight: Weight, names: str = "") -> Route:
    return Route(USER_DATA, weight, SIGNED | set(names.split()))


def _trades(names: str, orders: int = 0, weight: Weight = 1) -> Route:
    return Route(TRADE, weight, SIGNED | set(names.split()), orders)


def per_symbol(single: int, several: int) -> Callable[[Params], int]:
    """What one symbol weighs, and what all of them do."""
    return lambda params: single if "symbol" in params else several


_ORDER = (
    "symbol side type timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType stopPrice "
    "trailingDelta icebergQty newOrderRespType selfTradePreventionMode"
)
_LEG = "Type ClientOrderId IcebergQty Price StopPrice TrailingDelta TimeInForce StrategyId StrategyType"
_PAIR = "symbol side quantity listClientOrderId newOrderRespType selfTradePreventionMode " + " ".join(
    f"{prefix}{name}" for prefix in ("above", "below") for name in _LEG.split()
)
_SPAN = "startTime endTime limit"

ROUTES: dict[str, Route] = {
    "GET /api/v3/ping": _public(1),
    "GET /api/v3/time": _public(1),
    "GET /api/v3/exchangeInfo": _public(20, "symbol symbols permissions showPermissionSets symbolStatus"),
    "GET /api/v3/ticker/bookTicker": _public(per_symbol(2, 4), "symbol symbols symbolStatus"),
    "GET /api/v3/ticker/price": _public(per_symbol(2, 4), "symbol symbols symbolStatus"),
    "GET /api/v3/klines": _public(2, f"symbol interval timeZone {_SPAN}"),
    "POST /api/v3/order": _trades(_ORDER, orders=1),
    "POST /api/v3/order/test": _trades(
        f"{_ORDER} computeCommissionRates",
        weight=lambda params: 20 if "computeCommissionRates" in params else 1,
    ),
    "DELETE /api/v3/order": _trades("symbol orderId origClientOrderId newClientOrderId cancelRestrictions"),
    "DELETE /api/v3/openOrders": _trades("symbol"),
    "POST /api/v3/order/cancelReplace": _trades(
        f"{_ORDER} cancelReplaceMode cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId "
        "cancelRestrictions orderRateLimitExceededMode",
        orders=1,
    ),
    "PUT /api/v3/order/amend/keepPriority": _trades(
        "symbol orderId origClientOrderId newClientOrderId newQty", weight=4
    ),
    "POST /api/v3/orderList/oco": _trades(_PAIR, orders=2),
    "DELETE /api/v3/orderList": _trades("symbol orderListId listClientOrderId newClientOrderId"),
    "GET /api/v3/order": _asks(4, "symbol orderId origClientOrderId"),
    "GET /api/v3/openOrders": _asks(per_symbol(6, 80), "symbol"),
    "GET /api/v3/allOrders": _asks(20, f"symbol orderId {_SPAN}"),
    "GET /api/v3/orderList": _asks(4, "orderListId origClientOrderId"),
    "GET /api/v3/openOrderList": _asks(6),
    "GET /api/v3/allOrderList": _asks(20, f"fromId {_SPAN}"),
    "GET /api/v3/myTrades": _asks(
        lambda params: 5 if "orderId" in params else 20, f"symbol orderId fromId {_SPAN}"
    ),
    "GET /api/v3/account": _asks(20, "omitZeroBalances"),
    "GET /api/v3/rateLimit/order": _asks(40),
    # The other API family has limits of its own, so wide that they are not modelled.
    "GET /sapi/v1/account/apiRestrictions": _asks(0),
}

PUBLIC = {
    "GET /api/v3/ping": lambda book, params, now: {},
    "GET /api/v3/time": lambda book, params, now: {"serverTime": now},
    "GET /api/v3/exchangeInfo": market_data.exchange_info,
    "GET /api/v3/ticker/bookTicker": market_data.book_ticker,
    "GET /api/v3/ticker/price": market_data.price_ticker,
    "GET /api/v3/klines": market_data.candles,
}

QUERIES = {
    "GET /api/v3/order": queries.show_order,
    "GET /api/v3/openOrders": queries.open_orders,
    "GET /api/v3/allOrders": queries.all_orders,
    "GET /api/v3/orderList": queries.show_pair,
    "GET /api/v3/openOrderList": queries.open_pairs,
    "GET /api/v3/allOrderList": queries.all_pairs,
    "GET /api/v3/myTrades": queries.my_trades,
    "GET /api/v3/account": queries.show_account,
    "GET /sapi/v1/account/apiRestrictions": queries.show_rights,
}

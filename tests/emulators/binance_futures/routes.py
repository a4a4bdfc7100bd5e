"""The endpoints of futures: who may call each, what it weighs, which parameters it reads."""

from tests.emulators.binance.market_data import book_ticker, price_ticker
from tests.emulators.binance.routes import NONE, SIGNED, TRADE, USER_DATA, Route, Weight, per_symbol
from tests.emulators.binance_futures import market_data, queries

_SPAN = "startTime endTime limit"
_ORDER = (
    "symbol side positionSide type timeInForce quantity reduceOnly price newClientOrderId newOrderRespType"
)
_ALGO = (
    "algoType symbol side positionSide type timeInForce quantity price triggerPrice workingType priceProtect "
    "reduceOnly activatePrice callbackRate clientAlgoId newOrderRespType"
)


def _public(weight: Weight, names: str = "") -> Route:
    return Route(NONE, weight, frozenset(names.split()))


def _asks(weight: Weight, names: str = "") -> Route:
    return Route(USER_DATA, weight, SIGNED | set(names.split()))


def _trades(names: str, orders: int = 0, weight: Weight = 1) -> Route:
    return Route(TRADE, weight, SIGNED | set(names.split()), orders)


ROUTES: dict[str, Route] = {
    "GET /fapi/v1/ping": _public(1),
    "GET /fapi/v1/time": _public(1),
    "GET /fapi/v1/exchangeInfo": _public(1),
    "GET /fapi/v1/ticker/bookTicker": _public(per_symbol(2, 5), "symbol"),
    "GET /fapi/v1/ticker/price": _public(per_symbol(1, 2), "symbol"),
    "POST /fapi/v1/order": _trades(_ORDER, orders=1, weight=0),
    "DELETE /fapi/v1/order": _trades("symbol orderId origClientOrderId"),
    "DELETE /fapi/v1/allOpenOrders": _trades("symbol"),
    "POST /fapi/v1/algoOrder": _trades(_ALGO, orders=1, weight=0),
    "DELETE /fapi/v1/algoOrder": _trades("algoId clientAlgoId"),
    "POST /fapi/v1/leverage": _trades("symbol leverage"),
    "POST /fapi/v1/marginType": _trades("symbol marginType"),
    "POST /fapi/v1/positionSide/dual": _trades("dualSidePosition"),
    "GET /fapi/v1/order": _asks(1, "symbol orderId origClientOrderId"),
    "GET /fapi/v1/openOrders": _asks(per_symbol(1, 40), "symbol"),
    "GET /fapi/v1/allOrders": _asks(5, f"symbol orderId {_SPAN}"),
    "GET /fapi/v1/algoOrder": _asks(1, "algoId clientAlgoId"),
    "GET /fapi/v1/openAlgoOrders": _asks(per_symbol(1, 40), "symbol algoType algoId"),
    "GET /fapi/v1/allAlgoOrders": _asks(5, f"symbol algoId page {_SPAN}"),
    "GET /fapi/v1/userTrades": _asks(5, f"symbol orderId fromId {_SPAN}"),
    "GET /fapi/v3/balance": _asks(5),
    "GET /fapi/v3/positionRisk": _asks(5, "symbol"),
    "GET /fapi/v1/symbolConfig": _asks(5, "symbol"),
    "GET /fapi/v1/accountConfig": _asks(5),
    "GET /fapi/v1/leverageBracket": _asks(1, "symbol"),
    "GET /fapi/v1/income": _asks(30, f"symbol incomeType page {_SPAN}"),
    "GET /sapi/v1/account/apiRestrictions": _asks(0),
    # The time of the spot address, beside which those rights are told.
    "GET /api/v3/time": _public(1),
}

PUBLIC = {
    "GET /fapi/v1/ping": lambda book, params, now: {},
    "GET /fapi/v1/time": lambda book, params, now: {"serverTime": now},
    "GET /api/v3/time": lambda book, params, now: {"serverTime": now},
    "GET /fapi/v1/exchangeInfo": market_data.exchange_info,
    "GET /fapi/v1/ticker/bookTicker": book_ticker,
    "GET /fapi/v1/ticker/price": price_ticker,
}

QUERIES = {
    "GET /fapi/v1/order": queries.show_order,
    "GET /fapi/v1/openOrders": queries.open_orders,
    "GET /fapi/v1/allOrders": queries.all_orders,
    "GET /fapi/v1/algoOrder": queries.show_algo,
    "GET /fapi/v1/openAlgoOrders": queries.open_algos,
    "GET /fapi/v1/allAlgoOrders": queries.all_algos,
    "GET /fapi/v1/userTrades": queries.user_trades,
    "GET /fapi/v3/balance": queries.balances,
    "GET /fapi/v3/positionRisk": queries.positions,
    "GET /fapi/v1/symbolConfig": queries.symbol_config,
    "GET /fapi/v1/accountConfig": queries.account_config,
    "GET /fapi/v1/leverageBracket": queries.brackets,
    "GET /fapi/v1/income": queries.incomes,
    "GET /sapi/v1/account/apiRestrictions": queries.rights,
}

"""The endpoints: who may call each, what it weighs, which parameters it reads. Weights are the published ones."""

from tests.emulators.binance.routes import NONE, TRADE, USER_DATA, Route
from tests.emulators.kucoin import queries

_PAGES = "symbol orderId startAt endAt lastId limit"
_ORDER = "clientOid symbol side type size price timeInForce"
_API = "/api/v1/"


def _public(weight: int, names: str = "") -> Route:
    return Route(NONE, weight, frozenset(names.split()))


def _asks(weight: int, names: str = "") -> Route:
    return Route(USER_DATA, weight, frozenset(names.split()))


def _trades(weight: int, names: str, orders: int = 0) -> Route:
    return Route(TRADE, weight, frozenset(names.split()), orders)


ROUTES: dict[str, Route] = {
    f"GET {_API}timestamp": _public(3),
    "GET /api/v2/symbols": _public(4),
    f"GET {_API}market/allTickers": _public(15),
    f"GET {_API}market/orderbook/level1": _public(2, "symbol"),
    f"POST {_API}hf/orders": _trades(1, _ORDER, orders=1),
    f"POST {_API}stop-order": _trades(2, f"{_ORDER} stop stopPrice", orders=1),
    f"DELETE {_API}hf/orders/client-order/{{clientOid}}": _trades(1, "symbol"),
    f"DELETE {_API}stop-order/cancelOrderByClientOid": _trades(5, "symbol clientOid"),
    f"GET {_API}hf/orders/client-order/{{clientOid}}": _asks(2, "symbol"),
    f"GET {_API}hf/orders/active": _asks(2, "symbol"),
    f"GET {_API}hf/orders/active/symbols": _asks(2),
    f"GET {_API}hf/orders/done": _asks(2, _PAGES),
    f"GET {_API}hf/fills": _asks(2, _PAGES),
    f"GET {_API}stop-order": _asks(8, "symbol currentPage pageSize"),
    f"GET {_API}stop-order/queryOrderByClientOid": _asks(3, "symbol clientOid"),
    f"GET {_API}stop-order/{{orderId}}": _asks(3),
    f"GET {_API}accounts": _asks(5, "type"),
    f"GET {_API}user/api-key": _asks(20),
}

PUBLIC = {
    f"GET {_API}timestamp": lambda book, params, now: now,
    "GET /api/v2/symbols": queries.symbols,
    f"GET {_API}market/allTickers": queries.all_tickers,
    f"GET {_API}market/orderbook/level1": queries.level1,
}

QUERIES = {
    f"GET {_API}hf/orders/client-order/{{clientOid}}": queries.show_order,
    f"GET {_API}hf/orders/active": queries.active,
    f"GET {_API}hf/orders/active/symbols": queries.active_symbols,
    f"GET {_API}hf/orders/done": queries.done,
    f"GET {_API}hf/fills": queries.fills,
    f"GET {_API}stop-order": queries.stops,
    f"GET {_API}stop-order/queryOrderByClientOid": queries.show_stop,
    f"GET {_API}stop-order/{{orderId}}": queries.show_stop_by_id,
    f"GET {_API}accounts": queries.accounts,
    f"GET {_API}user/api-key": queries.rights,
}

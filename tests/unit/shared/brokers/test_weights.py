"""The published limits: every call has its weight, and where nothing is published nothing is claimed."""

from shared.brokers.catalogue import VENUES
from shared.brokers.rows.binance import LIMITS
from shared.brokers.rows.binance_futures import LIMITS as FUTURES_LIMITS
from shared.brokers.rows.coinbase import LIMITS as COINBASE_LIMITS
from shared.brokers.rows.kucoin import LIMITS as KUCOIN_LIMITS
from shared.brokers.weights import Call, VenueLimits
from shared.domain.cover import CoverStyle
from tests.emulators.binance.routes import ROUTES
from tests.emulators.binance.settings import VenueSettings
from tests.emulators.binance_futures.book import FuturesSettings
from tests.emulators.binance_futures.routes import ROUTES as FUTURES_ROUTES
from tests.emulators.coinbase.server import ROUTES as COINBASE_ROUTES
from tests.emulators.coinbase.server import SETTINGS as COINBASE_SETTINGS
from tests.emulators.kucoin.book import KucoinSettings
from tests.emulators.kucoin.routes import ROUTES as KUCOIN_ROUTES

KUCOIN_BY_ID = "hf/orders/client-order/{clientOid}"
SYMBOL, ORDER = {"symbol": "BTCUSDT"}, {"symbol": "BTCUSDT", "orderId": "1"}
# Which of the emulator's endpoints, asked how, each call is; the emulator's weights were written by somebody else.
ENDPOINTS: dict[Call, tuple[str, dict[str, str]]] = {
    Call.SUBMIT: ("POST /api/v3/order", SYMBOL),
    Call.PAIR: ("POST /api/v3/orderList/oco", SYMBOL),
    Call.REPLACE: ("POST /api/v3/order/cancelReplace", SYMBOL),
    Call.CANCEL: ("DELETE /api/v3/order", ORDER),
    Call.ORDER: ("GET /api/v3/order", ORDER),
    Call.OPEN_ORDERS: ("GET /api/v3/openOrders", {}),
    Call.OPEN_ORDERS_OF_SYMBOL: ("GET /api/v3/openOrders", SYMBOL),
    Call.ORDERS_SINCE: ("GET /api/v3/allOrders", SYMBOL),
    Call.FILLS: ("GET /api/v3/myTrades", SYMBOL),
    Call.FILLS_OF_ORDER: ("GET /api/v3/myTrades", ORDER),
    Call.BALANCES: ("GET /api/v3/account", {}),
    Call.KEY_RIGHTS: ("GET /api/v3/account", {}),
    Call.INSTRUMENTS: ("GET /api/v3/exchangeInfo", {}),
    Call.QUOTES: ("GET /api/v3/ticker/bookTicker", {}),
    Call.QUOTE_OF_SYMBOL: ("GET /api/v3/ticker/bookTicker", SYMBOL),
    Call.LAST_PRICE: ("GET /api/v3/ticker/price", SYMBOL),
    Call.CLOCK: ("GET /api/v3/time", {}),
}


def test_every_call_of_a_venue_with_limits_has_a_weight() -> None:
    published = [(venue, venue.published) for venue in VENUES.values() if venue.published is not None]
    assert published
    for venue, limits in published:
        # What no row of a venue can do is never asked of it.
        unasked = set()
        if not any(row.cover is CoverStyle.PAIRED for row in venue.rows):
            unasked.add(Call.PAIR)
        if not any(row.replaces_stops for row in venue.rows):
            unasked.add(Call.REPLACE)
        assert set(limits.weights) == set(Call) - unasked
        ceiling = limits.weight_per_minute or limits.account_weight_per_minute
        assert all(0 < weight <= ceiling for weight in limits.weights.values())


def test_binances_limits_are_those_that_its_emulator_counts() -> None:
    limits, counted = LIMITS, VenueSettings()
    weights = {call: ROUTES[name].weighs(params) for call, (name, params) in ENDPOINTS.items()}
    assert limits.weights == weights
    assert (limits.weight_per_minute, limits.orders_per_10_seconds, limits.orders_per_day) == (
        counted.weight_limit,
        counted.order_limit,
        counted.day_order_limit,
    )


def of_futures(*asked: tuple[str, dict[str, str]]) -> int:
    """What some questions to the emulated futures weigh together."""
    return sum(FUTURES_ROUTES[name].weighs(params) for name, params in asked)


def test_a_call_to_binances_futures_weighs_what_all_its_questions_do() -> None:
    counted, limits = FuturesSettings(), FUTURES_LIMITS
    api = "GET /fapi/v1/"
    weights = {
        Call.CANCEL: of_futures(("DELETE /fapi/v1/order", ORDER), ("DELETE /fapi/v1/algoOrder", {})),
        # The order, the one that waited for a price, and what that has become.
        Call.ORDER: of_futures((f"{api}order", ORDER), (f"{api}algoOrder", {}), (f"{api}order", ORDER)),
        Call.OPEN_ORDERS: of_futures((f"{api}openOrders", {}), (f"{api}openAlgoOrders", {})),
        Call.OPEN_ORDERS_OF_SYMBOL: of_futures(
            (f"{api}openOrders", SYMBOL), (f"{api}openAlgoOrders", SYMBOL)
        ),
        Call.ORDERS_SINCE: of_futures((f"{api}allOrders", SYMBOL), (f"{api}allAlgoOrders", SYMBOL)),
        Call.FILLS: of_futures((f"{api}userTrades", SYMBOL)),
        Call.FILLS_OF_ORDER: of_futures((f"{api}userTrades", ORDER)),
        Call.BALANCES: of_futures(
            ("GET /fapi/v3/balance", {}), ("GET /fapi/v3/positionRisk", {}), (f"{api}symbolConfig", {})
        ),
        Call.KEY_RIGHTS: of_futures((f"{api}accountConfig", {})),
        Call.INSTRUMENTS: of_futures((f"{api}exchangeInfo", {})),
        Call.QUOTES: of_futures((f"{api}ticker/bookTicker", {})),
        Call.QUOTE_OF_SYMBOL: of_futures((f"{api}ticker/bookTicker", SYMBOL)),
        Call.LAST_PRICE: of_futures((f"{api}ticker/price", SYMBOL)),
        Call.CLOCK: of_futures((f"{api}time", {})),
    }
    # Orders are counted by account and weigh nothing; ours is the least that a row may say.
    assert of_futures(("POST /fapi/v1/order", SYMBOL), ("POST /fapi/v1/algoOrder", SYMBOL)) == 0
    assert limits.weights == {**weights, Call.SUBMIT: 1}
    assert (limits.weight_per_minute, limits.orders_per_10_seconds) == (
        counted.weight_limit,
        counted.order_limit,
    )
    assert limits.orders_per_day == counted.day_order_limit * 24 * 60


def test_coinbase_counts_every_request_of_a_key_as_one() -> None:
    assert {route.weighs({}) for route in COINBASE_ROUTES.values()} == {1}
    assert COINBASE_LIMITS.account_weight_per_minute == COINBASE_SETTINGS.weight_limit
    assert COINBASE_LIMITS.weight_per_minute == 0


def of_kucoin(*asked: str) -> int:
    """What some questions to the emulated KuCoin weigh together."""
    return sum(KUCOIN_ROUTES[name].weighs({}) for name in asked)


def test_a_call_to_kucoin_weighs_what_all_its_questions_do() -> None:
    api = "/api/v1/"
    plain, active, stops = (f"GET {api}{path}" for path in (KUCOIN_BY_ID, "hf/orders/active", "stop-order"))
    find_stop, fills = f"{stops}/queryOrderByClientOid", f"GET {api}hf/fills"
    cancel, cancel_stop = f"DELETE {api}{KUCOIN_BY_ID}", f"DELETE {api}stop-order/cancelOrderByClientOid"
    new, new_stop = f"POST {api}hf/orders", f"POST {api}stop-order"
    assert KUCOIN_LIMITS.weights == {
        # Whichever family it goes to, with the look-up that follows.
        Call.SUBMIT: max(of_kucoin(new, plain, fills), of_kucoin(new_stop, find_stop)),
        Call.CANCEL: of_kucoin(cancel_stop, cancel, plain),
        Call.ORDER: of_kucoin(find_stop, plain, f"{stops}/{{orderId}}"),
        Call.OPEN_ORDERS: of_kucoin(stops, f"{active}/symbols", active),
        Call.OPEN_ORDERS_OF_SYMBOL: of_kucoin(stops, active),
        Call.ORDERS_SINCE: of_kucoin(f"GET {api}hf/orders/done"),
        Call.FILLS: of_kucoin(fills),
        Call.FILLS_OF_ORDER: of_kucoin(fills),
        Call.BALANCES: of_kucoin(f"GET {api}accounts"),
        Call.KEY_RIGHTS: of_kucoin(f"GET {api}user/api-key"),
        Call.INSTRUMENTS: of_kucoin("GET /api/v2/symbols"),
        Call.QUOTES: of_kucoin(f"GET {api}market/allTickers"),
        Call.QUOTE_OF_SYMBOL: of_kucoin(f"GET {api}market/orderbook/level1"),
        Call.LAST_PRICE: of_kucoin(f"GET {api}market/orderbook/level1"),
        Call.CLOCK: of_kucoin(f"GET {api}timestamp"),
    }
    assert KUCOIN_LIMITS.account_weight_per_minute == KucoinSettings().weight_limit
    # Public questions are counted by address at the venue, private ones are not: neither is told by this field.
    assert KUCOIN_LIMITS.weight_per_minute == 0
    assert KUCOIN_LIMITS.fan_out_seconds(10_000) == KUCOIN_LIMITS.fan_out_seconds(1) == 1


def test_a_fan_out_takes_its_weight_at_the_limit_over_all_addresses() -> None:
    limits = LIMITS
    assert limits.fan_out_seconds(3000) == 60
    assert limits.fan_out_seconds(3000, addresses=4) == 15
    assert limits.fan_out_seconds(1) == 1
    assert limits.fan_out_seconds(0) == 0


def test_where_accounts_are_counted_nobody_waits_for_another() -> None:
    weights = {Call.SUBMIT: 1, Call.OPEN_ORDERS_OF_SYMBOL: 3}
    apart = VenueLimits(0, 0, 0, weights, account_weight_per_minute=60)
    assert apart.fan_out_seconds(10_000) == apart.fan_out_seconds(1) == 2
    assert apart.poll_seconds(10_000, 0.3) == apart.poll_seconds(1, 0.3) == 10
    shared = VenueLimits(600, 0, 0, weights)
    assert (shared.poll_seconds(10, 0.3), shared.poll_seconds(100, 0.3)) == (10, 100)
    assert VenueLimits(0, 0, 0, weights).poll_seconds(10, 0.3) == 0

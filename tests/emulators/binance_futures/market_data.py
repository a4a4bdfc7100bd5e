"""What anybody may ask: the time, the contracts with their rules, quotes."""

from typing import Any

from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.book import Book, Market
from tests.emulators.binance.forms import Params
from tests.emulators.binance_futures.book import FuturesBook
from tests.emulators.binance_futures.checks import MAXIMUM_QUANTITY

ORDER_TYPES = [
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
]


def exchange_info(book: FuturesBook, params: Params, now: int) -> Any:
    """GET /fapi/v1/exchangeInfo: every perpetual, and one contract that expires."""
    listed = [_listed(market) for market in book.markets.values()]
    expiring = {
        **_listed(book.markets["BTCUSDT"]),
        "symbol": "BTCUSDT_261225",
        "contractType": "CURRENT_QUARTER",
    }
    return {
        "timezone": "UTC",
        "serverTime": now,
        "futuresType": "U_MARGINED",
        "rateLimits": rate_limits(book),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [*listed, expiring],
    }


def rate_limits(book: Book) -> list[dict[str, Any]]:
    """The ceilings in force."""
    settings = book.settings
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, settings.weight_limit),
        ("ORDERS", "MINUTE", 1, settings.day_order_limit),
        ("ORDERS", "SECOND", 10, settings.order_limit),
    )
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
        for kind, interval, number, limit in rows
    ]


def _listed(market: Market) -> dict[str, Any]:
    listing = market.listing
    tick, step = write_amount(listing.tick), write_amount(listing.step)
    return {
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "onboardDate": 1_569_398_400_000,
        "status": market.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.quote,
        "pricePrecision": 8,
        "quantityPrecision": 8,
        "underlyingType": "COIN",
        "triggerProtect": "0.0500",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000", "tickSize": tick},
            {
                "filterType": "LOT_SIZE",
                "minQty": step,
                "maxQty": write_amount(MAXIMUM_QUANTITY),
                "stepSize": step,
            },
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500"},
        ],
        "orderTypes": ORDER_TYPES,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }

"""What anybody may ask: the time, the listings and their rules, quotes and candles."""

import json
import zlib
from typing import Any

from tests.emulators.binance.amounts import UNIT, write_amount
from tests.emulators.binance.book import Book, Market
from tests.emulators.binance.forms import Params, text_of, whole_of
from tests.emulators.binance.listings import (
    MAXIMUM_CONTINGENT,
    MAXIMUM_NOTIONAL,
    MAXIMUM_ORDERS,
    MAXIMUM_PRICE,
    MAXIMUM_QUANTITY,
    MINIMUM_NOTIONAL,
    Listing,
)
from tests.emulators.binance.refusals import Refusal, bad_combination
from tests.emulators.binance.reports import ZERO

MINUTE = 60_000
INTERVALS = {
    "1s": 1_000,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": 60 * MINUTE,
    "2h": 120 * MINUTE,
    "4h": 240 * MINUTE,
    "6h": 360 * MINUTE,
    "8h": 480 * MINUTE,
    "12h": 720 * MINUTE,
    "1d": 1440 * MINUTE,
    "3d": 4320 * MINUTE,
    "1w": 10_080 * MINUTE,
}
LONGEST_CANDLES, USUAL_CANDLES = 1000, 500
TOP_QUANTITY = write_amount(1_000_000 * UNIT)
ORDER_TYPES = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]


def exchange_info(book: Book, params: Params, now: int) -> Any:
    """GET /api/v3/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": now,
        "rateLimits": rate_limits(book),
        "exchangeFilters": [],
        "symbols": [_listed(market) for market in _markets(book, params)],
    }


def rate_limits(book: Book) -> list[dict[str, Any]]:
    """The ceilings in force."""
    settings = book.settings
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, settings.weight_limit),
        ("ORDERS", "SECOND", 10, settings.order_limit),
        ("ORDERS", "DAY", 1, settings.day_order_limit),
        ("RAW_REQUESTS", "MINUTE", 5, 61_000),
    )
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
        for kind, interval, number, limit in rows
    ]


def book_ticker(book: Book, params: Params, now: int) -> Any:
    """GET /api/v3/ticker/bookTicker."""
    return _each(book, params, _quoted)


def price_ticker(book: Book, params: Params, now: int) -> Any:
    """GET /api/v3/ticker/price."""
    return _each(
        book, params, lambda market: {"symbol": market.listing.symbol, "price": write_amount(market.price)}
    )


def candles(book: Book, params: Params, now: int) -> Any:
    """GET /api/v3/klines: made up around the last price, the same for the same times."""
    market = book.market(text_of(params, "symbol"))
    length = INTERVALS.get(text_of(params, "interval"))
    if length is None:
        raise Refusal(-1120, "Invalid interval.")
    limit = min(whole_of(params, "limit") or USUAL_CANDLES, LONGEST_CANDLES)
    end, start = whole_of(params, "endTime") or now, whole_of(params, "startTime")
    first = -(-start // length) if start is not None else end // length - limit + 1
    last = min(end // length, first + limit - 1)
    return [_candle(market, number * length, length, now) for number in range(first, last + 1)]


def _candle(market: Market, opens_at: int, length: int, now: int) -> list[Any]:
    listing = market.listing
    opened, closed = (
        market.price + (zlib.crc32(f"{listing.symbol}{at}".encode()) % 21 - 10) * listing.tick
        for at in (opens_at, opens_at + length)
    )
    if opens_at <= now < opens_at + length:
        closed = market.price
    high, low = max(opened, closed) + listing.tick, min(opened, closed) - listing.tick
    prices = [write_amount(price) for price in (opened, high, low, closed)]
    return [opens_at, *prices, "100.00000000", opens_at + length - 1, ZERO, 10, ZERO, ZERO, "0"]


def _each(book: Book, params: Params, shown: Any) -> Any:
    if "symbol" in params and "symbols" not in params:
        return shown(book.market(params["symbol"]))
    return [shown(market) for market in _markets(book, params)]


def _markets(book: Book, params: Params) -> list[Market]:
    if "symbol" in params and "symbols" in params:
        raise bad_combination()
    if "symbol" in params:
        return [book.market(params["symbol"])]
    if "symbols" not in params:
        return list(book.markets.values())
    try:
        names = json.loads(params["symbols"])
        return [book.market(name) for name in names]
    except (ValueError, TypeError):
        raise Refusal(-1100, "Illegal characters found in parameter 'symbols'.") from None


def _quoted(market: Market) -> dict[str, str]:
    return {
        "symbol": market.listing.symbol,
        "bidPrice": write_amount(market.bid),
        "bidQty": TOP_QUANTITY,
        "askPrice": write_amount(market.ask),
        "askQty": TOP_QUANTITY,
    }


def _listed(market: Market) -> dict[str, Any]:
    listing = market.listing
    return {
        "symbol": listing.symbol,
        "status": market.status,
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": False,
        "ocoAllowed": True,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(listing: Listing) -> list[dict[str, Any]]:
    tick, step = write_amount(listing.tick), write_amount(listing.step)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": write_amount(MAXIMUM_PRICE),
            "tickSize": tick,
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": step,
            "maxQty": write_amount(MAXIMUM_QUANTITY),
            "stepSize": step,
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": ZERO,
            "maxQty": write_amount(MAXIMUM_QUANTITY),
            "stepSize": ZERO,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 0,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": write_amount(MINIMUM_NOTIONAL),
            "applyMinToMarket": True,
            "maxNotional": write_amount(MAXIMUM_NOTIONAL),
            "applyMaxToMarket": False,
            "avgPriceMins": 0,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAXIMUM_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MAXIMUM_CONTINGENT},
    ]

"""What the emulated Alpaca shows to who asks: accounts, positions, lists of orders and executions, assets, quotes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.emulators.alpaca.assets import Asset, find_asset
from tests.emulators.alpaca.book import AlpacaBook
from tests.emulators.alpaca.orders import AlpacaOrder, Refused

_QUOTES = ("/v2/stocks/quotes/latest", "/v1beta3/crypto/us/latest/quotes", "/v1beta1/options/quotes/latest")
LISTED = ("AAPL", "BRK.A", "F001", "W001", "X001", "C001/USD", "C002/USD", "C003/USDT")


def answer(
    book: AlpacaBook, key: str, path: str, query: Mapping[str, str], orders: Sequence[AlpacaOrder]
) -> Any:
    """Answer a GET about an account whose visible orders are given."""
    match path:
        case "/v2/account":
            free = str(book.free_cash(key))
            power = book.free_cash(key) + (book.multipliers[key] - 1) * book.cash[key]
            return {
                "cash": str(book.cash[key]),
                "multiplier": str(book.multipliers[key]),
                "buying_power": str(power),
                "non_marginable_buying_power": free,
            }
        case "/v2/positions":
            return [_position(book, key, symbol) for symbol in sorted(book.positions[key])]
        case "/v2/orders":
            return _orders(query, orders)
        case "/v2/account/activities/FILL":
            return _fills(query, orders)
        case "/v2/clock":
            return {"is_open": book.is_open, "timestamp": datetime.now(UTC).isoformat()}
    return _answer_market(book, path, query)


def _answer_market(book: AlpacaBook, path: str, query: Mapping[str, str]) -> Any:
    if path in _QUOTES:
        found = {name: find_asset(name) for name in query["symbols"].split(",")}
        return {"quotes": {name: _quote(book, asset) for name, asset in found.items() if asset}}
    if path == "/v2/assets":
        listed = [asset for name in sorted({*LISTED, *book.prices}) if (asset := find_asset(name))]
        return [asset.public() for asset in listed if asset.kind == query["asset_class"]]
    for start in ("/v2/assets/", "/v2/options/contracts/"):
        symbol = path.removeprefix(start)
        if symbol != path:
            asset = find_asset(symbol)
            if asset is None:
                raise Refused(404, 40410000, f"asset not found for {symbol}")
            return asset.public()
    raise Refused(404, None, "endpoint not found.")


def _position(book: AlpacaBook, key: str, symbol: str) -> dict[str, str]:
    asset = find_asset(symbol)
    assert asset is not None, "it was bought"
    return {
        "symbol": asset.held_as,
        "asset_class": asset.kind,
        "side": "long",
        "qty": str(book.positions[key][symbol]),
        "qty_available": str(book.free_quantity(key, asset)),
    }


def _orders(query: Mapping[str, str], orders: Sequence[AlpacaOrder]) -> list[dict[str, Any]]:
    wanted = query.get("symbols")
    found = [
        order
        for order in orders
        if (query["status"] == "all" or order.is_open)
        and wanted in {None, order.asset.symbol}
        and order.submitted_at > _comparable(query.get("after", ""))
    ]
    assert query["direction"] == "asc", "nobody asks for another"
    return [order.public() for order in found[: int(query["limit"])]]


def _fills(query: Mapping[str, str], orders: Sequence[AlpacaOrder]) -> list[dict[str, Any]]:
    after = _comparable(query["after"])
    every = sorted((fill for order in orders for fill in order.fills), key=lambda fill: fill["number"])
    found = [fill for fill in every if fill["transaction_time"] > after]
    token = query.get("page_token")
    if token is not None:
        found = found[[fill["id"] for fill in found].index(token) + 1 :]
    page = found[: int(query["page_size"])]
    return [{name: value for name, value in fill.items() if name != "number"} for fill in page]


def _quote(book: AlpacaBook, asset: Asset) -> dict[str, Any]:
    bid, ask = book.quote(asset)
    # Prices of the data API are numbers, not text.
    return {"t": datetime.now(UTC).isoformat(), "bp": _number(bid), "ap": _number(ask), "bs": 1, "as": 1}


def _number(price: Decimal) -> float:
    return float(price)


def _comparable(text: str) -> str:
    return text.replace("Z", "+00:00")

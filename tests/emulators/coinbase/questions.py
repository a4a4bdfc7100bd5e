"""What may be asked of Coinbase: products and books by anybody, orders, executions, money and rights by an account."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.book import Market
from tests.emulators.binance.orders import Fill, Order
from tests.emulators.binance.queries import Query
from tests.emulators.binance.refusals import no_such_order
from tests.emulators.coinbase.reports import Report, executed, looked_up, wallet, write_time
from tests.emulators.exchange.book import ExchangeBook, orders_of
from tests.emulators.exchange.refusals import Said, Told

MOST_OPEN = 1000
Params = dict[str, Any]


def tell_time(book: ExchangeBook, params: Params, now: int) -> Report:
    """GET /time."""
    return {"iso": write_time(now), "epochSeconds": str(now // 1000), "epochMillis": str(now)}


def list_products(book: ExchangeBook, params: Params, now: int) -> Report:
    """GET /market/products."""
    rows = [_product(market) for market in book.markets.values()]
    return {"products": rows, "num_products": len(rows)}


def show_book(book: ExchangeBook, params: Params, now: int) -> Report:
    """GET /market/product_book."""
    market = book.markets.get(params.get("product_id", ""))
    if market is None:
        raise Told(Said(404, "NOT_FOUND", f"Product {params.get('product_id')} not supported"))
    levels = {
        side: [{"price": write_amount(price), "size": "100"}]
        for side, price in (("bids", market.bid), ("asks", market.ask))
    }
    return {"pricebook": {"product_id": market.listing.symbol, **levels, "time": write_time(now)}}


def show_order(query: Query) -> Report:
    """GET /orders/historical/{order_id}."""
    order = _book(query).find_by_id(query.account, query.params["order_id"])
    if order is None or not query.is_visible(order):
        raise no_such_order()
    return {"order": looked_up(order)}


def list_orders(query: Query) -> Report:
    """GET /orders/historical/batch: the latest first; a list of open ones heeds no moment and stands alone."""
    params = query.params
    status = params.get("order_status")
    if status not in (None, "OPEN"):
        raise Told(Said(400, "INVALID_ARGUMENT", f"order_status {status} is not emulated"))
    found: Iterable[Order] = (order for order in _orders(query) if query.is_visible(order))
    if status == "OPEN":
        found = [order for order in found if order.is_open][:MOST_OPEN]
    elif "start_date" in params:
        begins = _moment(params["start_date"])
        found = [order for order in found if order.at * 1000 >= begins]
    return _paged("orders", [looked_up(order) for order in found], params, "order_id", tells_next=True)


def list_fills(query: Query) -> Report:
    """GET /orders/historical/fills: the latest first."""
    params = query.params
    found: list[Fill] = [fill for order in _orders(query) for fill in order.fills]
    if "start_sequence_timestamp" in params:
        begins = _moment(params["start_sequence_timestamp"])
        found = [fill for fill in found if fill.at * 1000 >= begins]
    rows = [executed(fill) for fill in found]
    if "order_ids" in params:
        rows = [row for row in rows if row["order_id"] == params["order_ids"]]
    rows.sort(key=lambda row: row["trade_time"], reverse=True)
    return _paged("fills", rows, params, "entry_id", tells_next=False)


def list_wallets(query: Query) -> Report:
    """GET /accounts: every asset that the account ever had."""
    assets = dict.fromkeys([*query.account.free, *query.account.locked])
    rows = [wallet(query.account, asset) for asset in assets]
    return _paged("accounts", rows, query.params, "uuid", tells_next=True)


def show_rights(query: Query) -> Report:
    """GET /key_permissions."""
    account = query.account
    return {
        "can_view": True,
        "can_trade": account.can_trade,
        "can_transfer": account.can_withdraw,
        "portfolio_uuid": wallet(account, "portfolio")["uuid"],
        "portfolio_type": "DEFAULT",
    }


def _paged(name: str, rows: Sequence[Report], params: Params, row_id: str, *, tells_next: bool) -> Report:
    limit = int(params.get("limit", "100"))
    start = 0
    if params.get("cursor"):
        start = next(
            (number + 1 for number, row in enumerate(rows) if row[row_id] == params["cursor"]), len(rows)
        )
    page, has_next = rows[start : start + limit], len(rows) > start + limit
    said: Report = {name: page, "cursor": page[-1][row_id] if has_next else ""}
    return {**said, "has_next": has_next} if tells_next else said


def _product(market: Market) -> Report:
    listing = market.listing
    is_open = market.status == "TRADING"
    return {
        "product_id": listing.symbol,
        "price": write_amount(market.price),
        "product_type": "SPOT",
        "base_currency_id": listing.base,
        "quote_currency_id": listing.quote,
        "price_increment": write_amount(listing.tick),
        "quote_increment": write_amount(listing.tick),
        "base_increment": write_amount(listing.step),
        "base_min_size": write_amount(listing.step),
        "quote_min_size": write_amount(listing.least),
        "status": "online" if is_open else "offline",
        "trading_disabled": not is_open,
        **dict.fromkeys(("is_disabled", "cancel_only", "limit_only", "post_only", "auction_mode"), False),
    }


def _book(query: Query) -> ExchangeBook:
    assert isinstance(query.book, ExchangeBook)
    return query.book


def _orders(query: Query) -> list[Order]:
    return orders_of(query.account, query.params.get("product_ids"))[::-1]


def _moment(text: str) -> int:
    """Read a time, in microseconds."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1_000_000)
    except ValueError:
        raise Told(Said(400, "INVALID_ARGUMENT", f"{text} is no time")) from None


PUBLIC: dict[str, Callable[[Any, Any, int], Any]] = {
    "GET /api/v3/brokerage/time": tell_time,
    "GET /api/v3/brokerage/market/products": list_products,
    "GET /api/v3/brokerage/market/product_book": show_book,
}
QUERIES: dict[str, Callable[[Query], Any]] = {
    "GET /api/v3/brokerage/orders/historical/{order_id}": show_order,
    "GET /api/v3/brokerage/orders/historical/batch": list_orders,
    "GET /api/v3/brokerage/orders/historical/fills": list_fills,
    "GET /api/v3/brokerage/accounts": list_wallets,
    "GET /api/v3/brokerage/key_permissions": show_rights,
}

"""What an account may ask about itself, and what anybody may ask."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.emulators.binance.amounts import UNIT, write_amount
from tests.emulators.binance.book import Book, Market
from tests.emulators.binance.forms import Params, whole_of
from tests.emulators.binance.orders import Order
from tests.emulators.binance.queries import Query
from tests.emulators.binance.refusals import no_such_order
from tests.emulators.exchange.book import orders_of
from tests.emulators.kucoin import reports
from tests.emulators.kucoin.book import has_stop, is_plain, plain_id
from tests.emulators.kucoin.forms import text_of

MOST, USUAL_STOPS = 100, 50
WEEK = 7 * 86_400_000
Row = TypeVar("Row")


def show_order(query: Query) -> Any:
    """GET /api/v1/hf/orders/client-order/{clientOid}: the newest with this id."""
    name = query.params["clientOid"]
    for order in reversed(_plain(query)):
        if order.client_order_id == name:
            return reports.plain(order)
    raise no_such_order()


def active(query: Query) -> Any:
    """GET /api/v1/hf/orders/active: all at once, and nothing where there is none."""
    return [reports.plain(order) for order in _plain(query) if order.is_open] or None


def active_symbols(query: Query) -> Any:
    """GET /api/v1/hf/orders/active/symbols."""
    orders = [order for order in orders_of(query.account) if order.is_open and is_plain(order)]
    return {"symbols": sorted({order.listing.symbol for order in orders if query.is_visible(order)})}


def done(query: Query) -> Any:
    """GET /api/v1/hf/orders/done: from the last one back."""
    orders = [order for order in _plain(query) if not order.is_open]
    return _page(query, orders, lambda order: order.order_id, lambda order: order.at, reports.plain)


def fills(query: Query) -> Any:
    """GET /api/v1/hf/fills: from the last one back."""
    wanted = query.params.get("orderId")
    found = [fill for order in _plain(query) for fill in order.fills if wanted in (None, plain_id(order))]
    found.sort(key=lambda fill: fill.trade_id)
    return _page(
        query,
        found,
        lambda fill: reports.FIRST_RECORD + fill.trade_id,
        lambda fill: fill.at,
        reports.executed,
    )


def stops(query: Query) -> Any:
    """GET /api/v1/stop-order: those that wait, the last one first."""
    number = whole_of(query.params, "currentPage") or 1
    size = whole_of(query.params, "pageSize") or USUAL_STOPS
    found = [
        order
        for order in reversed(orders_of(query.account, query.params.get("symbol")))
        if has_stop(order) and order.is_open and order.waits_for_its_stop and query.is_visible(order)
    ]
    return {
        "currentPage": number,
        "pageSize": size,
        "totalNum": len(found),
        "totalPage": -(-len(found) // size),
        "items": [reports.waiting(order) for order in found[(number - 1) * size : number * size]],
    }


def show_stop(query: Query) -> Any:
    """GET /api/v1/stop-order/queryOrderByClientOid: those that wait and those that were met, not those cancelled."""
    name = text_of(dict(query.params), "clientOid")
    return [
        reports.waiting(order)
        for order in orders_of(query.account, query.params.get("symbol"))
        if order.client_order_id == name
        and has_stop(order)
        and query.is_visible(order)
        and (order.is_open or not order.waits_for_its_stop)
    ]


def show_stop_by_id(query: Query) -> Any:
    """GET /api/v1/stop-order/{orderId}: whatever became of it."""
    order = query.book.find_by_id(query.account, query.params["orderId"])
    if order is None or not has_stop(order) or not query.is_visible(order):
        raise no_such_order()
    return reports.waiting(order)


def accounts(query: Query) -> Any:
    """GET /api/v1/accounts."""
    account = query.account
    return [
        {
            "id": f"{asset}-trade",
            "currency": asset,
            "type": "trade",
            "balance": write_amount(free + account.locked.get(asset, 0)),
            "available": write_amount(free),
            "holds": write_amount(account.locked.get(asset, 0)),
        }
        for asset, free in account.free.items()
    ]


def rights(query: Query) -> Any:
    """GET /api/v1/user/api-key."""
    account = query.account
    granted = [
        "General",
        *(["Spot"] if account.can_trade else []),
        *(["Transfer"] if account.can_withdraw else []),
    ]
    said = {"uid": 165_111_215, "remark": "key", "apiKey": account.key, "apiVersion": 3}
    said |= {"permission": ",".join(granted), "isMaster": True, "createdAt": 1_729_821_494_000}
    return said | ({"ipWhitelist": ",".join(sorted(account.addresses))} if account.addresses else {})


def symbols(book: Book, params: Params, now: int) -> Any:
    """GET /api/v2/symbols."""
    return [_listed(market) for market in book.markets.values()]


def all_tickers(book: Book, params: Params, now: int) -> Any:
    """GET /api/v1/market/allTickers."""
    rows = [
        {"symbol": name, "buy": write_amount(market.bid), "sell": write_amount(market.ask)}
        for name, market in book.markets.items()
    ]
    return {"time": now, "ticker": rows}


def level1(book: Book, params: Params, now: int) -> Any:
    """GET /api/v1/market/orderbook/level1: nothing of a symbol that there is not."""
    market = book.markets.get(text_of(dict(params), "symbol"))
    if market is None:
        return None
    quoted = {"price": market.price, "bestBid": market.bid, "bestAsk": market.ask}
    return {"time": now, **{name: write_amount(price) for name, price in quoted.items()}}


def _plain(query: Query) -> list[Order]:
    symbol = text_of(dict(query.params), "symbol")
    query.book.market(symbol)
    orders = orders_of(query.account, symbol)
    return [order for order in orders if is_plain(order) and query.is_visible(order)]


def _page(
    query: Query,
    rows: list[Row],
    number: Callable[[Row], int],
    at: Callable[[Row], int],
    show: Callable[[Row], Any],
) -> Any:
    params = query.params
    start, end, last = (whole_of(params, name) for name in ("startAt", "endAt", "lastId"))
    limit = min(whole_of(params, "limit") or MOST, MOST)
    if start is not None and end is not None and end - start > WEEK:
        # Longer questions are answered in part, without a word.
        start = end - WEEK
    kept = [
        row
        for row in rows
        if (start is None or at(row) >= start)
        and (end is None or at(row) <= end)
        and (last is None or number(row) < last)
    ]
    page = kept[::-1][:limit]
    return {"lastId": number(page[-1]) if page else 0, "items": [show(row) for row in page]}


def _listed(market: Market) -> dict[str, Any]:
    listing = market.listing
    return {
        "symbol": listing.symbol,
        "name": listing.symbol,
        "baseCurrency": listing.base,
        "quoteCurrency": listing.quote,
        "feeCurrency": listing.quote,
        "market": "USDS",
        "baseMinSize": write_amount(listing.step),
        "quoteMinSize": "0.1",
        "baseMaxSize": "10000000000",
        "quoteMaxSize": "99999999",
        "baseIncrement": write_amount(listing.step),
        "quoteIncrement": write_amount(UNIT // 1_000_000),
        "priceIncrement": write_amount(listing.tick),
        "priceLimitRate": "0.1",
        "minFunds": write_amount(listing.least),
        "isMarginEnabled": False,
        "enableTrading": market.status == "TRADING",
    }

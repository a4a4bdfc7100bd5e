"""What an account may ask about itself: orders of both kinds, fills, positions, terms, money, rights."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.emulators.binance.accounts import Ledger
from tests.emulators.binance.amounts import UNIT, write_amount
from tests.emulators.binance.forms import text_of, whole_of
from tests.emulators.binance.queries import Query, show_rights
from tests.emulators.binance.refusals import Refusal, neither, no_such_order
from tests.emulators.binance_futures import margin, reports
from tests.emulators.binance_futures.accounts import Position

USUAL, MOST = 500, 1000
WEEK = 7 * 86_400_000
Row = TypeVar("Row")


def show_order(query: Query) -> Any:
    """GET /fapi/v1/order."""
    order_id, name = whole_of(query.params, "orderId"), query.params.get("origClientOrderId")
    if order_id is None and not name:
        raise neither("origClientOrderId", "orderId")
    order = _ledger(query).find(order_id, name)
    if order is None or not query.is_visible(order):
        raise no_such_order()
    return reports.looked_up(order)


def open_orders(query: Query) -> Any:
    """GET /fapi/v1/openOrders."""
    ledgers = [_ledger(query)] if "symbol" in query.params else query.account.ledgers.values()
    return [
        reports.looked_up(order)
        for ledger in ledgers
        for order in ledger.open.values()
        if query.is_visible(order)
    ]


def all_orders(query: Query) -> Any:
    """GET /fapi/v1/allOrders."""
    orders = [order for order in _ledger(query).orders if query.is_visible(order)]
    return [
        reports.looked_up(order)
        for order in _page(query, orders, "orderId", lambda order: order.order_id, lambda order: order.at)
    ]


def show_algo(query: Query) -> Any:
    """GET /fapi/v1/algoOrder."""
    algo_id, name = whole_of(query.params, "algoId"), query.params.get("clientAlgoId")
    if algo_id is None and not name:
        raise neither("algoId", "clientAlgoId")
    algo = query.account.find_algo(algo_id, name)
    if algo is None or not query.is_visible(algo):
        raise no_such_order()
    return reports.algo(algo)


def open_algos(query: Query) -> Any:
    """GET /fapi/v1/openAlgoOrders."""
    symbol = query.params.get("symbol")
    return [
        reports.algo(algo)
        for algo in query.account.open_algos.values()
        if symbol in (None, algo.listing.symbol) and query.is_visible(algo)
    ]


def all_algos(query: Query) -> Any:
    """GET /fapi/v1/allAlgoOrders."""
    symbol = text_of(query.params, "symbol")
    algos = [
        algo
        for algo in query.account.algos.values()
        if algo.listing.symbol == symbol and query.is_visible(algo)
    ]
    return [
        reports.algo(algo)
        for algo in _page(query, algos, "algoId", lambda algo: algo.order_id, lambda algo: algo.at)
    ]


def user_trades(query: Query) -> Any:
    """GET /fapi/v1/userTrades."""
    order_id = whole_of(query.params, "orderId")
    fills = [
        fill
        for fill in _ledger(query).fills
        if order_id in (None, fill.order.order_id) and query.is_visible(fill.order)
    ]
    return [
        reports.traded(fill)
        for fill in _page(query, fills, "fromId", lambda fill: fill.trade_id, lambda fill: fill.at)
    ]


def balances(query: Query) -> Any:
    """GET /fapi/v3/balance."""
    account = query.account
    shared = [held for held in account.positions.items() if held[1].quantity and not held[1].is_isolated]
    return [
        {
            "accountAlias": "SgsR",
            "asset": "USDT",
            "balance": write_amount(account.wallet),
            "crossWalletBalance": write_amount(
                account.wallet - sum(held.margin for held in account.positions.values())
            ),
            "crossUnPnl": write_amount(
                sum(held.profit_at(query.book.markets[symbol].price) for symbol, held in shared)
            ),
            "availableBalance": write_amount(max(margin.available(query.book, account), 0)),
            "maxWithdrawAmount": write_amount(max(margin.available(query.book, account), 0)),
            "marginAvailable": True,
            "updateTime": account.updated_at,
        },
        {"accountAlias": "SgsR", "asset": "BNB", "balance": "0", "availableBalance": "0"},
    ]


def positions(query: Query) -> Any:
    """GET /fapi/v3/positionRisk: contracts with a position or an open order."""
    account, book = query.account, query.book
    shown = []
    for symbol in _symbols(query):
        held, market = account.positions.get(symbol, Position()), book.markets[symbol]
        if held.quantity or account.ledgers[symbol].open:
            price = margin.liquidation_price(book, account, market, held)
            shown.append(reports.position(symbol, held, market.price, price))
    return shown


def symbol_config(query: Query) -> Any:
    """GET /fapi/v1/symbolConfig."""
    held = query.account.positions
    return [
        {
            "symbol": symbol,
            "marginType": "ISOLATED" if (row := held.get(symbol, Position())).is_isolated else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": row.leverage,
            "maxNotionalValue": "1000000",
        }
        for symbol in _symbols(query)
    ]


def account_config(query: Query) -> Any:
    """GET /fapi/v1/accountConfig."""
    account = query.account
    return {
        "feeTier": 0,
        "canTrade": account.can_trade,
        "canDeposit": True,
        "canWithdraw": account.can_withdraw,
        "dualSidePosition": account.is_hedged,
        "updateTime": 0,
        "multiAssetsMargin": account.shares_assets,
        "tradeGroupId": -1,
    }


def brackets(query: Query) -> Any:
    """GET /fapi/v1/leverageBracket."""
    shown = []
    for symbol in _symbols(query):
        bracket = query.book.bracket(query.book.markets[symbol])
        row = {
            "bracket": 1,
            "initialLeverage": bracket.leverage,
            "notionalCap": 1_000_000,
            "notionalFloor": 0,
            "maintMarginRatio": bracket.maintenance / UNIT,
            "cum": 0.0,
        }
        shown.append({"symbol": symbol, "notionalCoef": 1.0, "brackets": [row]})
    return shown


def incomes(query: Query) -> Any:
    """GET /fapi/v1/income."""
    params = query.params
    kind, symbol = params.get("incomeType"), params.get("symbol")
    start, end = whole_of(params, "startTime"), whole_of(params, "endTime")
    limit = min(whole_of(params, "limit") or 100, MOST)
    found = [
        line
        for line in query.account.incomes
        if kind in (None, line.kind)
        and symbol in (None, line.symbol)
        and (start is None or line.at >= start)
        and (end is None or line.at <= end)
    ]
    return [reports.income(line) for line in found[:limit]]


def rights(query: Query) -> Any:
    """GET /sapi/v1/account/apiRestrictions, which the venue answers at its spot address."""
    return {**show_rights(query), "enableFutures": query.account.can_trade}


def _ledger(query: Query) -> Ledger:
    symbol = text_of(query.params, "symbol")
    query.book.market(symbol)
    return query.account.ledgers[symbol]


def _symbols(query: Query) -> list[str]:
    if "symbol" not in query.params:
        return list(query.book.markets)
    return [query.book.market(query.params["symbol"]).listing.symbol]


def _page(
    query: Query, rows: list[Row], id_name: str, number: Callable[[Row], int], at: Callable[[Row], int]
) -> list[Row]:
    params = query.params
    from_id, start, end = (whole_of(params, name) for name in (id_name, "startTime", "endTime"))
    limit = min(whole_of(params, "limit") or USUAL, MOST)
    if from_id is not None:
        return [row for row in rows if number(row) >= from_id][:limit]
    if start is not None and end is not None and end - start > WEEK:
        raise Refusal(-4166, "Search window is restricted to recent 90 days only.")
    rows = [row for row in rows if (start is None or at(row) >= start) and (end is None or at(row) <= end)]
    return rows[:limit] if start is not None else rows[-limit:]

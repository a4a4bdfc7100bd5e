"""What an account may ask about itself: orders, pairs, fills, balances, rights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.emulators.binance.accounts import Account, Ledger
from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.book import Book
from tests.emulators.binance.forms import Params, text_of, whole_of
from tests.emulators.binance.listings import ASSETS
from tests.emulators.binance.orders import Order
from tests.emulators.binance.refusals import Refusal, bad_combination, neither, no_such_order
from tests.emulators.binance.reports import ZERO, looked_up, pair_status, traded

USUAL, MOST = 500, 1000
DAY = 86_400_000
CREATED_AT = 1_577_836_800_000
# The combinations of parameters that `myTrades` takes, beside symbol and limit.
TRADE_FILTERS: tuple[set[str], ...] = (
    set(),
    {"orderId"},
    {"startTime"},
    {"endTime"},
    {"fromId"},
    {"startTime", "endTime"},
    {"orderId", "fromId"},
)
# Most of an account's balances are nothing, and asked for often.
NOTHING = {asset: {"asset": asset, "free": ZERO, "locked": ZERO} for asset in ASSETS}
Row = TypeVar("Row")


@dataclass(slots=True)
class Query:
    """A question; `is_visible` hides what a lag still keeps from look-ups."""

    book: Book
    account: Account
    params: Params
    is_visible: Callable[[Order], bool]


def show_order(query: Query) -> Any:
    """GET /api/v3/order."""
    order_id, name = whole_of(query.params, "orderId"), query.params.get("origClientOrderId")
    if order_id is None and not name:
        raise neither("origClientOrderId", "orderId")
    order = _ledger(query).find(order_id, name)
    if order is None or not query.is_visible(order):
        raise no_such_order()
    return looked_up(order)


def open_orders(query: Query) -> Any:
    """GET /api/v3/openOrders."""
    ledgers = [_ledger(query)] if "symbol" in query.params else query.account.ledgers.values()
    return [
        looked_up(order) for ledger in ledgers for order in ledger.open.values() if query.is_visible(order)
    ]


def all_orders(query: Query) -> Any:
    """GET /api/v3/allOrders."""
    params = query.params
    from_id = whole_of(params, "orderId")
    orders = [order for order in _ledger(query).orders if query.is_visible(order)]
    if from_id is not None:
        orders = [order for order in orders if order.order_id >= from_id]
    else:
        orders = _within(params, orders, lambda order: order.at)
    return [looked_up(order) for order in _limited(params, orders, from_start=from_id is not None)]


def my_trades(query: Query) -> Any:
    """GET /api/v3/myTrades."""
    params = query.params
    if params.keys() & {"orderId", "startTime", "endTime", "fromId"} not in TRADE_FILTERS:
        raise bad_combination()
    order_id, from_id = whole_of(params, "orderId"), whole_of(params, "fromId")
    fills = [fill for fill in _ledger(query).fills if query.is_visible(fill.order)]
    if order_id is not None:
        fills = [fill for fill in fills if fill.order.order_id == order_id]
    if from_id is not None:
        fills = [fill for fill in fills if fill.trade_id >= from_id]
    fills = _within(params, fills, lambda fill: fill.at)
    return [traded(fill) for fill in _limited(params, fills, from_start=from_id is not None)]


def show_pair(query: Query) -> Any:
    """GET /api/v3/orderList."""
    list_id, name = whole_of(query.params, "orderListId"), query.params.get("origClientOrderId")
    if list_id is None and not name:
        raise neither("orderListId", "origClientOrderId")
    pair = query.account.find_pair(list_id, name)
    if pair is None or not all(query.is_visible(order) for order in pair.orders):
        raise no_such_order()
    return pair_status(pair)


def open_pairs(query: Query) -> Any:
    """GET /api/v3/openOrderList."""
    return [
        pair_status(pair)
        for pair in query.account.pairs
        if pair.is_open and all(query.is_visible(order) for order in pair.orders)
    ]


def all_pairs(query: Query) -> Any:
    """GET /api/v3/allOrderList."""
    params = query.params
    from_id = whole_of(params, "fromId")
    pairs = [pair for pair in query.account.pairs if all(query.is_visible(order) for order in pair.orders)]
    if from_id is not None:
        pairs = [pair for pair in pairs if pair.list_id >= from_id]
    pairs = _within(params, pairs, lambda pair: pair.at)
    return [pair_status(pair) for pair in _limited(params, pairs, from_start=from_id is not None)]


def show_account(query: Query) -> Any:
    """GET /api/v3/account."""
    account, rate = query.account, query.book.settings.fee_rate
    omits = query.params.get("omitZeroBalances") == "true"
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": rate, "taker": rate, "buyer": ZERO, "seller": ZERO},
        "canTrade": account.can_trade,
        "canWithdraw": account.can_withdraw,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": account.updated_at,
        "accountType": "SPOT",
        "balances": [
            _balance(account, asset)
            if account.free.get(asset) or account.locked.get(asset)
            else NOTHING[asset]
            for asset in ASSETS
            if not omits or account.free.get(asset) or account.locked.get(asset)
        ],
        "permissions": ["SPOT"],
        "uid": 354_937_868,
    }


def show_rights(query: Query) -> Any:
    """GET /sapi/v1/account/apiRestrictions."""
    account = query.account
    return {
        "ipRestrict": bool(account.addresses),
        "createTime": CREATED_AT,
        "enableReading": True,
        "enableWithdrawals": account.can_withdraw,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": True,
        "enableSpotAndMarginTrading": account.can_trade,
        "enablePortfolioMarginTrading": False,
    }


def _balance(account: Account, asset: str) -> dict[str, str]:
    free, locked = account.free.get(asset, 0), account.locked.get(asset, 0)
    return {"asset": asset, "free": write_amount(free), "locked": write_amount(locked)}


def _ledger(query: Query) -> Ledger:
    symbol = text_of(query.params, "symbol")
    query.book.market(symbol)
    return query.account.ledgers[symbol]


def _within(params: Params, rows: list[Row], at: Callable[[Row], int]) -> list[Row]:
    start, end = whole_of(params, "startTime"), whole_of(params, "endTime")
    if start is None and end is None:
        return rows
    if start is not None and end is not None and end - start > DAY:
        raise Refusal(-1127, "More than 24 hours between startTime and endTime.")
    return [row for row in rows if (start is None or at(row) >= start) and (end is None or at(row) <= end)]


def _limited(params: Params, rows: list[Row], *, from_start: bool) -> list[Row]:
    limit = min(whole_of(params, "limit") or USUAL, MOST)
    return rows[:limit] if from_start or "startTime" in params else rows[-limit:]

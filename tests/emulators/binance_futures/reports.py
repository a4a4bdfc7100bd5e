"""How orders, waiting orders, fills and positions look in the JSON of futures."""

from typing import Any

from tests.emulators.binance.amounts import UNIT, write_amount
from tests.emulators.binance.orders import Order
from tests.emulators.binance_futures.accounts import Position
from tests.emulators.binance_futures.orders import Algo, FuturesFill, FuturesOrder, Income

Report = dict[str, Any]


def figures(order: FuturesOrder) -> Report:
    """An order as answers to new orders and to cancels show it."""
    terms = order.terms
    average = order.spent * UNIT // order.executed if order.executed else 0
    kind = "LIMIT" if terms.type == "LIQUIDATION" else terms.type
    origin = order.algo.terms.type if order.algo is not None else kind
    return {
        "orderId": order.order_id,
        "symbol": order.listing.symbol,
        "status": order.status,
        "clientOrderId": order.client_order_id,
        "price": write_amount(terms.price),
        "avgPrice": write_amount(average),
        "origQty": write_amount(order.quantity),
        "executedQty": write_amount(order.executed),
        "cumQty": write_amount(order.executed),
        "cumQuote": write_amount(order.spent),
        "timeInForce": terms.time_in_force,
        "type": kind,
        "reduceOnly": terms.reduce_only,
        "closePosition": False,
        "side": terms.side,
        "positionSide": "BOTH",
        "stopPrice": write_amount(0),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": origin,
        "updateTime": order.updated_at,
    }


def looked_up(order: Order) -> Report:
    """An order as look-ups and lists show it."""
    return algo(order) if isinstance(order, Algo) else {**figures(order), "time": order.at}


def algo(order: Algo) -> Report:
    """An order that waits, or has waited."""
    terms, actual = order.terms, order.actual
    return {
        "algoId": order.order_id,
        "clientAlgoId": order.client_order_id,
        "algoType": "CONDITIONAL",
        "orderType": terms.type,
        "symbol": order.listing.symbol,
        "side": terms.side,
        "positionSide": "BOTH",
        "timeInForce": terms.time_in_force,
        "quantity": write_amount(order.quantity),
        "algoStatus": order.told_status,
        "actualOrderId": str(actual.order_id) if actual is not None else "",
        "actualPrice": write_amount(0),
        "triggerPrice": write_amount(order.trigger_price),
        "price": write_amount(terms.price),
        "workingType": "CONTRACT_PRICE",
        "closePosition": False,
        "priceProtect": False,
        "reduceOnly": terms.reduce_only,
        "createTime": order.at,
        "updateTime": order.updated_at,
        "triggerTime": order.triggered_at,
        "goodTillDate": 0,
    }


def traded(fill: FuturesFill) -> Report:
    """A fill as `userTrades` shows it."""
    order = fill.order
    return {
        "symbol": order.listing.symbol,
        "id": fill.trade_id,
        "orderId": order.order_id,
        "side": order.terms.side,
        "price": write_amount(fill.price),
        "qty": write_amount(fill.quantity),
        "realizedPnl": write_amount(fill.realized),
        "quoteQty": write_amount(fill.quote),
        "commission": write_amount(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.at,
        "positionSide": "BOTH",
        "buyer": order.buys,
        "maker": fill.is_maker,
    }


def income(line: Income) -> Report:
    """A line of an account's books."""
    return {
        "symbol": line.symbol,
        "incomeType": line.kind,
        "income": write_amount(line.amount),
        "asset": "USDT",
        "info": line.kind,
        "time": line.at,
        "tranId": line.number,
        "tradeId": "",
    }


def position(symbol: str, held: Position, price: int, liquidation: int) -> Report:
    """A position as `positionRisk` shows it."""
    worth = held.size * price // UNIT
    return {
        "symbol": symbol,
        "positionSide": "BOTH",
        "positionAmt": write_amount(held.quantity),
        "entryPrice": write_amount(held.entry_price),
        "breakEvenPrice": write_amount(held.entry_price),
        "markPrice": write_amount(price),
        "unRealizedProfit": write_amount(held.profit_at(price) if held.quantity else 0),
        "liquidationPrice": write_amount(liquidation) if liquidation else "0",
        "isolatedMargin": write_amount(held.margin),
        "notional": write_amount(worth if held.quantity >= 0 else -worth),
        "marginAsset": "USDT",
        "isolatedWallet": write_amount(held.margin),
        "initialMargin": write_amount(-(-worth // held.leverage)),
        "maintMargin": write_amount(0),
        "adl": 1,
        "updateTime": held.updated_at,
    }

"""How orders, fills and pairs look in the venue's JSON."""

from collections.abc import Iterable
from typing import Any

from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.orders import CONTINGENT, Fill, Order, Pair

Report = dict[str, Any]

ZERO = "0.00000000"
FULL_BY_DEFAULT = frozenset({"MARKET", "LIMIT"})
RESPONSES = frozenset({"ACK", "RESULT", "FULL"})


def list_id_of(order: Order) -> int:
    """The id of an order's pair, -1 without one."""
    return order.pair.list_id if order.pair is not None else -1


def placed(order: Order, wanted: str) -> Report:
    """The answer to a new order, as long as was asked for."""
    said: Report = {
        "symbol": order.listing.symbol,
        "orderId": order.order_id,
        "orderListId": list_id_of(order),
        "clientOrderId": order.client_order_id,
        "transactTime": order.updated_at,
    }
    wanted = wanted or ("FULL" if order.terms.type in FULL_BY_DEFAULT else "ACK")
    if wanted == "ACK":
        return said
    said.update(_figures(order))
    said["workingTime"] = order.working_at
    if wanted == "FULL":
        said["fills"] = [_fill(fill) for fill in order.fills]
    said["selfTradePreventionMode"] = "NONE"
    return said


def canceled(order: Order, name: str, at: int) -> Report:
    """The answer to a cancel; it has a client order id of its own."""
    return {
        "symbol": order.listing.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": list_id_of(order),
        "clientOrderId": name,
        "transactTime": at,
        **_figures(order),
        "selfTradePreventionMode": "NONE",
    }


def looked_up(order: Order) -> Report:
    """An order as `GET /api/v3/order` and the lists show it."""
    terms = order.terms
    return {
        "symbol": order.listing.symbol,
        "orderId": order.order_id,
        "orderListId": list_id_of(order),
        "clientOrderId": order.client_order_id,
        "price": write_amount(terms.price),
        "origQty": write_amount(order.quantity),
        "executedQty": write_amount(order.executed),
        "cummulativeQuoteQty": write_amount(order.spent),
        "status": order.status,
        "timeInForce": terms.time_in_force,
        "type": terms.type,
        "side": terms.side,
        "stopPrice": write_amount(terms.stop_price),
        "icebergQty": ZERO,
        "time": order.at,
        "updateTime": order.updated_at,
        "isWorking": not order.waits_for_its_stop,
        "workingTime": order.working_at,
        "origQuoteOrderQty": write_amount(terms.quote_quantity),
        "selfTradePreventionMode": "NONE",
    }


def amended(order: Order, former: str, number: int) -> Report:
    """The answer to an amendment."""
    said: Report = {
        "transactTime": order.updated_at,
        "executionId": number,
        "amendedOrder": {
            "symbol": order.listing.symbol,
            "orderId": order.order_id,
            "orderListId": list_id_of(order),
            "origClientOrderId": former,
            "clientOrderId": order.client_order_id,
            "price": write_amount(order.terms.price),
            "qty": write_amount(order.quantity),
            "executedQty": write_amount(order.executed),
            "preventedQty": ZERO,
            "quoteOrderQty": write_amount(order.terms.quote_quantity),
            "cumulativeQuoteQty": write_amount(order.spent),
            "status": order.status,
            "timeInForce": order.terms.time_in_force,
            "type": order.terms.type,
            "side": order.terms.side,
            "workingTime": order.working_at,
            "selfTradePreventionMode": "NONE",
        },
    }
    if order.pair is not None:
        said["listStatus"] = pair_status(order.pair)
    return said


def pair_status(pair: Pair) -> Report:
    """A pair as look-ups show it."""
    is_open = pair.is_open
    return {
        "orderListId": pair.list_id,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED" if is_open else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if is_open else "ALL_DONE",
        "listClientOrderId": pair.client_id,
        "transactionTime": pair.at,
        "symbol": pair.listing.symbol,
        "orders": [
            {
                "symbol": pair.listing.symbol,
                "orderId": order.order_id,
                "clientOrderId": order.client_order_id,
            }
            for order in pair.orders
        ],
    }


def pair_placed(pair: Pair, wanted: str) -> Report:
    """The answer to a new pair."""
    reports = [placed(order, wanted or "RESULT") for order in pair.orders]
    return {**pair_status(pair), "orderReports": reports}


def pair_canceled(pair: Pair, ended: Iterable[Order], name: str, at: int) -> Report:
    """The answer to the cancel of a pair, or of one of its legs."""
    reports = [canceled(order, name, at) for order in ended]
    return {**pair_status(pair), "transactionTime": at, "orderReports": reports}


def traded(fill: Fill) -> Report:
    """A fill as `GET /api/v3/myTrades` shows it."""
    order = fill.order
    return {
        "symbol": order.listing.symbol,
        "id": fill.trade_id,
        "orderId": order.order_id,
        "orderListId": list_id_of(order),
        "price": write_amount(fill.price),
        "qty": write_amount(fill.quantity),
        "quoteQty": write_amount(fill.quote),
        "commission": write_amount(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.at,
        "isBuyer": order.buys,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def _figures(order: Order) -> Report:
    terms = order.terms
    said: Report = {
        "price": write_amount(terms.price),
        "origQty": write_amount(order.quantity),
        "executedQty": write_amount(order.executed),
        "origQuoteOrderQty": write_amount(terms.quote_quantity),
        "cummulativeQuoteQty": write_amount(order.spent),
        "status": order.status,
        "timeInForce": terms.time_in_force,
        "type": terms.type,
        "side": terms.side,
    }
    if terms.type in CONTINGENT:
        said["stopPrice"] = write_amount(terms.stop_price)
    return said


def _fill(fill: Fill) -> Report:
    return {
        "price": write_amount(fill.price),
        "qty": write_amount(fill.quantity),
        "commission": write_amount(fill.fee),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.trade_id,
    }

"""How orders of both families and executions look in the venue's JSON."""

from typing import Any

from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.orders import AT_MARKET, Fill, Order
from tests.emulators.kucoin.book import has_stop, plain_id, stop_id

Report = dict[str, Any]

# Records of executions count over all symbols of the venue, from somewhere.
FIRST_RECORD = 19_814_995_000_000


def plain(order: Order) -> Report:
    """A plain order as look-ups and lists show it."""
    terms = order.terms
    rest, ended = write_amount(order.left), not order.is_open
    return {
        "id": plain_id(order),
        "symbol": order.listing.symbol,
        "opType": "DEAL",
        "type": "market" if terms.type in AT_MARKET else "limit",
        "side": terms.side.lower(),
        "price": write_amount(terms.price),
        "size": write_amount(order.quantity),
        "funds": "0",
        "dealSize": write_amount(order.executed),
        "dealFunds": write_amount(order.spent),
        "fee": write_amount(sum(fill.fee for fill in order.fills)),
        "feeCurrency": order.listing.quote,
        "stp": None,
        "timeInForce": terms.time_in_force,
        "postOnly": False,
        "hidden": False,
        "iceberg": False,
        "visibleSize": "0",
        "cancelAfter": 0,
        "channel": "API",
        "clientOid": order.client_order_id,
        "remark": None,
        "tags": None,
        "cancelExist": ended and order.left > 0,
        "createdAt": order.working_at if has_stop(order) else order.at,
        "lastUpdatedAt": order.updated_at,
        "tradeType": "TRADE",
        "inOrderBook": order.is_open,
        "cancelledSize": rest if ended else "0",
        "cancelledFunds": "0",
        "remainSize": "0" if ended else rest,
        "remainFunds": "0",
        "active": order.is_open,
    }


def waiting(order: Order) -> Report:
    """An order of the family of stops."""
    terms = order.terms
    return {
        "id": stop_id(order),
        "symbol": order.listing.symbol,
        "userId": "60fe4956c43cbc0006562c2c",
        "status": _stop_status(order),
        "type": "market" if terms.type in AT_MARKET else "limit",
        "side": terms.side.lower(),
        "price": write_amount(terms.price) if terms.price else None,
        "size": write_amount(order.quantity) + "000000000000",
        "funds": None,
        "stp": None,
        "timeInForce": terms.time_in_force,
        "cancelAfter": -1,
        "postOnly": False,
        "channel": "API",
        "clientOid": order.client_order_id,
        "orderTime": order.at * 1_000_000,
        "domainId": "kucoin",
        "tradeSource": "USER",
        "tradeType": "TRADE",
        "feeCurrency": order.listing.quote,
        "createdAt": order.at,
        "stop": "loss" if terms.side == "SELL" else "entry",
        "stopTriggerTime": None if order.waits_for_its_stop else order.working_at,
        "stopPrice": write_amount(terms.stop_price),
    }


def _stop_status(order: Order) -> str:
    if not order.waits_for_its_stop:
        return "TRIGGERED"
    return "NEW" if order.is_open else "CANCELLED"


def executed(fill: Fill) -> Report:
    """An execution."""
    order = fill.order
    return {
        "id": FIRST_RECORD + fill.trade_id,
        "symbol": order.listing.symbol,
        "tradeId": 616_179_312_641 + fill.trade_id,
        "orderId": plain_id(order),
        "counterOrderId": "6306cf4027ecbe0001e1df4d",
        "side": order.terms.side.lower(),
        "liquidity": "maker" if fill.is_maker else "taker",
        "forceTaker": False,
        "price": write_amount(fill.price),
        "size": write_amount(fill.quantity),
        "funds": write_amount(fill.quote),
        "fee": write_amount(fill.fee),
        "feeRate": "0.001",
        "feeCurrency": fill.fee_asset,
        "stop": "",
        "tradeType": "TRADE",
        "type": "market" if order.terms.type in AT_MARKET else "limit",
        "createdAt": fill.at,
    }

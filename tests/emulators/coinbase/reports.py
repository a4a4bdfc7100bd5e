"""How orders, executions and money look in Coinbase's JSON."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import UNIT, write_amount
from tests.emulators.binance.orders import Fill, Order, Terms
from tests.emulators.exchange.book import hex_of, uuid_of

Report = dict[str, Any]

_STATUS = {
    "NEW": "OPEN",
    "PARTIALLY_FILLED": "OPEN",
    "FILLED": "FILLED",
    # What an immediate order could not get is cancelled there, and nothing else ends by itself.
    "CANCELED": "CANCELLED",
    "EXPIRED": "CANCELLED",
}
_SPACE = uuid.UUID("2f6c2b1e-8a35-4f0e-9d7c-c01bba5e0001")


def write_time(milliseconds: int) -> str:
    """Write a time as the venue does."""
    second, part = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{part:03d}000Z"


def placed(order: Order) -> Report:
    """The answer to a new order: whose it is, and nothing of what became of it."""
    return {
        "success": True,
        "failure_reason": "UNKNOWN_FAILURE_REASON",
        "success_response": {
            "order_id": uuid_of(order),
            "product_id": order.listing.symbol,
            "side": order.terms.side,
            "client_order_id": order.client_order_id,
            "attached_order_id": "",
        },
        "order_configuration": _configuration(order.terms, order.quantity),
    }


def looked_up(order: Order) -> Report:
    """An order as look-ups and lists show it."""
    filled = Decimal(order.executed) / UNIT
    average = Decimal(order.spent) / UNIT / filled if filled else Decimal(0)
    fees = sum(fill.fee for fill in order.fills)
    return {
        "order_id": uuid_of(order),
        "product_id": order.listing.symbol,
        "user_id": hex_of(order, "user"),
        "order_configuration": _configuration(order.terms, order.quantity),
        "side": order.terms.side,
        "client_order_id": order.client_order_id,
        "status": _STATUS[order.status],
        "time_in_force": "IMMEDIATE_OR_CANCEL" if _is_immediate(order.terms) else "GOOD_UNTIL_CANCELLED",
        "created_time": write_time(order.at),
        "completion_percentage": f"{Decimal(order.executed) * 100 / order.quantity:f}",
        "filled_size": write_amount(order.executed),
        "average_filled_price": f"{average:f}",
        "number_of_fills": str(len(order.fills)),
        "filled_value": write_amount(order.spent),
        "pending_cancel": False,
        "size_in_quote": bool(order.terms.quote_quantity),
        "total_fees": write_amount(fees),
        "size_inclusive_of_fees": False,
        "trigger_status": _trigger_status(order),
        "order_type": _kind(order.terms),
        "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "settled": order.status == "FILLED",
        "product_type": "SPOT",
        "reject_message": "",
        "cancel_message": "",
        "order_placement_source": "RETAIL_ADVANCED",
        "outstanding_hold_amount": write_amount(order.locked),
        "last_fill_time": write_time(order.fills[-1].at) if order.fills else None,
    }


def executed(fill: Fill) -> Report:
    """An execution; it does not name our id."""
    order = fill.order
    part = f"fill {fill.trade_id}"
    return {
        "entry_id": hex_of(order, part, 32),
        "trade_id": uuid_of(order, part),
        "order_id": uuid_of(order),
        "trade_time": write_time(fill.at).replace("000Z", "000123Z"),
        "trade_type": "FILL",
        "price": write_amount(fill.price),
        "size": write_amount(fill.quantity),
        "commission": write_amount(fill.fee),
        "product_id": order.listing.symbol,
        "sequence_timestamp": write_time(fill.at),
        "liquidity_indicator": "MAKER" if fill.is_maker else "TAKER",
        "size_in_quote": False,
        "side": order.terms.side,
    }


def wallet(account: Account, asset: str) -> Report:
    """What an account has of one asset, free and held."""
    amounts = {"available_balance": account.free.get(asset, 0), "hold": account.locked.get(asset, 0)}
    return {
        "uuid": str(uuid.uuid5(_SPACE, f"{account.key} {asset}")),
        "name": f"{asset} Wallet",
        "currency": asset,
        "type": "ACCOUNT_TYPE_FIAT" if asset == "USD" else "ACCOUNT_TYPE_CRYPTO",
        "active": True,
        "ready": True,
        **{name: {"value": write_amount(amount), "currency": asset} for name, amount in amounts.items()},
    }


def _configuration(terms: Terms, quantity: int) -> Report:
    size = {"base_size": write_amount(quantity)}
    if terms.type == "MARKET":
        return {"market_market_ioc": size}
    priced = {**size, "limit_price": write_amount(terms.price)}
    if terms.stop_price:
        rises = (terms.side == "BUY") == (terms.type == "STOP_LOSS_LIMIT")
        direction = f"STOP_DIRECTION_STOP_{'UP' if rises else 'DOWN'}"
        stop = {"stop_price": write_amount(terms.stop_price), "stop_direction": direction}
        return {"stop_limit_stop_limit_gtc": {**priced, **stop}}
    if _is_immediate(terms):
        return {"sor_limit_ioc": priced}
    return {"limit_limit_gtc": {**priced, "post_only": terms.type == "LIMIT_MAKER"}}


def _is_immediate(terms: Terms) -> bool:
    return terms.type == "MARKET" or terms.time_in_force == "IOC"


def _kind(terms: Terms) -> str:
    if terms.stop_price:
        return "STOP_LIMIT"
    return "MARKET" if terms.type == "MARKET" else "LIMIT"


def _trigger_status(order: Order) -> str:
    if not order.terms.stop_price:
        return "INVALID_ORDER_TYPE"
    return "STOP_PENDING" if order.waits_for_its_stop else "STOP_TRIGGERED"

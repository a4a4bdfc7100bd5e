"""Rows as the workers would have written them, for the commands that look at them or stop them."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose, TimeInForce
from shared.domain.signals import Side
from shared.domain.trades import StopSource, Target, Trade, TradeStatus
from shared.inbox import IncomingMessage, record_message
from shared.models import orders, trades

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def make_order(**changes: Any) -> Order:
    """Store one waiting entry, changed as told."""
    order_id = uuid.uuid4().hex
    given: dict[str, Any] = {
        "order_id": order_id,
        "intent_id": order_id,
        "attempt": 1,
        "trade_id": f"trade-{order_id}",
        "account_id": "account-1",
        "user_id": "user-1",
        "trading_bot_id": "bot-1",
        "provider_id": "provider-1",
        "signal_id": "signal-1",
        "source": "discord",
        "channel_id": "21",
        "message_id": order_id,
        "purpose": Purpose.ENTRY,
        "leg": 0,
        "venue": "paper",
        "environment": "paper",
        "symbol": "BTC/USDT",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal("0.25"),
        "limit_price": Decimal("67000.10"),
        "status": OrderStatus.INITIALIZED,
        "created_at": AT,
        "next_check_at": AT + timedelta(seconds=5),
    }
    order = Order(**{**given, **changes})
    orders.create_many_once([order])
    return order


def make_trade(**changes: Any) -> Trade:
    """Store one open and covered trade, changed as told."""
    trade_id = uuid.uuid4().hex
    given: dict[str, Any] = {
        "trade_id": trade_id,
        "user_id": "user-1",
        "account_id": "account-1",
        "trading_bot_id": "bot-1",
        "provider_id": "provider-1",
        "signal_id": "signal-1",
        "source": "discord",
        "channel_id": "21",
        "message_id": trade_id,
        "venue": "paper",
        "environment": "paper",
        "symbol": "BTC/USDT",
        "side": Side.BUY,
        "status": TradeStatus.OPEN,
        "planned_quantity": Decimal("0.25"),
        "planned_entry": Decimal("67000.10"),
        "stop_source": StopSource.MESSAGE,
        "created_at": AT,
        "stop_price": Decimal("65000.50"),
        "targets": (Target(Decimal(70_000), Decimal(1)),),
        "entered": Decimal("0.25"),
        "held": Decimal("0.25"),
        "coverable": Decimal("0.25"),
        "resting": Decimal("0.25"),
        "opened_at": AT,
    }
    trade = Trade(**{**given, **changes})
    trades.create_many_once([trade])
    return trade


def post(message_id: str, content: str = "BUY BTC", **changes: Any) -> str:
    """Record one message and return its row's id."""
    incoming = IncomingMessage(
        channel_id="21", message_id=message_id, author_id="31", content=content, posted_at=AT, **changes
    )
    return record_message(incoming, datetime.now(UTC)).id

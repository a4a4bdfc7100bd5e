"""What is to be ordered, before anybody has sent it, and the first order that carries it out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.identifiers import client_order_id
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose, TimeInForce
from shared.domain.trades import Trade


@dataclass(frozen=True, slots=True)
class Intent:
    """One order that a trade needs; `intent_id` is the same however often this is computed.

    `cause` names what asked for an exit. A stop and a target with the same `pair_id` go in one write; `replaces` is
    the resting order that goes when this one comes. After `send_by` an entry is never sent; at `expires_at` what rests
    of it is cancelled.
    """

    intent_id: str
    purpose: Purpose
    leg: int
    order_type: OrderType
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    cover_version: int = 0
    cause: str | None = None
    pair_id: str | None = None
    replaces: str | None = None
    trail_percent: Decimal | None = None
    send_by: datetime | None = None
    expires_at: datetime | None = None


def first_attempt(
    trade: Trade,
    intent: Intent,
    now: datetime,
    next_check_at: datetime,
    longest: TimeInForce = TimeInForce.GTC,
) -> Order:
    """Write an intent as the order of its first attempt, in force for as long as the venue lets it.

    Everything but an entry takes the other side, only reduces, and is linked with the trade's other exits.
    """
    is_entry = intent.purpose is Purpose.ENTRY
    return Order(
        order_id=client_order_id(intent.intent_id, 1),
        intent_id=intent.intent_id,
        attempt=1,
        trade_id=trade.trade_id,
        account_id=trade.account_id,
        user_id=trade.user_id,
        trading_bot_id=trade.trading_bot_id,
        provider_id=trade.provider_id,
        signal_id=trade.signal_id,
        source=trade.source,
        channel_id=trade.channel_id,
        message_id=trade.message_id,
        purpose=intent.purpose,
        leg=intent.leg,
        venue=trade.venue,
        environment=trade.environment,
        symbol=trade.symbol,
        side=trade.side if is_entry else trade.side.opposite,
        order_type=intent.order_type,
        time_in_force=longest,
        quantity=intent.quantity,
        status=OrderStatus.INITIALIZED,
        created_at=now,
        next_check_at=next_check_at,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        reduce_only=not is_entry,
        link_group=None if is_entry else trade.trade_id,
        cover_version=intent.cover_version,
        cause=intent.cause,
        pair_id=intent.pair_id,
        replaces=intent.replaces,
        trail_percent=intent.trail_percent,
        send_by=intent.send_by,
        expires_at=intent.expires_at,
    )

"""Stops as they are asked for, and the few questions that every way of covering asks of a trade's orders."""

from collections.abc import Iterable
from decimal import Decimal

from shared.domain.identifiers import cover_intent_id
from shared.domain.intents import Intent
from shared.domain.order_status import TERMINAL
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.signals import Side
from shared.domain.trades import Trade

STOP_PASSED_CODE = "STOP_ALREADY_PASSED"
TARGET_PASSED_CODE = "TARGET_ALREADY_PASSED"


def entries_over(orders: Iterable[Order]) -> bool:
    """Tell whether no entry of a trade can fill any more."""
    return all(o.status in TERMINAL for o in orders if o.purpose is Purpose.ENTRY)


def stop_intent(
    trade: Trade, quantity: Decimal, leg: int, *, pair_id: str | None = None, replaces: str | None = None
) -> Intent:
    """Write down a stop at the wanted price for a quantity."""
    version = trade.cover_version + 1
    return Intent(
        intent_id=cover_intent_id(trade.trade_id, Purpose.STOP, leg, version),
        purpose=Purpose.STOP,
        leg=leg,
        order_type=OrderType.STOP,
        quantity=quantity,
        stop_price=trade.stop_price,
        cover_version=version,
        pair_id=pair_id,
        replaces=replaces,
    )


def is_further(side: Side, price: Decimal, current: Decimal) -> bool:
    """Tell whether a stop at `price` lies further away from the market than one at `current`: it would risk more.

    Followers' trades and the positions that records are made of hear a provider by this one rule.
    """
    return price < current if side is Side.BUY else price > current


def next_stop_leg(exits: Iterable[Order]) -> int:
    """Return the number of the next stop of a trade."""
    return max((o.leg for o in exits if o.purpose is Purpose.STOP), default=-1) + 1


def not_yet_asked(orders: Iterable[Order]) -> tuple[str, ...]:
    """Return the ids of those whose cancel was not asked for yet."""
    return tuple(o.order_id for o in orders if not o.cancel_requested)

"""Stops as they are asked for, and the few questions that every way of covering asks of a trade's orders."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

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


class StopMove(StrEnum):
    """What a stop that is asked for is to the one that stands."""

    SAME = "same"
    WRONG_SIDE = "wrong_side"
    FURTHER = "further"
    NEARER = "nearer"


def judge_stop(
    side: Side, price: Decimal, current: Decimal | None, entries: Iterable[Decimal] = ()
) -> StopMove:
    """Decide what a stop at `price` is: followers' trades and the positions that records are made of use this one rule.

    `current` is None where none stands; any stop is nearer than that. `entries` are the prices at which it may still
    be entered, none once it has been: a stop must lie on the losing side of each. FURTHER would risk more.
    """
    if price == current:
        return StopMove.SAME
    if any(price >= entry if side is Side.BUY else price <= entry for entry in entries):
        return StopMove.WRONG_SIDE
    if current is not None and (price < current if side is Side.BUY else price > current):
        return StopMove.FURTHER
    return StopMove.NEARER


def next_stop_leg(exits: Iterable[Order]) -> int:
    """Return the number of the next stop of a trade."""
    return max((o.leg for o in exits if o.purpose is Purpose.STOP), default=-1) + 1


def not_yet_asked(orders: Iterable[Order]) -> tuple[str, ...]:
    """Return the ids of those whose cancel was not asked for yet."""
    return tuple(o.order_id for o in orders if not o.cancel_requested)

"""Moving a stop because a provider said so: nearer at once, further away only where the bot would risk as much."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.domain.bots import Sizing
from shared.domain.errors import Denial
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.order_status import LIVE
from shared.domain.orders import Order, Purpose
from shared.domain.signals import Side
from shared.domain.sizing import plan_quantity, risk_money
from shared.domain.stops import StopMove, judge_stop
from shared.domain.trades import StopSource, Trade

SLACK = Decimal("1.05")
"""What a fill may lie away from the price that was planned with, before a wider stop counts as more risk."""

_OWN = frozenset({StopSource.BREAK_EVEN, StopSource.USER})
_MOVED = _OWN | {StopSource.UPDATE}


@dataclass(frozen=True, slots=True)
class StopRoom:
    """What a bot whose owner allows wider stops sizes by; `equity` and the sizing's amount in the quote asset."""

    sizing: Sizing
    equity: Decimal | None
    max_position_percent: Decimal


def plan_stop(
    trade: Trade,
    orders: Iterable[Order],
    price: Decimal,
    instrument: Instrument | None,
    room: StopRoom | None = None,
) -> dict[str, Any] | str:
    """Return what changes of a trade whose stop is to be at `price`, or the code of what speaks against it.

    Without `room` a stop never moves away from the market, and one that the follower or the bot itself has moved never
    does. With it, what is held and may still be filled must risk no more to the new stop than was planned, or than the
    bot's own sizing would risk to it.
    """
    live = [o for o in orders if o.purpose is Purpose.ENTRY and o.status in LIVE]
    price = instrument.round_price(price) if instrument is not None else price
    if price <= ZERO:
        return "NO_LEVEL"
    # A percentage that waits for the fill is no price yet: to name the one that it stands for is a difference.
    is_vague = trade.stop_percent is not None and price == trade.stop_price
    current = None if is_vague else trade.stop_price
    match judge_stop(trade.side, price, current, _entries_of(trade, live)):
        case StopMove.SAME:
            return "NO_DIFFERENCE"
        case StopMove.WRONG_SIDE:
            return "STOP_WRONG_SIDE"
        case StopMove.FURTHER if refusal := _too_wide(trade, live, price, instrument, room):
            return refusal
    return {
        "stop_price": price,
        "stop_percent": None,
        "stop_source": StopSource.UPDATE,
        "needs_cover": True,
        # Before the first fill this is the stop that the trade begins with: R is measured from it.
        **({"initial_stop_price": price} if trade.entry_average is None else {}),
    }


def entries_behind(trade: Trade, orders: Iterable[Order]) -> tuple[str, ...]:
    """Return the ids of live entries that would be filled behind a stop that was moved, and so leave at once."""
    stop = trade.stop_price
    if stop is None or trade.stop_source not in _MOVED:
        return ()
    behind = []
    for order in orders:
        level = order.limit_price or order.stop_price
        if order.purpose is Purpose.ENTRY and order.status in LIVE and level and not order.cancel_requested:
            is_behind = level <= stop if trade.side is Side.BUY else level >= stop
            behind += [order.order_id] if is_behind else []
    return tuple(behind)


def _entries_of(trade: Trade, live: Iterable[Order]) -> list[Decimal]:
    """List the prices at which a trade that has not entered yet may be."""
    if trade.entry_average is not None:
        return []
    told = (o.limit_price or o.stop_price for o in live)
    return [level for level in told if level is not None] or [trade.planned_entry]


def _too_wide(
    trade: Trade, live: Iterable[Order], price: Decimal, instrument: Instrument | None, room: StopRoom | None
) -> str:
    if room is None or instrument is None or trade.stop_source in _OWN:
        return "STOP_WOULD_WIDEN"
    quantity = trade.held + sum((o.remaining for o in live), ZERO)
    if trade.entry_average is None and quantity == ZERO:
        quantity = trade.planned_quantity
    entry = trade.entry_average or trade.planned_entry
    begun = trade.initial_stop_price if trade.initial_stop_price is not None else trade.stop_price
    planned = (
        ZERO if begun is None else risk_money(instrument, trade.planned_quantity, trade.planned_entry, begun)
    )
    sized = plan_quantity(
        room.sizing,
        instrument,
        equity=room.equity,
        entry=trade.planned_entry,
        stop=price,
        max_position_percent=room.max_position_percent,
        record=None,
    )
    own = ZERO if isinstance(sized, Denial) else risk_money(instrument, sized, trade.planned_entry, price)
    most = max(planned, own) * SLACK
    return "STOP_RISK_TOO_HIGH" if risk_money(instrument, quantity, entry, price) > most else ""

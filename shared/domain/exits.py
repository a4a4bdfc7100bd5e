"""Leaving a position at market: what an exit that was asked for still has to sell, and when to try again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from shared.domain.identifiers import exit_intent_id
from shared.domain.instruments import Instrument
from shared.domain.intents import Intent
from shared.domain.ladder import is_tradable
from shared.domain.money import ONE, ZERO
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.trades import Trade

RETRY_SECONDS = (1, 2, 5, 10, 30, 60)
"""Pauses after the first, second ... refusal of an exit; the last one is kept: cover is never given up."""

_FINEST = Decimal("1E-12")


def plan_exit(
    trade: Trade, exits: Iterable[Order], instrument: Instrument, now: datetime
) -> Intent | datetime | None:
    """Return the market order that the wanted exit still needs, when to try again, or None.

    The share is of what was held when the exit was asked for: what a cut-off try has sold belongs to it.
    """
    cause, fraction = trade.exit_cause, trade.exit_fraction
    if cause is None or fraction is None:
        return None
    mine = [o for o in exits if o.purpose is Purpose.EXIT and o.cause == cause]
    if any(o.status in LIVE or o.status is OrderStatus.FILLED for o in mine):
        return None
    retry_at = retry_after(mine, now)
    if retry_at is not None:
        return retry_at
    sold = sum((o.filled_quantity for o in mine), ZERO)
    quantity = _share(trade, fraction, sold, instrument)
    if not is_tradable(instrument, quantity, trade.entry_average or ZERO):
        if sold > ZERO and fraction < ONE:
            return None
        quantity = trade.coverable
    return _market_exit(trade, quantity, cause, leg=len(mine))


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves at market now, when a refused exit is tried again, and how much stops are to cover beside it."""

    place: tuple[Intent, ...]
    retries: tuple[datetime, ...]
    to_cover: Decimal


def plan_leaving(trade: Trade, exits: Sequence[Order], instrument: Instrument, now: datetime) -> Leaving:
    """Say what leaves where exits may rest beside it: until a refused exit's next try it is covered like the rest."""
    leaving = plan_exit(trade, exits, instrument, now)
    place = (leaving,) if isinstance(leaving, Intent) else ()
    retries = (leaving,) if isinstance(leaving, datetime) else ()
    live = (o.remaining for o in exits if o.purpose is Purpose.EXIT and o.status in LIVE)
    going = sum(live, ZERO) + sum((item.quantity for item in place), ZERO)
    return Leaving(place, retries, trade.coverable - going)


def is_sold_but_for_dust(trade: Trade, exits: Iterable[Order], instrument: Instrument) -> bool:
    """Tell whether a wanted share was sold by tries that were cut off, all but a part that no venue takes."""
    cause, fraction = trade.exit_cause, trade.exit_fraction
    mine = [o for o in exits if o.purpose is Purpose.EXIT and o.cause == cause]
    sold = sum((o.filled_quantity for o in mine), ZERO)
    if fraction is None or fraction >= ONE or sold == ZERO or any(o.status in LIVE for o in mine):
        return False
    rest = _share(trade, fraction, sold, instrument)
    return not is_tradable(instrument, rest, trade.entry_average or ZERO)


def retry_after(refused_or_not: Sequence[Order], now: datetime) -> datetime | None:
    """Return when refused orders of one kind may be tried again; None for at once."""
    refused = [o for o in refused_or_not if o.status in {OrderStatus.REJECTED, OrderStatus.ABANDONED}]
    last = max((o.sent_at for o in refused if o.sent_at is not None), default=None)
    if last is None:
        return None
    due = last + timedelta(seconds=RETRY_SECONDS[min(len(refused), len(RETRY_SECONDS)) - 1])
    return due if due > now else None


def _share(trade: Trade, fraction: Decimal, sold: Decimal, instrument: Instrument) -> Decimal:
    # A third of three is one, though the fraction was cut off after its last digit.
    exact = ((trade.coverable + sold) * fraction - sold).quantize(_FINEST, ROUND_HALF_EVEN)
    return instrument.floor_quantity(max(exact, ZERO))


def _market_exit(trade: Trade, quantity: Decimal, cause: str, *, leg: int) -> Intent:
    return Intent(
        intent_id=exit_intent_id(trade.trade_id, cause, leg),
        purpose=Purpose.EXIT,
        leg=leg,
        order_type=OrderType.MARKET,
        quantity=quantity,
        cover_version=trade.cover_version,
        cause=cause,
    )

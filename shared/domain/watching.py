"""Levels that we watch ourselves, because no order can rest there: where to look, and what a touch asks for.

Touched is what could be had: the bid of a long position, the ask of a short one. A touch is written down by the
prices job and acted on when the trade is settled, so that a price which comes back at once is not forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.domain.cover import CoverStyle, CoverTerms
from shared.domain.entry import percent_away
from shared.domain.instruments import Instrument
from shared.domain.ladder import is_tradable
from shared.domain.money import HUNDRED, ONE, ZERO, to_plain
from shared.domain.orders import Order
from shared.domain.signals import Side
from shared.domain.targets import sold_at, target_shares, watched_cause
from shared.domain.trades import StopSource, Trade
from shared.domain.trailing import trails_at_venue

WATCHES_TARGETS = frozenset({CoverStyle.SINGLE, CoverStyle.MANAGED})

TRAIL_STEPS = 10
"""A trailing stop that rests is moved by a tenth of its distance at least: each move is a write to the venue."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Prices at which a trade asks for something: its losing and its winning side, None where there is nothing."""

    losing: Decimal | None = None
    target: Decimal | None = None
    trail: Decimal | None = None

    def by_direction(self, side: Side) -> dict[str, Any]:
        """Write them as the trade's fields: what is touched from above, and what from below."""
        near = [level for level in (self.target, self.trail) if level is not None]
        below, above = self.losing, min(near, default=None)
        if side is Side.SELL:
            below, above = max(near, default=None), self.losing
        is_watched = below is not None or above is not None
        return {"is_watched": is_watched, "watch_below": below, "watch_above": above}


def watched_levels(
    trade: Trade, orders: Sequence[Order], instrument: Instrument, terms: CoverTerms
) -> Levels:
    """Say where an open trade is watched; nowhere while a market exit is under way."""
    if trade.coverable <= ZERO or trade.exit_cause is not None:
        return Levels()
    leg = _next_target(trade, orders, instrument, terms)
    return Levels(
        losing=_losing_level(trade, terms),
        target=None if leg is None else trade.targets[leg].price,
        trail=None if trails_at_venue(trade, orders, terms) else _trail_level(trade, instrument, terms),
    )


def act_on_touch(
    trade: Trade,
    orders: Sequence[Order],
    instrument: Instrument,
    terms: CoverTerms,
    *,
    is_halted: bool = False,
) -> dict[str, Any]:
    """Return what changes of a trade that was touched: an exit that is wanted, or a stop that follows.

    A touch that has lost its meaning, because the level has moved since, is forgotten. Nothing trails while halted.
    """
    price = trade.touched_price
    if price is None or trade.exit_cause is not None:
        return {}
    done: dict[str, Any] = {"touched_price": None}
    losing = _losing_level(trade, terms)
    if trade.coverable <= ZERO:
        return done
    if losing is not None and _is_at(trade.side, price, losing, is_losing=True):
        cause = f"stop:{to_plain(losing)}"
        return {**done, "exit_cause": cause, "exit_fraction": ONE, "exit_reason": "STOP_HIT"}
    if not is_halted and not trails_at_venue(trade, orders, terms):
        done |= trailed(trade, price, instrument, terms)
    leg = _next_target(trade, orders, instrument, terms)
    if leg is not None and _is_at(trade.side, price, trade.targets[leg].price, is_losing=False):
        lacking = target_shares(trade, orders, instrument)[leg] - sold_at(trade, orders, leg)
        done |= {
            "exit_cause": watched_cause(trade, leg),
            "exit_fraction": min(lacking / trade.coverable, ONE),
            "exit_reason": "TARGET_HIT",
        }
    return done


def is_about_to_trail(trade: Trade) -> bool:
    """Tell whether a touch may move the stop of a trade."""
    return trade.trail_percent is not None and trade.touched_price is not None


def trailed(trade: Trade, price: Decimal, instrument: Instrument, terms: CoverTerms) -> dict[str, Any]:
    """Return the stop that follows a price at the trade's distance, empty where it would not come a step nearer."""
    if trade.trail_percent is None:
        return {}
    stop = _trailing_stop(trade, price, instrument)
    if trade.stop_price is not None:
        nearest = _one_step_nearer(trade, trade.stop_price, instrument, terms)
        if stop < nearest if trade.side is Side.BUY else stop > nearest:
            return {}
    return {"stop_price": stop, "stop_percent": None, "stop_source": StopSource.TRAILING}


def _losing_level(trade: Trade, terms: CoverTerms) -> Decimal | None:
    if trade.stop_price is None:
        return None
    if terms.style is CoverStyle.MANAGED:
        return trade.stop_price
    if terms.stop_limit_percent is not None:
        # The limit of a stop-limit: beyond it the market has jumped over the order, and it will not fill.
        return percent_away(trade.stop_price, terms.stop_limit_percent, trade.side.opposite)
    return None


def _next_target(
    trade: Trade, orders: Sequence[Order], instrument: Instrument, terms: CoverTerms
) -> int | None:
    if terms.style not in WATCHES_TARGETS:
        return None
    for leg, share in enumerate(target_shares(trade, orders, instrument)):
        price = trade.targets[leg].price
        if is_tradable(instrument, min(share - sold_at(trade, orders, leg), trade.coverable), price):
            return leg
    return None


def _trail_level(trade: Trade, instrument: Instrument, terms: CoverTerms) -> Decimal | None:
    """Return the price at which the trailing stop is next moved."""
    if trade.trail_percent is None or trade.stop_price is None:
        return None
    share = trade.trail_percent / HUNDRED
    nearest = _one_step_nearer(trade, trade.stop_price, instrument, terms)
    level = nearest / (ONE - share if trade.side is Side.BUY else ONE + share)
    return instrument.ceil_price(level) if trade.side is Side.BUY else instrument.floor_price(level)


def _one_step_nearer(trade: Trade, stop: Decimal, instrument: Instrument, terms: CoverTerms) -> Decimal:
    step = instrument.tick
    if terms.style is not CoverStyle.MANAGED and trade.trail_percent is not None:
        step = max(instrument.floor_price(stop * trade.trail_percent / HUNDRED / TRAIL_STEPS), step)
    return stop + step if trade.side is Side.BUY else stop - step


def _trailing_stop(trade: Trade, price: Decimal, instrument: Instrument) -> Decimal:
    assert trade.trail_percent is not None, "only a trade that trails is asked"
    stop = percent_away(price, trade.trail_percent, trade.side.opposite)
    # Away from the market, so that the distance is never smaller than was asked for.
    return instrument.floor_price(stop) if trade.side is Side.BUY else instrument.ceil_price(stop)


def _is_at(side: Side, price: Decimal, level: Decimal, *, is_losing: bool) -> bool:
    falls = (side is Side.BUY) == is_losing
    return price <= level if falls else price >= level

"""Positions on margin: how much leverage a signal gets, and where the venue would take the position away.

Isolated margin, one-way, linear contracts. The liquidation price is where the margin left is the maintenance
margin: entry · (1 - 1/L) / (1 - m) for a long position, entry · (1 + 1/L) / (1 + m) for a short one, with leverage L
and maintenance rate m (Binance, "Liquidation price of USDⓈ-M futures", with one position and without the
deductions of higher brackets, which only move it further away).
"""

from decimal import Decimal

from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.gate import Seen
from shared.domain.instruments import Instrument
from shared.domain.money import ONE, to_plain
from shared.domain.signals import Side
from shared.domain.sized_entry import priced_legs


def leverage_of(facts: Facts) -> int | None:
    """Return the leverage that a trade would have; None where positions are paid for in full.

    The provider's, the follower's cap and the venue's for the instrument: the least of them, and one where the message
    names none.
    """
    instrument = facts.instrument
    if instrument is None or not instrument.is_margined:
        return None
    asked = facts.signal.leverage
    wanted = ONE if asked is None else max(asked, ONE)
    return int(min(wanted, Decimal(facts.bot.settings.max_leverage), Decimal(instrument.max_leverage)))


def liquidation_price(side: Side, entry: Decimal, leverage: int, instrument: Instrument) -> Decimal:
    """Return where an isolated position entered at `entry` would be liquidated; zero or less is nowhere."""
    share, kept = ONE / leverage, instrument.maintenance_rate
    if side is Side.BUY:
        return entry * (ONE - share) / (ONE - kept)
    return entry * (ONE + share) / (ONE + kept)


def check_liquidation(facts: Facts) -> Seen:
    """Deny where the venue would liquidate a leg's position before its stop is reached."""
    leverage, priced = leverage_of(facts), priced_legs(facts)
    if leverage is None or facts.instrument is None or isinstance(priced, Denial):
        return Seen("not on margin", "beyond the stop")
    legs, _, stop = priced
    prices = [liquidation_price(facts.side, leg.price, leverage, facts.instrument) for leg in legs]
    nearest = max(prices) if facts.side is Side.BUY else min(prices)
    is_beyond = nearest < stop.price if facts.side is Side.BUY else nearest > stop.price
    shown = to_plain(facts.instrument.round_price(nearest)) if nearest > 0 else "nowhere"
    seen = f"{shown} at {leverage}x"
    wanted = f"{'below' if facts.side is Side.BUY else 'above'} {to_plain(stop.price)}"
    if is_beyond:
        return Seen(seen, wanted)
    detail = f"At {leverage}x the venue would liquidate at {shown}, before the stop {to_plain(stop.price)}."
    return Seen(seen, wanted, Denial("LIQUIDATION_BEFORE_STOP", detail))

"""Cover: what stops and targets a trade must have, compared with those that it has (DESIGN 6)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shared.domain.cover import CoverPlan, CoverStyle, CoverTerms
from shared.domain.holding import plan_holding
from shared.domain.instruments import Instrument
from shared.domain.ladder import is_tradable
from shared.domain.linked import plan_linked
from shared.domain.managed import plan_managed
from shared.domain.money import ZERO
from shared.domain.order_status import LIVE, RESTING
from shared.domain.orders import Order, Purpose
from shared.domain.sharing import plan_sharing
from shared.domain.stops import entries_over, not_yet_asked
from shared.domain.trades import Trade


def coverable_quantity(
    held: Decimal, instrument: Instrument, price: Decimal | None, orders: Iterable[Order] = ()
) -> Decimal:
    """Return what can be covered: floored to the lot, zero where it is worth less than the minimum.

    A crumb beside what exits at the venue cover already, too small for an order of its own, is left out until
    they are placed anew.
    """
    quantity = instrument.floor_quantity(max(held, ZERO))
    if price is None or not is_tradable(instrument, quantity, price):
        return ZERO
    covered = sum((o.remaining for o in orders if o.status in RESTING and o.purpose in _COVERING), ZERO)
    crumb = quantity - covered
    is_crumb = crumb > ZERO and covered > ZERO and not is_tradable(instrument, crumb, price)
    return covered if is_crumb else quantity


_COVERING = frozenset({Purpose.STOP, Purpose.EXIT})


def resting_quantity(orders: Iterable[Order]) -> Decimal:
    """Return what stops at the venue cover now: only accepted ones count."""
    return sum((o.remaining for o in orders if o.purpose is Purpose.STOP and o.status in RESTING), ZERO)


def managed_quantity(coverable: Decimal, stop_price: Decimal | None, terms: CoverTerms) -> Decimal:
    """Return the part whose stop we watch ourselves."""
    is_watched = terms.style is CoverStyle.MANAGED and stop_price is not None
    return coverable if is_watched else ZERO


def naked_quantity(trade_coverable: Decimal, orders: Iterable[Order]) -> Decimal:
    """Return the coverable part that no accepted stop and no exit at the venue covers."""
    listed = list(orders)
    leaving = sum((o.remaining for o in listed if o.purpose is Purpose.EXIT and o.status in RESTING), ZERO)
    return max(trade_coverable - resting_quantity(listed) - leaving, ZERO)


def plan_cover(
    trade: Trade, orders: tuple[Order, ...], instrument: Instrument, now: datetime, terms: CoverTerms
) -> CoverPlan:
    """Compare wanted with actual cover and say what is missing or superfluous, by the venue's terms."""
    exits = [o for o in orders if o.purpose is not Purpose.ENTRY]
    # Whoever wrote the last want may have died before the trade knew its version: its orders know it.
    newest = max((o.cover_version for o in exits), default=0)
    if newest > trade.cover_version:
        trade = replace(trade, cover_version=newest)
    if trade.coverable <= ZERO or trade.stop_price is None:
        gone = (o for o in exits if o.status in LIVE and entries_over(orders))
        return CoverPlan(cancel=not_yet_asked(gone))
    if terms.style is CoverStyle.LINKED:
        return plan_linked(trade, orders, exits, instrument, now)
    if terms.style is CoverStyle.REDUCE_ONLY:
        return plan_sharing(trade, orders, exits, instrument, now, terms)
    if terms.style is CoverStyle.MANAGED:
        return plan_managed(trade, exits, instrument, now)
    return plan_holding(trade, orders, exits, instrument, now, terms)

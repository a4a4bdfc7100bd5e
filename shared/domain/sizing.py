"""How much: fixed, percent of equity, risk to the stop, half-Kelly; a missing number refuses, never guesses."""

from decimal import Decimal

from shared.domain.bots import Sizing, SizingMethod
from shared.domain.errors import Denial
from shared.domain.instruments import Instrument
from shared.domain.money import HUNDRED, ZERO
from shared.domain.record import ProviderRecord, half_kelly


def plan_quantity(
    sizing: Sizing,
    instrument: Instrument,
    *,
    equity: Decimal | None,
    entry: Decimal,
    stop: Decimal,
    max_position_percent: Decimal,
    record: ProviderRecord | None,
) -> Decimal | Denial:
    """Return the quantity in base units, floored to the lot and capped at a share of equity."""
    if equity is None or equity <= ZERO:
        return Denial("NO_BALANCE", "The account's balance is not known, so no size can be computed.")
    per_unit = entry * instrument.multiplier
    if per_unit <= ZERO:
        return Denial("NO_PRICE", "No price is known for this instrument.")
    match sizing.method:
        case SizingMethod.FIXED:
            quantity = sizing.amount / per_unit
        case SizingMethod.PERCENT:
            quantity = equity * sizing.amount / HUNDRED / per_unit
        case SizingMethod.RISK:
            distance = abs(entry - stop) * instrument.multiplier
            if distance == ZERO:
                return Denial("STOP_AT_ENTRY", "The stop is at the entry, so the risk per unit is zero.")
            quantity = equity * sizing.amount / HUNDRED / distance
        case SizingMethod.KELLY:
            share = half_kelly(record)
            if isinstance(share, Denial):
                return share
            quantity = equity * share / per_unit
    cap = equity * max_position_percent / HUNDRED / per_unit
    return instrument.floor_quantity(min(quantity, cap))


def risk_money(instrument: Instrument, quantity: Decimal, entry: Decimal, stop: Decimal) -> Decimal:
    """Return what the quantity loses between entry and stop, in the quote asset."""
    return abs(entry - stop) * quantity * instrument.multiplier

"""From facts to an entry with quantities: legs, stop, and the worst case in money."""

from dataclasses import dataclass
from decimal import Decimal

from shared.domain.entry import Leg, StopChoice, choose_stop, plan_legs, reference_price
from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.instruments import Instrument
from shared.domain.ladder import repeat_last, split_quantity
from shared.domain.money import ONE, ZERO, to_plain
from shared.domain.sizing import plan_quantity, risk_money

_AFTER_COMMISSION = Decimal("0.99")
"""What is left of a leg to be covered, at least: venues take up to one percent of it."""


@dataclass(frozen=True, slots=True)
class SizedEntry:
    """What passes all gates: legs with quantities, the stop, and the worst case in money."""

    legs: tuple[tuple[Leg, Decimal], ...]
    reference: Decimal
    stop: StopChoice
    quantity: Decimal
    notional: Decimal
    risk: Decimal


def size_entry(facts: Facts) -> SizedEntry | Denial:
    """Return legs, stop and quantities; two gates and the plan look at the same ones."""
    return facts.once(_size_entry)


def _size_entry(facts: Facts) -> SizedEntry | Denial:
    priced, quantity = priced_legs(facts), planned_quantity(facts)
    if isinstance(priced, Denial):
        return priced
    if isinstance(quantity, Denial):
        return quantity
    legs, reference, stop = priced
    instrument = known_instrument(facts.instrument)
    weights = facts.bot.settings.entry_split
    sizes = _fit_to_legs(quantity, legs, reference, stop.price, instrument, weights)
    if not any(sizes):
        return Denial(
            "BELOW_MINIMUM",
            f"The size would be {to_plain(quantity)} {instrument.base}: that, or what its stop would sell, is worth "
            f"less than the venue's minimum of {to_plain(instrument.minimum_notional)} {instrument.quote}.",
        )
    sized = tuple((leg, size) for leg, size in zip(legs, sizes, strict=True) if size)
    return SizedEntry(
        legs=sized,
        reference=reference,
        stop=stop,
        quantity=sum((size for _, size in sized), ZERO),
        notional=sum((instrument.notional(size, leg.price) for leg, size in sized), ZERO),
        risk=sum((risk_money(instrument, size, leg.price, stop.price) for leg, size in sized), ZERO),
    )


def planned_quantity(facts: Facts) -> Decimal | Denial:
    """Return what the bot's sizing asks for in base units, before it is split over legs."""
    return facts.once(_planned_quantity)


def _planned_quantity(facts: Facts) -> Decimal | Denial:
    priced = priced_legs(facts)
    if isinstance(priced, Denial):
        return priced
    _, reference, stop = priced
    return plan_quantity(
        facts.bot.sizing,
        known_instrument(facts.instrument),
        equity=facts.equity,
        entry=reference,
        stop=stop.price,
        max_position_percent=facts.bot.settings.max_position_percent,
        record=facts.record,
    )


def _fit_to_legs(
    quantity: Decimal,
    legs: tuple[Leg, ...],
    reference: Decimal,
    stop: Decimal,
    instrument: Instrument,
    weights: tuple[Decimal, ...],
) -> tuple[Decimal, ...]:
    """Split a quantity over legs so that together they cost and risk no more than it does at the reference.

    Dropped legs and left-over lots shift it to dearer prices; then less is taken.
    """
    worth = instrument.notional(quantity, reference)
    risk = risk_money(instrument, quantity, reference, stop)
    prices = tuple(leg.price for leg in legs)
    # A leg must be worth the venue's minimum at its stop too, after commission: or nothing could cover it.
    coverable = tuple(min(price, stop) * _AFTER_COMMISSION for price in prices)
    taken = quantity
    while True:  # ends: every pass takes at least one lot less, down to none
        sizes = split_quantity(taken, coverable, instrument, repeat_last(weights, len(legs)))
        placed = list(zip(sizes, prices, strict=True))
        if not any(sizes):
            return sizes
        excess = sum((instrument.notional(size, price) for size, price in placed), ZERO) / worth
        if risk > ZERO:
            risked = sum((risk_money(instrument, size, price, stop) for size, price in placed), ZERO)
            excess = max(excess, risked / risk)
        if excess <= ONE:
            return sizes
        taken = instrument.floor_quantity(taken / excess)


def priced_legs(facts: Facts) -> tuple[tuple[Leg, ...], Decimal, StopChoice] | Denial:
    """Return the legs of an entry, the price that risk is measured from, and the stop; or why there are none."""
    return facts.once(_priced_legs)


def _priced_legs(facts: Facts) -> tuple[tuple[Leg, ...], Decimal, StopChoice] | Denial:
    if facts.bid is None or facts.ask is None:
        return Denial("NO_QUOTE", f"No current price of {facts.symbol} at {facts.account.venue}.")
    instrument = known_instrument(facts.instrument)
    legs = plan_legs(facts.signal, instrument, facts.bid, facts.ask)
    reference = reference_price(legs)
    stop = choose_stop(facts.signal, facts.bot.settings, instrument, facts.side, reference)
    if stop is None:
        return Denial("STOP_MISSING", "The message names no stop and this bot trades only with one.")
    return legs, reference, stop


def known_instrument(instrument: Instrument | None) -> Instrument:
    """Return an instrument that the gates have found to be there."""
    if instrument is None:
        raise ValueError("the instrument gate runs before anything that needs the instrument")
    return instrument

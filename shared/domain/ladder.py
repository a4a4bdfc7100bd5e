"""Fitting a quantity to legs: every order on tick and lot and above the venue's minimum, or dropped."""

from decimal import Decimal

from shared.domain.instruments import Instrument
from shared.domain.money import ONE, ZERO


def split_quantity(
    total: Decimal,
    prices: tuple[Decimal, ...],
    instrument: Instrument,
    weights: tuple[Decimal, ...] | None = None,
) -> tuple[Decimal, ...]:
    """Split `total` over prices; legs too small for the venue give theirs to the largest left.

    Returns one quantity per price (zero for a dropped leg); their sum never exceeds `total`, and all
    are zero where not even a single leg is large enough.
    """
    shares = weights or tuple(Decimal(1) for _ in prices)
    kept = list(range(len(prices)))
    while kept:
        sizes = _floored(total, kept, shares, instrument)
        small = [i for i in kept if not is_tradable(instrument, sizes[i], prices[i])]
        if not small:
            return tuple(sizes.get(i, ZERO) for i in range(len(prices)))
        # The leg of least worth goes first; what it held is shared by the others in the next pass.
        kept.remove(min(small, key=lambda i: shares[i] * prices[i]))
    return tuple(ZERO for _ in prices)


def repeat_last(weights: tuple[Decimal, ...], count: int) -> tuple[Decimal, ...]:
    """Return `count` weights, the last one repeated; all the same where none are given."""
    given = weights or (ONE,)
    return tuple(given[min(i, len(given) - 1)] for i in range(count))


def is_tradable(instrument: Instrument, quantity: Decimal, price: Decimal) -> bool:
    """Tell whether a venue would take an order of this size."""
    return quantity > ZERO and instrument.notional(quantity, price) >= instrument.minimum_notional


def _floored(
    total: Decimal, kept: list[int], shares: tuple[Decimal, ...], instrument: Instrument
) -> dict[int, Decimal]:
    whole = sum((shares[i] for i in kept), ZERO)
    sizes = {i: instrument.floor_quantity(total * shares[i] / whole) for i in kept}
    # What flooring left over goes to the last leg, as far as whole lots allow.
    rest = instrument.floor_quantity(total - sum(sizes.values(), ZERO))
    sizes[kept[-1]] += rest
    return sizes

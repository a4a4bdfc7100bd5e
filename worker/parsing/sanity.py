"""Refuses readings that no trader could mean: levels on the wrong side, too far off, absurd numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.signals import Side

MAX_PRICE = Decimal(10) ** 8
MIN_PRICE = Decimal(10) ** -12
FARTHEST_STOP = Decimal(5)
FARTHEST_TARGET = Decimal(5)
DEAREST_PREMIUM = Decimal("0.5")
WIDEST_PREMIUM = Decimal(2)


@dataclass(frozen=True, slots=True)
class Levels:
    """Entry points, stop and targets of an open, as prices."""

    entry: tuple[Decimal, ...]
    stop: Decimal | None
    targets: tuple[Decimal, ...]


def infer_side(levels: Levels) -> Side | None:
    """Return the side that the stop, else the targets, imply; none if nothing does."""
    if not levels.entry:
        if levels.stop is not None and levels.targets:
            return Side.BUY if levels.targets[0] > levels.stop else Side.SELL
        return None
    low, high = min(levels.entry), max(levels.entry)
    if levels.stop is not None:
        if levels.stop < low:
            return Side.BUY
        if levels.stop > high:
            return Side.SELL
        return None
    if levels.targets and levels.targets[-1] > high:
        return Side.BUY
    if levels.targets and levels.targets[-1] < low:
        return Side.SELL
    return None


def are_possible(prices: Iterable[Decimal]) -> bool:
    """Say whether every number can be a price of anything that is traded."""
    return all(MIN_PRICE <= price <= MAX_PRICE for price in prices)


def is_sane(levels: Levels) -> bool:
    """Say whether every number is a possible price and none is absurdly far from the entry."""
    prices = [*levels.entry, *levels.targets, *([levels.stop] if levels.stop is not None else [])]
    if not are_possible(prices):
        return False
    if not levels.entry:
        return True
    low, high = min(levels.entry), max(levels.entry)
    if high > low * 2:
        return False
    if levels.stop is not None and not low / FARTHEST_STOP <= levels.stop <= high * FARTHEST_STOP:
        return False
    return all(low / FARTHEST_TARGET <= target <= high * FARTHEST_TARGET for target in levels.targets)


def agrees(side: Side, levels: Levels) -> bool:
    """Say whether the stop lies on the losing side of the entry and every target on the winning side."""
    sign = 1 if side is Side.BUY else -1
    reference = levels.entry or ((levels.stop,) if levels.stop is not None else ())
    if not reference:
        return True
    low, high = min(reference), max(reference)
    near, far = (low, high) if side is Side.BUY else (high, low)
    if levels.entry and levels.stop is not None and (levels.stop - near) * sign >= 0:
        return False
    threshold = near if levels.entry else far
    return all((target - threshold) * sign > 0 for target in levels.targets)


def is_premium(entry: tuple[Decimal, ...], strike: Decimal | None) -> bool:
    """Say whether the prices can be what an option of this strike costs, not levels of its underlying."""
    if not are_possible(entry) or max(entry) > min(entry) * WIDEST_PREMIUM:
        return False
    return strike is None or max(entry) <= strike * DEAREST_PREMIUM

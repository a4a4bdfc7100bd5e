"""What reads may cost: look-ups and polls take tokens too, and polls no more than their share of a venue's limit."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from typing import TypeVar

from shared.brokers.weights import Call, VenueLimits
from worker.context import Context
from worker.limits import Pot, Urgency

T = TypeVar("T")

POLL_SHARE = 0.3
"""Of a venue's limit, what the polls of resting orders may take at most."""


def affordable(
    context: Context,
    wanted: Sequence[T],
    pot_of: Callable[[T], Pot],
    call: Call,
    *,
    urgency: Urgency = Urgency.LOOK_UP,
    as_poll: bool = False,
) -> list[T]:
    """Return those of the wanted reads that may go now, the first ones first; the others wait for their next turn."""
    by_pot: dict[Pot, list[T]] = {}
    for item in wanted:
        by_pot.setdefault(pot_of(item), []).append(item)
    allowed: list[T] = []
    for pot, items in by_pot.items():
        limits = context.limits(pot)
        if limits is None:
            allowed += items
            continue
        weight = limits.weights.get(call, 1)
        count = len(items)
        if as_poll:
            share = replace(pot, address=f"{pot.address}:polls")
            count = _take(context, share, _polls_of(limits), urgency, count, weight)
        allowed += items[: _take(context, pot, limits, urgency, count, weight)]
    return allowed


def detection_seconds(context: Context, pot: Pot, more: int) -> int:
    """Return how long a fill of a resting entry may stay unseen once so many more rest at a venue."""
    limits = context.limits(pot)
    if limits is None:
        return 0
    return ceil(poll_seconds(limits, context.resting_entries(pot) + more))


def poll_seconds(limits: VenueLimits, groups: int) -> float:
    """Return how long a round of polls of so many accounts and symbols takes at a venue's limit."""
    weight = limits.weights.get(Call.OPEN_ORDERS_OF_SYMBOL, 1)
    return groups * weight / (limits.weight_per_minute * POLL_SHARE / 60)


def _take(context: Context, pot: Pot, limits: VenueLimits, urgency: Urgency, count: int, weight: int) -> int:
    if not count:
        return 0
    return len(context.tokens.take(pot, limits, urgency, [""] * count, weight=weight).places)


def _polls_of(limits: VenueLimits) -> VenueLimits:
    return replace(limits, weight_per_minute=int(limits.weight_per_minute * POLL_SHARE))

"""What reads may cost: look-ups and polls take tokens too, and polls no more than their share of a venue's limit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from math import ceil
from time import monotonic
from typing import Protocol, TypeVar

from redis.exceptions import RedisError

from shared.brokers.weights import POLL_SHARE, Call, VenueLimits
from worker.context import Context
from worker.limits import Pot, Urgency


class OfAccount(Protocol):
    """What is asked about belongs to one account."""

    @property
    def account_id(self) -> str:
        """The account's id."""
        ...


T = TypeVar("T", bound=OfAccount)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

READS_AT_ONCE = 150
"""Reads that are on their way together: three quarters of a transport's connections, so that writes find one. About so
many still arrive when a venue has told us to wait.
"""

_WATCH_SECONDS = 0.05


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
        going: list[T] = items
        if as_poll:
            share = replace(pot, address=f"{pot.address}:polls")
            going = _take(context, share, limits.scaled(POLL_SHARE), urgency, items, weight)
        allowed += _take(context, pot, limits, urgency, going, weight)
    return allowed


async def ask_side_by_side(
    context: Context,
    wanted: Sequence[Asked],
    pot_of: Callable[[Asked], Pot],
    ask: Callable[[Asked], Awaitable[Answer]],
    *,
    patience_seconds: float,
) -> list[Answer | None]:
    """Ask about everything that is wanted, so many at a time, and return the answers in their order.

    None for what was not asked: its venue told us to wait meanwhile, or `patience_seconds` were over before its turn.
    """
    ends_at = monotonic() + patience_seconds
    slots = asyncio.Semaphore(READS_AT_ONCE)
    closed: set[Pot] = set()

    async def in_turn(item: Asked) -> Answer | None:
        async with slots:
            return None if pot_of(item) in closed or monotonic() > ends_at else await ask(item)

    watch = asyncio.create_task(_watch_closed(context, {pot_of(item) for item in wanted}, closed))
    try:
        return list(await asyncio.gather(*(in_turn(item) for item in wanted)))
    finally:
        watch.cancel()


async def _watch_closed(context: Context, pots: set[Pot], closed: set[Pot]) -> None:
    """Note which pots a venue has closed, whoever was told, for as long as somebody asks."""
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        try:
            now_closed = await asyncio.to_thread(_closed, context, pots)
        except RedisError:
            # Nobody knows then; each of our reads still ends by its own time-out.
            continue
        closed.clear()
        closed.update(now_closed)


def _closed(context: Context, pots: set[Pot]) -> set[Pot]:
    return {pot for pot in pots if context.tokens.closed_seconds(pot)}


def detection_seconds(context: Context, pot: Pot, more: int) -> int:
    """Return how long a fill of a resting entry may stay unseen once so many more rest at a venue."""
    limits = context.limits(pot)
    if limits is None:
        return 0
    return ceil(limits.poll_seconds(context.resting_entries(pot) + more))


def _take(
    context: Context, pot: Pot, limits: VenueLimits, urgency: Urgency, items: Sequence[T], weight: int
) -> list[T]:
    if not items:
        return []
    names = [item.account_id for item in items]
    grant = context.tokens.take(pot, limits, urgency, names, weight=weight, are_orders=False)
    return [items[place] for place in grant.places]

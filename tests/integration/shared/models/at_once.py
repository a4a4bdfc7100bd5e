"""Several threads that begin the same thing in the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Told = TypeVar("Told")

THREADS = 8


def all_at_once(act: Callable[[int], Told], threads: int = THREADS) -> list[Told]:
    """Run `act(n)` in so many threads, none before all are there, and return what each was told."""
    barrier = Barrier(threads)

    def begin(number: int) -> Told:
        barrier.wait(timeout=30)
        return act(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))

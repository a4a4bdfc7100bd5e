"""Waiting for another process: look often, give up at a deadline, say what was awaited."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(
    look: Callable[[], Found | None], awaited: str, *, seconds: float = 20.0, every: float = 0.03
) -> Found:
    """Return the first true answer of `look`; AssertionError naming what was awaited after `seconds`.

    `every`: seconds between two looks; larger where looking itself takes time from what is measured.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{awaited}: not within {seconds:g} s")
        time.sleep(every)

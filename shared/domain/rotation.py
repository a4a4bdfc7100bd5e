"""Whose turn it is first: an order of followers that changes with every signal, so that nobody is always last."""

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")


def rotated(followers: Sequence[T], seed: str) -> list[T]:
    """Begin a list at a place that follows from the seed; the same seed gives the same order again."""
    if not followers:
        return []
    start = crc32(seed.encode()) % len(followers)
    return [*followers[start:], *followers[:start]]

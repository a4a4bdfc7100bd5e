"""The venue's own walk: with a seed, prices move by themselves, the same way in every run."""

import random

from tests.emulators.binance.amounts import floor_to, write_amount
from tests.emulators.binance.book import Book

# The standard deviation of one step.
STEP = 0.0005


def next_prices(book: Book, seed: int) -> dict[str, str]:
    """The prices of one more step, where they change."""
    chance = random.Random(f"{seed}:{book.walks}")
    moved: dict[str, str] = {}
    for symbol, market in book.markets.items():
        tick = market.listing.tick
        price = max(floor_to(int(market.price * (1 + chance.gauss(0, STEP))), tick), 2 * tick)
        if price != market.price:
            moved[symbol] = write_amount(price)
    return moved

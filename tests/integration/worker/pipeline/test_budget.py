"""Reads side by side: all are asked, some at a time, and none after their venue has told us to wait."""

import asyncio
from collections.abc import Callable

from tests.integration.worker.pipeline.driver import Driver
from worker.limits import Pot
from worker.pipeline.budget import READS_AT_ONCE, ask_side_by_side

ONE, OTHER = Pot("binance", "sandbox"), Pot("paper", "paper")
MANY = 2 * READS_AT_ONCE + 7


def ask_all(
    driver: Driver, pot_of: Callable[[int], Pot], *, closing: int = -1, patience_seconds: float = 5
) -> tuple[list[int | None], list[int]]:
    """Ask about so many numbers; the answer to `closing` says wait, and those after it take until that is known.

    Returns the answers and what was asked.
    """
    asked: list[int] = []

    async def ask(number: int) -> int:
        asked.append(number)
        if number == closing:
            driver.context.tokens.close(ONE, 30)
        if 0 <= closing < number or patience_seconds < 1:
            await asyncio.sleep(0.5)
        return number * 10

    reading = ask_side_by_side(driver.context, range(MANY), pot_of, ask, patience_seconds=patience_seconds)
    return driver.context.loop.run(reading, 10), asked


def test_every_read_is_asked_once_and_answered_in_its_place(driver: Driver) -> None:
    answers, asked = ask_all(driver, lambda _: ONE)
    assert answers == [number * 10 for number in range(MANY)]
    assert sorted(asked) == list(range(MANY))


def test_after_a_venue_says_wait_no_more_is_asked_than_was_on_its_way(driver: Driver) -> None:
    answers, asked = ask_all(driver, lambda _: ONE, closing=0)
    # The one that was told so has made room for one more before anybody could know.
    assert asked == list(range(READS_AT_ONCE + 1))
    assert answers == [n * 10 if n in asked else None for n in range(MANY)]


def test_a_venue_that_says_wait_holds_no_other_one_up(driver: Driver) -> None:
    answers, _ = ask_all(driver, lambda number: ONE if number % 2 else OTHER, closing=1)
    later = range(READS_AT_ONCE + 2, MANY)
    assert [answers[number] for number in later] == [None if n % 2 else n * 10 for n in later]


def test_reads_that_are_slow_hold_up_no_more_than_their_places(driver: Driver) -> None:
    stuck = READS_AT_ONCE - 1
    asked: list[int] = []

    async def ask(number: int) -> int:
        asked.append(number)
        if number < stuck:
            await asyncio.sleep(1)
        return number

    reading = ask_side_by_side(driver.context, range(MANY), lambda _: ONE, ask, patience_seconds=0.5)
    assert driver.context.loop.run(reading, 10) == list(range(MANY))
    assert sorted(asked) == list(range(MANY))


def test_what_had_no_turn_in_time_is_not_asked(driver: Driver) -> None:
    answers, asked = ask_all(driver, lambda _: ONE, patience_seconds=0.1)
    assert asked == list(range(READS_AT_ONCE))
    assert answers[READS_AT_ONCE:] == [None] * (MANY - READS_AT_ONCE)

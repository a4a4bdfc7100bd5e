"""Reads side by side: all are asked, some at a time, and none after their venue has told us to wait."""

from collections.abc import Callable

from tests.integration.worker.pipeline.driver import Driver
from worker.limits import Pot
from worker.pipeline.budget import READS_AT_ONCE, ask_side_by_side

ONE, OTHER = Pot("binance", "sandbox"), Pot("paper", "paper")
MANY = 2 * READS_AT_ONCE + 7


def ask_all(
    driver: Driver, pot_of: Callable[[int], Pot], *, closing: int = -1, patience_seconds: float = 5
) -> tuple[list[int | None], list[int]]:
    """Ask about so many numbers; the answer to `closing` says wait. Return the answers and what was asked."""
    asked: list[int] = []

    async def ask(number: int) -> int:
        asked.append(number)
        if number == closing:
            driver.context.tokens.close(ONE, 30)
        return number * 10

    reading = ask_side_by_side(driver.context, range(MANY), pot_of, ask, patience_seconds=patience_seconds)
    return driver.context.loop.run(reading, 10), asked


def test_every_read_is_asked_once_and_answered_in_its_place(driver: Driver) -> None:
    answers, asked = ask_all(driver, lambda _: ONE)
    assert answers == [number * 10 for number in range(MANY)]
    assert sorted(asked) == list(range(MANY))


def test_after_a_venue_says_wait_no_more_is_asked_than_was_on_its_way(driver: Driver) -> None:
    answers, asked = ask_all(driver, lambda _: ONE, closing=READS_AT_ONCE + 3)
    assert len(asked) == 2 * READS_AT_ONCE
    assert answers[: len(asked)] == [number * 10 for number in range(len(asked))]
    assert answers[len(asked) :] == [None] * 7


def test_a_venue_that_says_wait_holds_no_other_one_up(driver: Driver) -> None:
    answers, _ = ask_all(driver, lambda number: ONE if number % 2 else OTHER, closing=1)
    later = range(READS_AT_ONCE, MANY)
    assert [answers[number] for number in later] == [None if n % 2 else n * 10 for n in later]


def test_a_venue_that_answers_slowly_is_asked_for_no_longer_than_there_is_patience(driver: Driver) -> None:
    answers, asked = ask_all(driver, lambda _: ONE, patience_seconds=-1)
    assert len(asked) == READS_AT_ONCE
    assert answers[READS_AT_ONCE:] == [None] * (MANY - READS_AT_ONCE)

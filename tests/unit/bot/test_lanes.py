"""Recording threads keep the order of a channel, hold what the database refuses, and never grow without bound."""

from collections.abc import Iterator
from threading import Event

import pytest
from pymongo.errors import AutoReconnect

from bot.lanes import Lanes, Work
from bot.outage import Outage

_PATIENCE = 10.0


@pytest.fixture
def ends() -> list[str]:
    """One entry for each outage that is over."""
    return []


@pytest.fixture
def lanes(ends: list[str]) -> Iterator[Lanes]:
    """Two lanes with room for five."""
    made = Lanes(Outage(lambda: ends.append("over")), threads=2, capacity=5)
    made.start()
    yield made
    made.drain(0)


def _failing(times: int, done: Event) -> Work:
    failures = iter([AutoReconnect("away")] * times)

    def work() -> None:
        error = next(failures, None)
        if error is not None:
            raise error
        done.set()

    return work


def test_work_with_one_key_is_done_in_the_order_offered(lanes: Lanes) -> None:
    seen: list[int] = []
    blocked = Event()
    assert lanes.offer("a", lambda: blocked.wait(_PATIENCE))
    for number in range(4):
        assert lanes.offer("a", lambda number=number: seen.append(number))  # type: ignore[misc]
    blocked.set()
    assert lanes.drain(_PATIENCE) == 0
    assert seen == [0, 1, 2, 3]


def test_what_does_not_fit_is_refused_at_once(lanes: Lanes) -> None:
    blocked = Event()
    assert all(lanes.offer("a", lambda: blocked.wait(_PATIENCE)) for _ in range(5))
    assert lanes.depth == 5
    assert not lanes.offer("b", lambda: None)
    blocked.set()


def test_what_the_database_did_not_take_is_tried_again_before_what_came_after_it(
    lanes: Lanes, ends: list[str]
) -> None:
    first, second = Event(), Event()
    lanes.offer("a", _failing(2, first))
    lanes.offer("a", second.set)
    assert second.wait(_PATIENCE)
    assert first.is_set()
    assert ends == ["over"]


def test_what_can_never_be_stored_does_not_stop_what_comes_after_it(lanes: Lanes) -> None:
    done = Event()

    def impossible() -> None:
        raise ValueError("no such text")

    lanes.offer("a", impossible)
    lanes.offer("a", done.set)
    assert done.wait(_PATIENCE)


def test_a_stop_does_not_wait_for_a_database_that_stays_away(lanes: Lanes) -> None:
    never = Event()
    lanes.offer("a", _failing(1_000_000, never))
    lanes.offer("a", never.set)
    assert lanes.drain(0.1) == 2
    assert not never.is_set()

"""Rules pick their requests, count what they see, and strike one at a time."""

import pytest

from tests.emulators.binance.faults import ANSWER, DOOR, FaultBook

ORDER = ("POST", "/api/v3/order", "load-1", "127.0.0.1", {"side": "BUY"})


def strikes(book: FaultBook, number: int, stage: str = ANSWER) -> list[bool]:
    return [book.pick(stage, *ORDER) is not None for _ in range(number)]


def test_the_nth_request_is_struck_or_every_nth() -> None:
    book = FaultBook()
    book.add({"kind": "garbage", "nth": 2})
    assert strikes(book, 4) == [False, True, False, False]
    book.clear()
    book.add({"kind": "garbage", "every": 2, "times": 2})
    assert strikes(book, 6) == [False, True, False, True, False, False]


def test_chance_is_the_same_for_the_same_seed() -> None:
    first, second = FaultBook(), FaultBook()
    for book in (first, second):
        book.add({"kind": "garbage", "probability": 0.3, "seed": 7})
    found = strikes(first, 100)
    assert found == strikes(second, 100)
    assert 15 < sum(found) < 45


@pytest.mark.parametrize(
    "rule",
    [
        {"method": "GET"},
        {"path": "/api/v3/orderList/*"},
        {"key": "load-2"},
        {"address": "127.0.0.2"},
        {"params": {"side": "SELL"}},
    ],
)
def test_a_request_that_does_not_match_is_neither_struck_nor_counted(rule: dict[str, object]) -> None:
    book = FaultBook()
    book.add({"kind": "garbage", **rule})
    assert strikes(book, 1) == [False]
    assert book.describe() == [{"id": 1, "kind": "garbage", "seen": 0, "struck": 0}]


def test_a_path_may_be_a_beginning() -> None:
    book = FaultBook()
    book.add({"kind": "garbage", "path": "/api/v3/*"})
    assert strikes(book, 1) == [True]


def test_of_two_rules_that_are_due_the_first_strikes_and_both_count() -> None:
    book = FaultBook()
    book.add({"kind": "garbage"})
    book.add({"kind": "accept_then_500"})
    assert strikes(book, 2) == [True, True]
    assert [(rule["seen"], rule["struck"]) for rule in book.describe()] == [(2, 2), (2, 0)]


def test_stages_are_picked_apart_and_rules_end_one_by_one() -> None:
    book = FaultBook()
    first = book.add({"kind": "drop_before", "times": 1})
    book.add({"kind": "garbage"})
    assert strikes(book, 2, DOOR) == [True, False]
    assert strikes(book, 1) == [True]
    book.clear(first)
    assert [rule["kind"] for rule in book.describe()] == ["garbage"]


def test_what_does_not_exist_cannot_be_ordered() -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        FaultBook().add({"kind": "earthquake"})
    with pytest.raises(ValueError, match="answer is"):
        FaultBook().add({"kind": "late_accept", "answer": "maybe"})

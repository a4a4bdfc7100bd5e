"""The chain of the audit log: whatever is done to a line, its neighbours tell."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.audit_chain import GENESIS, KEPT, Link, chain, check_chain, hash_of, link_of

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
Lines = list[dict[str, Any]]


def make(count: int, start: datetime = NOW) -> Lines:
    lines: Lines = []
    head: Link | None = None
    for n in range(count):
        detail = {"reason": f"reason {n}\r\n\x1b[31m", "b": "2", "a": "1"}
        line = {"_id": f"id-{n}", "actor": "cli", "action": "halt", "subject": "global", "detail": detail}
        lines.append(chain({**line, "at": start + timedelta(seconds=n), "before": {}}, head))
        head = link_of(lines[-1])
    return lines


def broken(lines: Lines, newest: int = 0, now: datetime = NOW) -> tuple[int, str] | None:
    found = check_chain(lines, now, newest).broken
    return (found.seq, found.reason.split(":")[0]) if found else None


def test_a_chain_as_it_was_written_holds_together() -> None:
    lines = make(5)
    verdict = check_chain(lines, NOW, 5)
    assert (verdict.lines, verdict.broken) == (5, None)
    assert verdict.last == link_of(lines[-1])
    assert lines[0]["previous_hash"] == GENESIS
    assert check_chain([], NOW).last is None


def test_the_hash_is_that_of_one_way_of_writing() -> None:
    lines = make(1)
    turned = {name: lines[0][name] for name in reversed(lines[0])}
    turned["detail"] = dict(reversed(turned["detail"].items()))
    turned["at"] = turned["at"].astimezone()
    assert hash_of(turned) == lines[0]["hash"]
    with pytest.raises(TypeError):
        hash_of({"a": 1.5})


def change(lines: Lines) -> None:
    lines[2]["detail"]["reason"] = "another"


def change_and_hash_anew(lines: Lines) -> None:
    lines[1]["actor"] = "nobody"
    lines[1]["hash"] = hash_of(lines[1])


def add_a_field(lines: Lines) -> None:
    lines[2]["approved_by"] = "somebody"


def take_out(lines: Lines) -> None:
    del lines[2]


def swap(lines: Lines) -> None:
    lines[2]["seq"], lines[3]["seq"] = lines[3]["seq"], lines[2]["seq"]
    lines[2], lines[3] = lines[3], lines[2]


def put_in(lines: Lines) -> None:
    row = {name: value for name, value in lines[1].items() if name not in {"hash"}}
    lines.insert(2, chain({**row, "_id": "late"}, link_of(lines[1])))


def strip(lines: Lines) -> None:
    del lines[2]["previous_hash"]


def backdate(lines: Lines) -> None:
    earlier = {**lines[2], "recorded_at": NOW - timedelta(days=1)}
    lines[2] = {**earlier, "hash": hash_of(earlier)}


@pytest.mark.parametrize(
    ("tamper", "seq", "reason"),
    [
        (change, 3, "it was changed"),
        (change_and_hash_anew, 3, "it does not follow the line before it"),
        (add_a_field, 3, "it was changed"),
        (take_out, 4, "lines before it are missing"),
        (swap, 3, "it was changed"),
        (put_in, 3, "lines before it are missing"),
        (strip, 3, "it was changed"),
        (backdate, 3, "it does not follow the line before it"),
    ],
)
def test_the_first_line_that_does_not_fit_is_named(
    tamper: Callable[[Lines], None], seq: int, reason: str
) -> None:
    lines = make(5)
    tamper(lines)
    assert broken(lines, 5) == (seq, reason)


def test_lines_that_are_missing_at_an_end_are_missed() -> None:
    assert broken(make(5)[:-2], 5) == (4, "lines 4 to 5 are missing at the end")
    assert broken(make(5)[2:], 5) == (3, "lines 1 to 2 are missing at the beginning")
    assert broken([], 5) == (1, "lines 1 to 5 are missing at the end")
    forged = chain({**make(1)[0], "at": NOW}, Link(0, "f" * 64, NOW))
    assert broken([forged]) == (1, "it claims to be the first and is not")


def test_the_oldest_lines_may_go_when_their_time_has_come() -> None:
    lines = make(5, NOW - KEPT - timedelta(seconds=2))
    # The first two are older than what is kept, the third is just as old.
    assert broken(lines[2:]) is None
    assert broken(lines[4:]) == (5, "lines 1 to 4 are missing at the beginning")


def test_a_line_that_is_told_late_does_not_turn_the_time_of_the_chain_back() -> None:
    first = chain({"_id": "a", "at": NOW}, None)
    second = chain({"_id": "b", "at": NOW - timedelta(minutes=1)}, link_of(first))
    assert second["recorded_at"] == NOW
    assert broken([first, second]) is None

"""Trading hours: both sides of every edge, weekdays, nights, and what cannot be read."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.hours import is_within, parse_hours

MONDAY = datetime(2026, 11, 30)  # noqa: DTZ001 - hours are read in local time
DAY = timedelta(days=1)


def at(day: int, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return MONDAY + day * DAY + timedelta(hours=int(hours), minutes=int(minutes))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("09:30-16:00", [(0, "09:30"), (6, "15:59")], [(0, "09:29"), (6, "16:00")]),
        ("Mon-Fri 09:30-16:00", [(0, "09:30"), (4, "15:59")], [(5, "12:00"), (6, "12:00")]),
        (
            "Mon-Fri 09:30-16:00; Sat,Sun 10:00-12:00",
            [(4, "09:30"), (5, "10:00"), (6, "11:59")],
            [(5, "09:59"), (6, "12:00"), (4, "09:29")],
        ),
        # A night belongs to the day on which it begins.
        ("Fri 22:00-06:00", [(4, "22:00"), (5, "05:59")], [(5, "06:00"), (5, "22:00"), (4, "05:59")]),
        ("Sun 22:00-06:00", [(6, "23:00"), (0, "05:00")], [(1, "05:00"), (6, "05:00")]),
        ("Sat-Mon 10:00-11:00", [(5, "10:00"), (6, "10:00"), (0, "10:00")], [(1, "10:00"), (4, "10:00")]),
        ("00:00-00:00", [(0, "00:00"), (3, "23:59")], []),
        ("", [(0, "00:00"), (6, "23:59")], []),
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    text: str, inside: list[tuple[int, str]], outside: list[tuple[int, str]]
):
    spans = parse_hours(text)
    assert [is_within(spans, at(*moment)) for moment in inside] == [True] * len(inside)
    assert [is_within(spans, at(*moment)) for moment in outside] == [False] * len(outside)


@given(st.times(), st.times(), st.integers(0, 7 * 24 * 60 - 1))
def test_two_spans_that_meet_twice_are_round_the_clock(first, second, minute: int):
    clocks = f"{first:%H:%M}-{second:%H:%M}; {second:%H:%M}-{first:%H:%M}"
    assert is_within(parse_hours(clocks), MONDAY + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("9-17", "HH:MM-HH:MM"),
        ("09:30-24:00", "no time of day"),
        ("09:60-10:00", "no time of day"),
        ("Funday 09:00-10:00", "no weekday"),
        ("Mon-Fry 09:00-10:00", "no weekday"),
        ("-Fri 09:00-10:00", "no weekday"),
        ("always", "HH:MM-HH:MM"),
        ("; ".join(["09:00-10:00"] * 15), "at most 14"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(text: str, word: str):
    with pytest.raises(ValueError, match=word):
        parse_hours(text)

"""A user's day: midnight where they live, on days that have 23, 24 and 25 hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.day import day_of

# As hypothesis wants them; each becomes aware below.
FIRST, LAST = datetime(2020, 1, 1), datetime(2035, 1, 1)  # noqa: DTZ001
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "America/Santiago")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("zone", "now", "name", "starts_at", "hours"),
    [
        ("UTC", utc(2026, 11, 30, 0, 0), "2026-11-30", utc(2026, 11, 30), 24),
        ("UTC", utc(2026, 11, 29, 23, 59, 59), "2026-11-29", utc(2026, 11, 29), 24),
        ("Europe/Berlin", utc(2026, 11, 29, 22, 59, 59), "2026-11-29", utc(2026, 11, 28, 23), 24),
        ("Europe/Berlin", utc(2026, 11, 29, 23, 0), "2026-11-30", utc(2026, 11, 29, 23), 24),
        # The clocks go forward on 29 March 2026 and back on 25 October.
        ("Europe/Berlin", utc(2026, 3, 29, 12), "2026-03-29", utc(2026, 3, 28, 23), 23),
        ("Europe/Berlin", utc(2026, 3, 29, 22), "2026-03-30", utc(2026, 3, 29, 22), 24),
        ("Europe/Berlin", utc(2026, 10, 25, 22, 59), "2026-10-25", utc(2026, 10, 24, 22), 25),
        ("Europe/Berlin", utc(2026, 10, 25, 23), "2026-10-26", utc(2026, 10, 25, 23), 24),
        # Where midnight itself is skipped.
        ("America/Santiago", utc(2026, 9, 6, 12), "2026-09-06", utc(2026, 9, 6, 4), 23),
        ("Asia/Kathmandu", utc(2026, 11, 29, 18, 15), "2026-11-30", utc(2026, 11, 29, 18, 15), 24),
    ],
)
def test_a_day_begins_and_ends_at_midnight_where_the_user_lives(
    zone: str, now: datetime, name: str, starts_at: datetime, hours: int
):
    day = day_of(now, zone)
    assert (day.name, day.starts_at) == (name, starts_at)
    assert day.ends_at - day.starts_at == timedelta(hours=hours)


@given(st.datetimes(FIRST, LAST), st.sampled_from(ZONES))
def test_every_moment_lies_in_its_day_and_the_next_day_begins_where_it_ends(naive: datetime, zone: str):
    now = naive.replace(tzinfo=UTC)
    day = day_of(now, zone)
    assert day.starts_at <= now < day.ends_at
    assert day.name == now.astimezone(ZoneInfo(zone)).date().isoformat()
    assert day_of(day.ends_at, zone).starts_at == day.ends_at
    assert day_of(day.ends_at - timedelta(microseconds=1), zone) == day

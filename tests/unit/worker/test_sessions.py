"""Exchanges' sessions on both sides of every edge: opening, closing, holidays, short days, moved clocks, other years."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.sessions import session_of

MOMENT = timedelta(microseconds=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("exchange", "opens_at", "closes_at"),
    [
        ("XNYS", utc(2026, 11, 30, 14, 30), utc(2026, 11, 30, 21, 0)),
        # The day after Thanksgiving is a short one.
        ("XNYS", utc(2026, 11, 27, 14, 30), utc(2026, 11, 27, 18, 0)),
        # The clocks went forward on 8 March 2026 in New York, on 29 March in London.
        ("XNYS", utc(2026, 3, 6, 14, 30), utc(2026, 3, 6, 21, 0)),
        ("XNYS", utc(2026, 3, 9, 13, 30), utc(2026, 3, 9, 20, 0)),
        ("XLON", utc(2026, 3, 27, 8, 0), utc(2026, 3, 27, 16, 30)),
        ("XLON", utc(2026, 3, 30, 7, 0), utc(2026, 3, 30, 15, 30)),
    ],
)
def test_a_session_begins_with_its_first_moment_and_ends_before_its_last(
    exchange: str, opens_at: datetime, closes_at: datetime
):
    assert not session_of(exchange, opens_at - MOMENT).is_open
    assert session_of(exchange, opens_at).is_open
    assert session_of(exchange, closes_at - MOMENT).is_open
    assert not session_of(exchange, closes_at).is_open
    assert session_of(exchange, opens_at).closes_at == closes_at
    assert session_of(exchange, opens_at - MOMENT).opens_at == opens_at


@pytest.mark.parametrize(
    ("now", "opens_at"),
    [
        (utc(2026, 11, 26, 16, 0), utc(2026, 11, 27, 14, 30)),
        (utc(2026, 12, 25, 16, 0), utc(2026, 12, 28, 14, 30)),
        (utc(2026, 11, 28, 16, 0), utc(2026, 11, 30, 14, 30)),
        (utc(2026, 12, 31, 23, 0), utc(2027, 1, 4, 14, 30)),
    ],
)
def test_on_holidays_and_weekends_it_is_closed_and_says_when_it_opens(now: datetime, opens_at: datetime):
    session = session_of("XNYS", now)
    assert (session.is_open, session.opens_at, session.closes_at) == (False, opens_at, None)


def test_an_exchange_that_nobody_knows_is_never_open():
    session = session_of("XABC", utc(2026, 11, 30, 16, 0))
    assert (session.is_open, session.opens_at) == (False, None)

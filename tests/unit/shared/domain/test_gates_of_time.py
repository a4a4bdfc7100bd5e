"""Gates about when, on both sides of every edge: ages, R of drift, hours where clocks are moved, sessions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import BotSettings
from shared.domain.facts import Facts, Session
from shared.domain.gates_of_time import check_drift, check_session, check_staleness, check_trading_hours
from shared.domain.signals import Side
from tests.unit.shared.domain.builders import NOW, make_bot, make_facts, make_signal

MOMENT = timedelta(microseconds=1)


def facts_with(settings: dict[str, Any], **changes: Any) -> Facts:
    return make_facts(bot=make_bot(settings=BotSettings(**settings)), **changes)


def code_of(seen: Any) -> str | None:
    return seen.denial.code if seen.denial else None


@pytest.mark.parametrize("limit", [1, 120, 86_400])
def test_a_signal_may_be_as_old_as_the_limit_and_no_moment_older(limit: int):
    settings = {"max_signal_age_seconds": limit}
    age = timedelta(seconds=limit)
    assert code_of(check_staleness(facts_with(settings, posted_at=NOW - age))) is None
    assert code_of(check_staleness(facts_with(settings, posted_at=NOW - age - MOMENT))) == "STALE"


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        # 09:30 in New York is 14:30 UTC in winter, 13:30 in summer; the clocks change on 8 March and 1 November 2026.
        (datetime(2026, 3, 6, 14, 29, 59, 999_999, tzinfo=UTC), False),
        (datetime(2026, 3, 6, 14, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 9, 13, 29, 59, 999_999, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 13, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 9, 19, 59, 59, 999_999, tzinfo=UTC), True),
        (datetime(2026, 3, 9, 20, 0, tzinfo=UTC), False),
        (datetime(2026, 10, 30, 13, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 2, 13, 30, tzinfo=UTC), False),
        (datetime(2026, 11, 2, 14, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 7, 15, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_those_of_the_bots_zone_also_where_clocks_are_moved(moment: datetime, is_open: bool):
    settings = {"trading_hours": "Mon-Fri 09:30-16:00", "time_zone": "America/New_York"}
    seen = check_trading_hours(facts_with(settings, now=moment))
    assert code_of(seen) == (None if is_open else "OUTSIDE_HOURS")


def test_the_hour_that_comes_twice_is_inside_both_times():
    settings = {"trading_hours": "01:00-02:00", "time_zone": "America/New_York"}
    for moment in (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)):
        assert code_of(check_trading_hours(facts_with(settings, now=moment))) is None
    assert code_of(check_trading_hours(facts_with(settings, now=datetime(2026, 11, 1, 7, tzinfo=UTC))))


def test_a_closed_exchange_says_when_it_opens():
    opens_at = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)
    seen = check_session(
        make_facts(session=Session("XNYS", is_open=False, opens_at=opens_at, closes_at=None))
    )
    assert seen.denial is not None
    assert seen.denial.code == "MARKET_CLOSED"
    assert "Mon 30 Nov 14:30 UTC" in seen.denial.detail


def test_who_keeps_to_no_exchange_trades_at_any_time():
    assert check_session(make_facts()).denial is None


def test_an_entry_that_waits_for_its_price_does_not_drift():
    waiting = make_signal(entry=(Decimal(90),), stop_loss=Decimal(80))
    seen = check_drift(make_facts(signal=waiting, price_at_post=Decimal(1)))
    assert (code_of(seen), seen.input) == (None, "waits for its price")


def test_a_better_price_is_no_drift():
    assert code_of(check_drift(make_facts(price_at_post=Decimal(200)))) is None


def test_what_nobody_measured_is_told_and_passes():
    seen = check_drift(make_facts(price_at_post=None))
    assert (code_of(seen), seen.input) == (None, "the price at posting is not known")


def test_zero_turns_the_drift_gate_off():
    assert (
        code_of(check_drift(facts_with({"max_drift_r": Decimal(0)}, price_at_post=Decimal("95.01")))) is None
    )


def test_a_named_entry_is_its_own_price_at_posting():
    """Above the market when it was named, so at market now; what the market asked then does not matter."""
    named = make_signal(entry=(Decimal(101),), stop_loss=Decimal(95))
    seen = check_drift(make_facts(signal=named, price_at_post=Decimal(50)))
    assert code_of(seen) is None
    assert "from 101" in seen.input


@given(
    posted=st.decimals(80, 120, places=2),
    stop=st.decimals(50, 79, places=2),
    limit=st.decimals("0.01", 3, places=2),
)
def test_an_entry_passes_exactly_as_far_as_its_limit_reaches(posted: Decimal, stop: Decimal, limit: Decimal):
    signal = make_signal(side=Side.BUY, stop_loss=stop)
    seen = check_drift(facts_with({"max_drift_r": limit}, signal=signal, price_at_post=posted))
    is_beyond = Decimal("100.01") - posted > limit * (posted - stop)
    assert code_of(seen) == ("DRIFTED" if is_beyond else None)

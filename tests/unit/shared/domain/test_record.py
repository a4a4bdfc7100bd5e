"""A provider's record: figures of what closed, whatever the order of rows, and the share that half-Kelly makes of it."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Denial
from shared.domain.record import (
    KELLY_SAMPLE,
    Figures,
    FollowerFigures,
    FollowerSums,
    MessageShares,
    Outcome,
    ProviderRecord,
    SignalCounts,
    count_figures,
    half_kelly,
    make_record,
)
from tests.unit.shared.domain.builders import NOW

D = Decimal
RESULTS = st.lists(st.decimals(min_value=-20, max_value=40, places=3), max_size=40)


def outcomes(*results: str | Decimal, days_ago: int = 1) -> list[Outcome]:
    """Results that ended a minute after one another; five are one R."""
    ended = NOW - timedelta(days=days_ago)
    return [
        Outcome(ended + timedelta(minutes=number), D(result), D(result) / 5)
        for number, result in enumerate(results)
    ]


def record_of(listed: list[Outcome], **changes: object) -> ProviderRecord:
    given_rest = {"counts": SignalCounts(), "followers": FollowerSums(), "messages": MessageShares()}
    return make_record(outcomes=listed, now=NOW, **{**given_rest, **changes})  # type: ignore[arg-type]


def test_figures_of_a_short_story():
    assert count_figures(outcomes("10", "-5", "-2.5", "5")) == Figures(
        closed=4,
        wins=2,
        win_rate=D("0.5000"),
        average_r=D("0.3750"),
        average_win=D("7.50"),
        average_loss=D("3.75"),
        profit_factor=D("2.0000"),
        total=D("7.50"),
        drawdown=D("7.50"),
        drawdown_r=D("1.5000"),
    )


def test_nothing_closed_divides_by_nothing():
    assert count_figures([]) == Figures()
    assert record_of([]).followers == FollowerFigures()
    assert MessageShares().share(0) is None


def test_a_loss_from_the_start_is_a_drawdown_too():
    assert count_figures(outcomes("-3", "-2", "10")).drawdown == 5


def test_what_neither_wins_nor_loses_is_no_win():
    figures = count_figures(outcomes("0", "4"))
    assert (figures.wins, figures.average_loss, figures.profit_factor) == (1, 0, None)


@pytest.mark.parametrize(("days", "counted"), [(29, (1, 1, 1)), (31, (1, 1, 0)), (91, (1, 0, 0))])
def test_the_last_30_and_90_days_count_what_ended_in_them(days: int, counted: tuple[int, int, int]):
    record = record_of(outcomes("1", days_ago=days))
    found = (record.whole.closed, record.last_90_days.closed, record.last_30_days.closed)
    assert found == counted


@given(RESULTS, st.integers())
def test_the_order_of_rows_does_not_matter(results: list[Decimal], seed: int):
    listed = outcomes(*results)
    mixed = listed.copy()
    Random(seed).shuffle(mixed)
    assert record_of(mixed) == record_of(listed)


@given(RESULTS)
def test_figures_agree_with_one_another(results: list[Decimal]):
    figures = count_figures(outcomes(*results))
    assert figures.closed == len(results)
    assert figures.drawdown >= 0
    # The fall from the highest point is at least what is missing to the start.
    assert figures.drawdown >= -figures.total
    losses = figures.closed - figures.wins
    average_win, average_loss = figures.average_win or D(0), figures.average_loss or D(0)
    assert abs(figures.wins * average_win - losses * average_loss - figures.total) <= D("0.01") * (
        figures.closed + 1
    )


def test_followers_are_counted_apart():
    sums = FollowerSums(closed=4, wins=3, gained=D(90), lost=D(30), r_sum=D(5), r_known=2)
    record = record_of(outcomes("-1"), followers=sums)
    assert record.followers == FollowerFigures(4, 3, D("0.7500"), D("2.5000"), D("3.0000"))
    assert record.whole.closed == 1


def test_shares_are_of_all_messages():
    shares = MessageShares(messages=8, read=4, quarantined=1, edited=2, deleted=0)
    assert [shares.share(n) for n in (shares.read, shares.quarantined)] == [D("0.5000"), D("0.1250")]


def test_a_record_on_made_up_prices_says_so():
    made_up = Outcome(NOW, D(1), None, synthetic=True)
    assert record_of([made_up]).synthetic
    assert not record_of(outcomes("1")).synthetic


def record_with(closed: int, wins: int, win: str | None, loss: str | None) -> ProviderRecord:
    figures = Figures(
        closed=closed,
        wins=wins,
        average_win=None if win is None else D(win),
        average_loss=None if loss is None else D(loss),
    )
    return ProviderRecord(whole=figures)


@pytest.mark.parametrize(
    ("record", "share"),
    [
        # Half of 0.6 less what 0.4 costs at two for one.
        (record_with(40, 24, "2", "1"), "0.2"),
        (record_with(30, 30, "2", None), "0.5"),
        (record_with(30, 15, "3", "1"), f"{D(1) / 6}"),
    ],
)
def test_half_kelly_is_half_of_the_formula(record: ProviderRecord, share: str):
    found = half_kelly(record)
    assert isinstance(found, Decimal)
    assert abs(found - D(share)) < D("0.0000001")


@pytest.mark.parametrize("record", [None, ProviderRecord(), record_with(KELLY_SAMPLE - 1, 29, "9", "1")])
def test_too_few_positions_are_refused_with_how_many_there_are(record: ProviderRecord | None):
    denial = half_kelly(record)
    assert isinstance(denial, Denial)
    assert denial.code == "KELLY_SAMPLE"
    assert f"there are {record.whole.closed if record else 0}" in denial.detail


@pytest.mark.parametrize(
    "record",
    [
        record_with(30, 15, "1", "1"),
        record_with(30, 10, "1", "1"),
        record_with(30, 0, None, "1"),
        record_with(30, 30, "0", None),
    ],
)
def test_without_an_edge_it_is_refused(record: ProviderRecord):
    denial = half_kelly(record)
    assert isinstance(denial, Denial)
    assert denial.code == "KELLY_NEGATIVE"


@given(
    st.integers(30, 300),
    st.decimals(0, 1, places=3),
    st.decimals("0.01", 50, places=2),
    st.decimals("0.01", 50, places=2),
)
def test_half_kelly_is_never_more_than_half_the_chance(
    closed: int, chance: Decimal, win: Decimal, loss: Decimal
):
    wins = int(closed * chance)
    share = half_kelly(record_with(closed, wins, str(win), str(loss)))
    if isinstance(share, Decimal):
        assert 0 < share <= D(wins) / closed / 2

"""`providers record`: what workers computed last, shown to people and to programs."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.record import (
    FollowerSums,
    MessageShares,
    Outcome,
    SignalCounts,
    make_record,
)
from shared.models import providers
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.test_creates import make_provider

pytestmark = pytest.mark.usefixtures("empty_servers")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def store(provider_id: str) -> None:
    """Store a record of a win and a loss."""
    outcomes = [Outcome(NOW, Decimal("9.79"), Decimal("1.958")), Outcome(NOW, Decimal(-5), Decimal(-1))]
    counts = SignalCounts(signals=5, entered=2, missed=2, unpriced=1)
    messages = MessageShares(messages=8, read=6, quarantined=1, edited=2, deleted=1)
    followers = FollowerSums(closed=3, wins=2, gained=Decimal(40), lost=Decimal(10))
    providers.store_record(provider_id, make_record(counts, outcomes, followers, messages, NOW))


def test_a_provider_that_was_not_followed_yet_says_so(run: Run) -> None:
    make_provider(run)
    assert run("providers", "record", "--provider", "Alpha").out.strip() == "Alpha has no record yet."
    assert run("providers", "record", "--provider", "Alpha", "--json").row["computed_at"] is None


def test_a_record_is_one_object_for_programs(run: Run) -> None:
    provider_id = make_provider(run)
    store(provider_id)
    row = run("providers", "record", "--provider", "Alpha", "--json").row
    assert (row["provider_id"], row["name"], row["computed_at"]) == (provider_id, "Alpha", NOW.isoformat())
    assert row["counts"] == {"signals": 5, "entered": 2, "missed": 2, "waiting": 0, "unpriced": 1}
    assert (row["whole"]["closed"], row["whole"]["total"], row["whole"]["win_rate"]) == (2, "4.79", "0.5")
    assert row["last_30_days"] == row["last_90_days"] == row["whole"]
    assert (row["followers"]["closed"], row["followers"]["profit_factor"]) == (3, "4")
    assert row["shares"] == {"read": "0.75", "quarantined": "0.125", "edited": "0.25", "deleted": "0.125"}
    assert row["synthetic"] is False


def test_people_see_each_figure_beside_its_spans(run: Run) -> None:
    store(make_provider(run))
    lines = run("providers", "record", "--provider", "Alpha").out.replace("│", "").splitlines()
    (total,) = [line.split() for line in lines if line.startswith("total")]
    assert total == ["total", "4.79", "4.79", "4.79"]
    assert any(line.split() == ["quarantined", "of", "them", "0.125"] for line in lines)


def test_an_unknown_provider_is_one_line(run: Run) -> None:
    make_provider(run)
    assert run("providers", "record", "--provider", "Nobody").refused("no provider is called 'Nobody'")

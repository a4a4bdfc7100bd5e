"""A thousand signals at once through the real queues: no limit of any follower is ever exceeded."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson.decimal128 import Decimal128

from tests.house.house import House
from tests.house.population import Follower, Provider
from tests.waiting import wait_until

SIGNALS = 1000
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "BNB/USDT", "ADA/USDT", "LTC/USDT", "LINK/USDT")
PROCESSES = ["bot", "beat", "worker-signals", "worker-orders", "worker-exits", "worker-reconcile"]
PROCESSES += ["worker-prices", "worker-sync", "worker-notify", "worker-analytics"]
OLD = {"max_signal_age_seconds": "3600", "max_drift_r": "0"}
LOOSE = {**OLD, "max_open_positions": "1000", "max_per_symbol": "100", "max_portfolio_risk_percent": "100"}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House(processes=PROCESSES) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module")
def provider(house: House) -> Provider:
    return house.create_provider("many")


@pytest.fixture(scope="module")
def crew(house: House, provider: Provider) -> dict[str, Follower]:
    """Followers with one limit each, and the thousand signals sent to all of them."""
    made = {
        "three": house.create_follower("three", [provider], sizing="fixed:20", settings=OLD),
        "two a symbol": house.create_follower(
            "two", [provider], sizing="fixed:20", settings={**LOOSE, "max_per_symbol": "2"}
        ),
        "free plan": house.create_follower(
            "free", [provider], sizing="fixed:20", tier="free", settings=LOOSE
        ),
        "lost today": house.create_follower("lost", [provider], sizing="fixed:20", settings=LOOSE),
        # Each trade risks 10 of 10,000: ten of them are one percent.
        "one percent": house.create_follower(
            "percent", [provider], sizing="fixed:200", settings={**LOOSE, "max_portfolio_risk_percent": "1"}
        ),
    }
    house.wait_for_balances()
    house.wait_until_watched()
    database = house.open_database()
    database["trades"].insert_one(loss_of_today(made["lost today"], 600))
    posted = [
        house.post(provider, f"{SYMBOLS[n % len(SYMBOLS)]} long now, stop -5%, target {10 + n / 100:.2f}%")[
            "id"
        ]
        for n in range(SIGNALS)
    ]
    ended = {"message_id": {"$in": posted}, "status": {"$ne": "pending"}}
    wait_until(
        lambda: database["messages"].count_documents(ended) == SIGNALS, "every signal's end", seconds=300
    )
    house.wait_idle(120)
    return made


def loss_of_today(follower: Follower, amount: int) -> dict[str, Any]:
    """A trade that closed a moment ago with a loss."""
    now = datetime.now(UTC)
    return {
        "_id": "lost",
        "user_id": follower.user_id,
        "account_id": follower.account_id,
        "symbol": "BTC/USDT",
        "side": "buy",
        "status": "closed",
        "realised_pnl": Decimal128(str(-amount)),
        "opened_at": now,
        "closed_at": now,
    }


def traded(house: House, follower: Follower) -> list[dict[str, Any]]:
    """The entries of a follower that were not denied."""
    wanted = {"account_id": follower.account_id, "purpose": "entry", "status": {"$ne": "DENIED"}}
    return list(house.open_database()["orders"].find(wanted))


def test_no_more_positions_are_opened_than_are_allowed(house: House, crew: dict[str, Follower]):
    assert len(traded(house, crew["three"])) == 3


def test_no_symbol_has_more_positions_than_are_allowed(house: House, crew: dict[str, Follower]):
    counted = Counter(order["symbol"] for order in traded(house, crew["two a symbol"]))
    assert counted == dict.fromkeys(SYMBOLS, 2)


def test_no_more_signals_are_copied_than_the_plan_allows(house: House, crew: dict[str, Follower]):
    assert len({order["signal_id"] for order in traded(house, crew["free plan"])}) == 10


def test_nothing_is_entered_after_the_days_loss_and_the_breaker_trips_once(
    house: House, crew: dict[str, Follower]
):
    lost = crew["lost today"]
    assert traded(house, lost) == []
    database = house.open_database()
    halt = database["halts"].find_one({"_id": f"account:{lost.account_id}"})
    assert halt is not None
    assert halt["state"] == "reducing"
    assert database["breaker_trips"].count_documents({"scope": f"account:{lost.account_id}"}) == 1
    codes = Counter(row["code"] for row in database["receipts"].find({"user_id": lost.user_id}))
    assert set(codes) == {"DAILY_LOSS", "HALT"}
    assert codes.total() == SIGNALS


def test_the_risk_to_all_stops_never_exceeds_its_share(house: House, crew: dict[str, Follower]):
    entered = traded(house, crew["one percent"])
    assert 1 <= len(entered) <= 10


def test_every_follower_has_a_receipt_for_every_signal(house: House, crew: dict[str, Follower]):
    receipts = house.open_database()["receipts"]
    for follower in crew.values():
        assert receipts.count_documents({"user_id": follower.user_id}) == SIGNALS


def test_at_rest_nothing_is_reserved_that_is_not_held(house: House, crew: dict[str, Follower]):
    for follower in crew.values():
        shown = [row for row in house.cli("reservations", "show") if row["account_id"] == follower.account_id]
        assert len(shown) <= len(traded(house, follower))

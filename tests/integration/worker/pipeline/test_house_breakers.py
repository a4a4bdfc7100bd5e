"""A provider that floods or loses too much stops being followed by itself, once a day, until its owner resumes it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.bots import BotSettings
from shared.domain.halts import Halt, HaltState
from shared.domain.orders import Purpose
from shared.domain.receipts import Receipt
from shared.models import halts, orders
from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of, to_row
from shared.models.orders import Order
from shared.models.outbox import Outbox
from shared.models.providers import Provider
from shared.models.references import Reference
from shared.models.users import Community, User
from shared.settings import Settings
from tests.integration.worker.pipeline.driver import Driver
from tests.unit.shared.domain.reference_builders import make_reference
from worker.pipeline.house_breakers import watch_doubt, watch_speech

ROOM = replace(
    BotSettings(), max_open_positions=50, max_per_symbol=20, max_portfolio_risk_percent=Decimal(100)
)


@pytest.fixture
def three(driver: Driver) -> Iterator[Driver]:
    """A house where a provider may post three signals in ten minutes, and lose four R in a day."""
    context = driver.context
    was = context.settings
    context.settings = was.model_copy(update={"provider_max_signals": 3, "provider_max_loss_r": Decimal(4)})
    yield driver
    context.settings = was


def say(driver: Driver, number: int, *, minutes_ago: int = 0) -> Receipt | None:
    stop = driver.quote("BTC/USDT").ask * (Decimal("0.9") + Decimal(number) / 1000)
    posted = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    message = driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {stop:.2f}", posted_at=posted)
    receipts = driver.receipts(message)
    return receipts[0] if receipts else None


def state_of(scope: str) -> HaltState | None:
    found: list[Halt] = [halt for halt in halts.in_force() if halt.scope == scope]
    return found[0].state if found else None


def lose(provider_id: str, r: str, *, hours_ago: int = 1) -> None:
    ended = datetime.now(UTC) - timedelta(hours=hours_ago)
    row = to_row(make_reference(), "reference_id")
    number = rows_of(Reference).count_documents({})
    change = {"provider_id": provider_id, "ended_at": ended, "r_multiple": Decimal(r), "status": "closed"}
    rows_of(Reference).insert_one({**row, **change, "_id": f"reference-{number}", "unscored": False})


def test_a_flood_is_stopped_at_its_limit_and_the_next_signal_says_why(three: Driver) -> None:
    provider_id = three.add_provider()
    three.add_follower(provider_id, settings=ROOM)
    codes = [receipt.code if (receipt := say(three, number)) else None for number in range(5)]
    assert codes == ["PASSED"] * 4 + ["HALT"]
    assert state_of(f"provider:{provider_id}") is HaltState.REDUCING
    [halt] = halts.in_force()
    assert halt.reason == f"Provider {provider_id} posted 4 signals within 10 minutes; at most 3 are followed"
    assert rows_of(AuditEntry).count_documents({"subject": f"provider:{provider_id}"}) == 1


def test_who_resumes_it_is_not_stopped_again_that_day(three: Driver) -> None:
    provider_id = three.add_provider()
    three.add_follower(provider_id, settings=ROOM)
    for number in range(4):
        say(three, number)
    halts.set_halt(f"provider:{provider_id}", HaltState.ACTIVE, "it was I", datetime.now(UTC))
    receipt = say(three, 5)
    assert receipt is not None
    assert receipt.code == "PASSED"
    assert state_of(f"provider:{provider_id}") is None


def test_signals_that_are_caught_up_after_an_outage_are_no_flood(three: Driver) -> None:
    provider_id = three.add_provider()
    for number in range(8):
        say(three, number, minutes_ago=11 + number)
    assert watch_speech(three.context.settings, datetime.now(UTC)) == 0
    assert state_of(f"provider:{provider_id}") is None


def test_a_day_of_losses_stops_the_provider(three: Driver) -> None:
    provider_id = three.add_provider()
    lose(provider_id, "-3.9")
    lose(provider_id, "-5", hours_ago=25)
    now = datetime.now(UTC)
    assert watch_speech(three.context.settings, now) == 0
    lose(provider_id, "-0.1")
    assert watch_speech(three.context.settings, now) == 1
    assert state_of(f"provider:{provider_id}") is HaltState.REDUCING
    assert watch_speech(three.context.settings, now) == 0


def test_providers_of_one_community_are_looked_at_together(three: Driver) -> None:
    ids = [three.add_provider(channel=str(1000 + number)) for number in range(4)]
    rows_of(Provider).update_many({}, {"$set": {"community_id": "club"}})
    for provider_id in ids[:3]:
        lose(provider_id, "-3.9")
    now = datetime.now(UTC)
    assert watch_speech(three.context.settings, now) == 0
    lose(ids[3], "-0.3")
    assert watch_speech(three.context.settings, now) == 1
    assert [halt.scope for halt in halts.in_force()] == ["community:club"]


def test_without_limits_nothing_stops(driver: Driver) -> None:
    provider_id = driver.add_provider()
    lose(provider_id, "-500")
    free: Settings = driver.context.settings.model_copy(
        update={"provider_max_signals": 0, "provider_max_loss_r": Decimal(0)}
    )
    assert watch_speech(free, datetime.now(UTC)) == 0


def test_the_house_stops_where_too_many_outcomes_are_unknown_at_once(driver: Driver) -> None:
    settings = driver.context.settings.model_copy(update={"max_unknown_orders": 2})
    provider_id = driver.add_provider()
    driver.add_follower(provider_id, settings=ROOM)
    now = datetime.now(UTC)
    for number in range(2):
        assert not watch_doubt(settings, now)
        receipt = say(driver, number)
        assert receipt is not None
        [entry] = [o for o in orders.of_message(receipt.message_id) if o.purpose is Purpose.ENTRY]
        rows_of(Order).update_one({"_id": entry.order_id}, {"$set": {"status": "UNKNOWN"}})
    assert watch_doubt(settings, now)
    assert state_of("global") is HaltState.REDUCING
    receipt = say(driver, 5)
    assert receipt is not None
    assert receipt.code == "HALT"
    halts.set_halt("global", HaltState.ACTIVE, "it was the line", now)
    assert not watch_doubt(settings, now)


def test_what_was_lost_on_made_up_prices_stops_nobody(three: Driver) -> None:
    provider_id = three.add_provider()
    lose(provider_id, "-50")
    rows_of(Reference).update_many({}, {"$set": {"synthetic": True}})
    assert watch_speech(three.context.settings, datetime.now(UTC)) == 0


def test_who_resumes_before_midnight_is_not_stopped_after_it_for_the_same_losses(three: Driver) -> None:
    provider_id = three.add_provider()
    scope, settings = f"provider:{provider_id}", three.context.settings
    lose(provider_id, "-5", hours_ago=20)
    tripped = datetime.now(UTC) - timedelta(hours=18)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    halts.record_trip(scope, yesterday, "lost", tripped)
    lose(provider_id, "-3.9", hours_ago=2)
    assert watch_speech(settings, datetime.now(UTC)) == 0
    lose(provider_id, "-0.1")
    assert watch_speech(settings, datetime.now(UTC)) == 1
    assert state_of(scope) is HaltState.REDUCING


def test_those_who_answer_for_the_community_and_the_admins_are_told_once_each(three: Driver) -> None:
    provider_id = three.add_provider()
    now = datetime.now(UTC)
    rows_of(Provider).update_one({"_id": provider_id}, {"$set": {"community_id": "club"}})
    club = {"_id": "club", "guild_id": "1", "name": "Club", "created_at": now}
    rows_of(Community).insert_one(
        {**club, "owner_discord_id": "d-owner", "manager_discord_ids": ["d-helper"]}
    )
    for name in ("owner", "helper", "admin", "stranger"):
        row = {"_id": name, "discord_id": f"d-{name}", "name": name, "tier": "free", "created_at": now}
        rows_of(User).insert_one({**row, "is_admin": name == "admin"})
    lose(provider_id, "-5")
    assert watch_speech(three.context.settings, now) == 1
    assert watch_speech(three.context.settings, now) == 0
    told = list(rows_of(Outbox).find({"kind": "halt.changed"}))
    assert sorted(row["user_id"] for row in told) == ["admin", "helper", "owner"]
    assert {row["data"]["scope"] for row in told} == {f"provider:{provider_id}"}

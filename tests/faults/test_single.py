"""What needs no burst: two beats at once, and an order that the venue has already."""

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.identifiers import client_order_id, entry_intent_id
from shared.domain.orders import OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from shared.local import PROJECT
from tests.emulators.venue.adapter import TestVenueAdapter
from tests.faults import bursts
from tests.faults.bursts import Line
from tests.faults.crews import Crew
from tests.faults.doors import Inbox
from tests.faults.judge import Log
from tests.faults.stage import Stage
from tests.house.house import House
from tests.waiting import wait_until

BESIDE_SECONDS = 12.0
SWEEP, SWEEP_SECONDS = "maintenance.sweep", 5


def test_two_beats_run_each_job_once_a_slot_and_miss_none(stage: Stage) -> None:
    house = stage.house
    runs = house.open_database()["job_runs"]
    beat = [str(Path(sys.executable).parent / "celery"), "-q", "-A", "worker.app", "beat", "--pidfile="]
    with subprocess.Popen(beat, env=house.env, cwd=PROJECT, stdout=subprocess.DEVNULL) as second:
        since = datetime.now(UTC)
        time.sleep(BESIDE_SECONDS)  # the length of the look, not a wait for anything
        second.kill()
    slots = sorted(
        int(row["slot"])
        for row in runs.find({"job": SWEEP, "started_at": {"$gte": since}, "outcome": "done"})
    )
    assert len(slots) == len(set(slots))
    assert len(slots) >= BESIDE_SECONDS // SWEEP_SECONDS - 1
    assert slots == list(range(slots[0], slots[0] + len(slots))), "a slot was missed"


def test_an_order_that_the_venue_has_already_is_adopted_not_sent_again(stage: Stage) -> None:
    house, crew = stage.house, stage.crews["duplicate id"]
    [member] = crew.members
    message_id = str(1_300_000_000_000_000_000 + time.time_ns() // 1000)
    intent = entry_intent_id(member.bot_id, "discord", member.provider.channel_id, message_id, 0)
    placed = asyncio.run(_place(house, member.key, client_order_id(intent, 1)))
    _tell(house, crew, message_id)
    orders = house.open_database()["orders"]
    row = wait_until(
        lambda: orders.find_one({"_id": client_order_id(intent, 1), "venue_order_id": {"$ne": None}}),
        "the order is known by the venue's id",
    )
    assert row["venue_order_id"] == placed.venue_order_id
    log = Log(house.venue_log)
    submits = log.submits(crew.keys)
    assert [line["outcome"] for line in submits] == ["OK", "DUPLICATE_CLIENT_ID"]


async def _place(house: House, key: str, order_id: str) -> OrderReport:
    """Place at the venue what a worker is going to send, as one that died after sending has."""
    assert house.venue is not None
    adapter = TestVenueAdapter()
    access = AccountAccess(
        account_id="x",
        venue="testvenue",
        environment=Environment.SANDBOX,
        credentials=Credentials(api_key=key, secret=key.replace("key-", "secret-")),
        base_url=house.venue.url,
    )
    request = OrderRequest(
        client_order_id=order_id,
        symbol="S001/USDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(10),
        limit_price=Decimal(9),
    )
    try:
        return await adapter.open_broker(access).submit_order(request)
    finally:
        await adapter.close()


def _tell(house: House, crew: Crew, message_id: str) -> None:
    door = Inbox()
    line = Line(0, 0, bursts.signal(1))
    door.take(house, crew, [line], lambda _place: None, ids=[message_id])

"""A burst of signals to one follower each, on the HTTP venue."""

import time
from datetime import datetime
from typing import Any

from tests.benchmarks.crowd import PER_PROVIDER, populate
from tests.benchmarks.figures import milliseconds, spread
from tests.benchmarks.signal_path import SYMBOLS, read_accepted
from tests.emulators.discord.snowflakes import snowflake_time
from tests.house.house import House
from tests.house.venues import TEST_VENUE
from tests.waiting import wait_until

BURST = 200
_SECONDS = 300.0


def measure_burst(house: House, messages: int) -> dict[str, Any]:
    """Post many signals as fast as the emulated Discord takes them; return how many a second came through."""
    providers = populate(house, TEST_VENUE.name, messages, prefix="burst")
    house.wait_for_balances(_SECONDS)
    house.wait_until_watched()
    database = house.open_database()
    began = time.monotonic()
    posted = [
        house.post(
            providers[n // PER_PROVIDER], f"{SYMBOLS[TEST_VENUE.name][n % PER_PROVIDER]} long now, stop -3%"
        )["id"]
        for n in range(messages)
    ]
    posting_seconds = time.monotonic() - began
    entries = {"message_id": {"$in": posted}, "purpose": "entry", "accepted_at": {"$ne": None}}
    wait_until(
        lambda: database["orders"].count_documents(entries) == messages,
        "the burst's entries",
        seconds=_SECONDS,
    )
    times = dict(read_accepted(house.venue_log(TEST_VENUE)))
    ids = {row["_id"]: row["message_id"] for row in database["orders"].find(entries, {"message_id": 1})}
    last: datetime = max(times[order_id] for order_id in ids)
    seconds = milliseconds(snowflake_time(posted[0]), last) / 1000
    delays = spread([milliseconds(snowflake_time(message), times[order]) for order, message in ids.items()])
    print(
        f"\n{messages} signals at once: {messages / seconds:.1f} a second, posted within {posting_seconds:.1f} s"
    )
    print(f"  {'posted to accepted':<22} {delays}")
    return {
        "messages": messages,
        "posting_seconds": round(posting_seconds, 2),
        "messages_per_second": round(messages / seconds, 1),
        "posted_to_accepted": delays.as_row(),
    }

"""One signal to a thousand followers on the HTTP venue, and a burst of signals to one follower each."""

import time
from datetime import datetime
from typing import Any

from tests.benchmarks.crowd import PER_PROVIDER, populate
from tests.benchmarks.figures import milliseconds, spread
from tests.benchmarks.signal_path import SYMBOLS, read_accepted
from tests.emulators.discord.snowflakes import snowflake_time
from tests.house.house import House
from tests.house.population import TEST_VENUE
from tests.waiting import wait_until

FOLLOWERS = 1000
BURST = 200
_SECONDS = 300.0


def measure_fan_out(house: House, followers: int) -> dict[str, Any]:
    """Post one signal that everybody follows; return the times from the post on, in milliseconds."""
    crew = house.populate(providers=["crowd"], followers=followers, venue=TEST_VENUE, sizing="fixed:50")
    house.wait_for_balances(_SECONDS)
    house.wait_until_watched()
    database = house.open_database()
    posted = house.post(crew.provider, "S100/USDT long now, stop -3%")
    message = {"message_id": posted["id"]}
    wait_until(
        lambda: (
            database["orders"].count_documents({**message, "purpose": "entry", "status": "FILLED"})
            == followers
        ),
        f"{followers} entries",
        seconds=_SECONDS,
    )
    wait_until(
        lambda: not database["trades"].count_documents({**message, "needs_cover": True}),
        f"the cover of {followers} trades",
        seconds=_SECONDS,
    )
    at = snowflake_time(posted["id"])
    receipts = [milliseconds(at, row["at"]) for row in database["receipts"].find(message, {"at": 1})]
    orders = list(database["orders"].find(message, {"purpose": 1, "accepted_at": 1}))
    times = dict(read_accepted(house.venue_log))
    entries = [milliseconds(at, times[row["_id"]]) for row in orders if row["purpose"] == "entry"]
    covers = [milliseconds(at, row["accepted_at"]) for row in orders if row["purpose"] == "stop"]
    figures = {"receipts": spread(receipts), "accepted": spread(entries), "covered": spread(covers)}
    print(f"\none signal to {followers} followers, milliseconds from the post")
    for name, figure in figures.items():
        print(f"  {name:<22} {figure}")
    per_follower = figures["accepted"].most / followers
    print(f"  {'per follower':<22} {per_follower:.2f} until all were accepted")
    return {
        "followers": followers,
        **{name: figure.as_row() for name, figure in figures.items()},
        "ms_per_follower": round(per_follower, 3),
    }


def measure_burst(house: House, messages: int) -> dict[str, Any]:
    """Post many signals as fast as the emulated Discord takes them; return how many a second came through."""
    providers = populate(house, TEST_VENUE, messages, prefix="burst")
    house.wait_for_balances(_SECONDS)
    house.wait_until_watched()
    database = house.open_database()
    began = time.monotonic()
    posted = [
        house.post(
            providers[n // PER_PROVIDER], f"{SYMBOLS[TEST_VENUE][n % PER_PROVIDER]} long now, stop -3%"
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
    times = dict(read_accepted(house.venue_log))
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

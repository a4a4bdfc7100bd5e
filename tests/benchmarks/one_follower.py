"""One signal to one follower at the emulated Binance, one after the other: from its record to the venue's log line."""

import time
from typing import Any

from tests.benchmarks.fan_out import NO_LIMIT, TERMS, read_accepted
from tests.benchmarks.figures import milliseconds, spread
from tests.house.house import House
from tests.house.venues import BINANCE
from tests.waiting import wait_until

MESSAGES = 100
WARM_UP = 10
_NUMBER = 90_000
_BREATH_SECONDS = 0.05


def measure_one(house: House, messages: int = MESSAGES) -> dict[str, Any]:
    """Post one signal at a time, each when the one before it is covered and told."""
    house.venue(BINANCE).settings(**NO_LIMIT)
    provider = house.create_provider("one")
    terms = [f"--set={name}={value}" for name, value in {**TERMS, "max_open_positions": "1000"}.items()]
    who = ("--count", "1", "--first", str(_NUMBER), "--provider", provider.provider_id)
    house.cli(
        "followers",
        "create",
        *who,
        "--venue",
        BINANCE.name,
        "--environment",
        "sandbox",
        "--sizing",
        "fixed:50",
        *terms,
    )
    house.wait_for_balances(60)
    house.wait_until_watched()
    database = house.open_database()
    posted = []
    for number in range(WARM_UP + messages):
        message_id = house.post(provider, f"S{number + 1:03d}/USDT long now, stop -3%")["id"]
        stop = {"message_id": message_id, "purpose": "stop", "status": "ACCEPTED"}
        wait_until(
            lambda stop=stop: database["orders"].count_documents(stop), "the signal's stop", seconds=60
        )
        house.wait_idle(60)
        time.sleep(_BREATH_SECONDS)
        posted.append(message_id)
    times = read_accepted(house)
    recorded = {
        row["message_id"]: row["recorded_at"]
        for row in database["messages"].find({"message_id": {"$in": posted[WARM_UP:]}})
    }
    took: dict[str, list[float]] = {"entry": [], "stop": []}
    for order in database["orders"].find({"message_id": {"$in": list(recorded)}}):
        took[order["purpose"]].append(milliseconds(recorded[order["message_id"]], times[order["_id"]]))
    figures = {f"recorded_to_{name}_ms": spread(values).as_row() for name, values in took.items()}
    print(f"\none signal to one follower at Binance, {messages} times: {figures}")
    return figures

"""How long a fill of resting cover stays unseen, by venue and number of accounts, beside what the rows say.

Every account holds one position under a stop. The venue's price touches the stop, and the time runs from each fill by
the venue's own log to the moment at which our order is filled. The venues' limits are the published ones, ours too.
"""

from datetime import datetime
from typing import Any

from tests.benchmarks.figures import milliseconds, spread
from tests.faults.rigs import RIGS, Rig
from tests.house.house import House
from tests.waiting import wait_until

VENUES = ("binance", "futures", "shares", "kucoin", "kraken", "coinbase")
ACCOUNTS = (100, 1000)
_SECONDS = 900.0
_TERMS = ("--set", "max_signal_age_seconds=600", "--set", "max_open_positions=100")
_PLACE = 41


def measure_detection(rig: Rig, accounts: int) -> dict[str, Any]:
    """Open so many positions at one venue, let every stop be touched at once, and time what is seen of it."""
    with House(venues=[rig.venue]) as house:
        control = house.venue(rig.venue)
        rig.prepare(control)
        if rig.limits:
            control.settings(**rig.limits)
        provider = house.create_provider("detection")
        where = ("--venue", rig.venue.name, "--environment", rig.venue.environment, "--sizing", "fixed:200")
        house.cli(
            "followers",
            "create",
            "--count",
            str(accounts),
            "--provider",
            provider.provider_id,
            *where,
            *_TERMS,
        )
        house.wait_until_ready()
        house.wait_for_balances(_SECONDS)
        house.wait_until_watched()
        message_id = house.post(provider, rig.say(_PLACE))["id"]
        database = house.open_database()
        covered = {"purpose": "stop", "status": "ACCEPTED", "message_id": message_id}
        wait_until(
            lambda: database["orders"].count_documents(covered) >= accounts,
            "every position is covered",
            seconds=_SECONDS,
        )
        house.wait_idle(_SECONDS)
        stop = rig.price(_PLACE) * 88 / 100
        control.set_price(rig.venue_symbol(rig.symbol(_PLACE)), str(stop))
        filled = {"purpose": "stop", "status": "FILLED", "message_id": message_id}
        wait_until(
            lambda: database["orders"].count_documents(filled) >= accounts,
            "every stop is seen filled",
            seconds=_SECONDS,
        )
        at_venue = {
            fill["client_order_id"]: datetime.fromisoformat(line["at"])
            for line in control.lines()
            for fill in line.get("fills", ())
        }
        seen = [
            milliseconds(at_venue[row["_id"]], _seen_at(row)) / 1000
            for row in database["orders"].find(filled)
            if row["_id"] in at_venue
        ]
    times = spread(seen)
    figures = {
        "venue": rig.name,
        "accounts": accounts,
        "seen": len(seen),
        "p50_s": times.p50,
        "worst_s": max(seen),
    }
    print(figures, flush=True)
    return figures


def _seen_at(row: dict[str, Any]) -> datetime:
    found: datetime = next(event["at"] for event in row["events"] if event["status"] == "FILLED")
    return found


def measure_all() -> list[dict[str, Any]]:
    """Measure every venue at every number of accounts."""
    return [
        measure_detection(RIGS[name], accounts) for name in VENUES if name in RIGS for accounts in ACCOUNTS
    ]

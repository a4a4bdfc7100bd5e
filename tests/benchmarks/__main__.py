"""`make bench`: how long a signal takes, beside two bare Celery hops in the same run; raw records in reports/bench.

The last line of standard output is one JSON object with all figures. Exit status 1 where the product took
more than five times the bare hops.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.local import PROJECT
from tests.benchmarks import machine
from tests.benchmarks.burst import BURST, measure_burst
from tests.benchmarks.fan_out import FOLLOWERS, gather_crowd, measure_fan_out
from tests.benchmarks.figures import Spread, milliseconds, spread
from tests.benchmarks.one_follower import measure_one
from tests.benchmarks.parser import measure_parser
from tests.benchmarks.parts import measure_idle, measure_page
from tests.benchmarks.signal_path import Passage, SignalPath, with_venue_times
from tests.benchmarks.true_limits import measure_limits
from tests.benchmarks.yardstick import Yardstick
from tests.house.house import House
from tests.house.venues import BINANCE, TEST_VENUE

REPORTS = PROJECT / "reports" / "bench"
MESSAGES = 300
MANY = 10_000
WARM_UP = 10
MOST_TIMES_BARE = 5.0
VENUES = (TEST_VENUE.name, "paper")

_STAGES = (
    ("posted to recorded", "posted_at", "recorded_at"),
    ("recorded to read", "recorded_at", "read_at"),
    ("read to planned", "read_at", "planned_at"),
    ("planned to claimed", "planned_at", "claimed_at"),
    ("claimed to accepted", "claimed_at", "accepted_at"),
    ("accepted to covered", "accepted_at", "covered_at"),
)


def main() -> int:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES, help="per venue (default %(default)s)")
    parser.add_argument("--followers", type=int, default=FOLLOWERS, help="of a fan-out (default %(default)s)")
    parser.add_argument(
        "--many", type=int, default=MANY, help="of the large one, 0 for none (default %(default)s)"
    )
    options = parser.parse_args()
    messages = options.messages
    report: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **machine.describe()}
    with House(venues=[TEST_VENUE]) as house, Yardstick(house) as yardstick:
        house.wait_until_ready()
        passages = measure_path(house, yardstick, messages)
        write_records("signal_path", [item.as_row() for item in passages])
        report["signal_path"] = summarise(passages)
        report["burst"] = measure_burst(house, BURST)
        report["page_ms"] = measure_page(house)
        house.wait_idle(120)
        report["idle_percent_of_a_core"] = measure_idle(house)
    report["fan_out"] = measure_fan_outs(options.followers, options.many)
    with House(venues=[BINANCE]) as house:
        house.wait_until_ready()
        report["one_follower"] = measure_one(house)
    with House(venues=[BINANCE]) as house:
        house.wait_until_ready()
        report["true_limits"] = measure_limits(house)
    report["parser"] = measure_parser()
    times = report["signal_path"][TEST_VENUE.name]["times_bare"]
    report["passed"] = times <= MOST_TIMES_BARE
    write_records("summary", [report])
    print(json.dumps(report))
    return 0 if report["passed"] else 1


def measure_fan_outs(followers: int, many: int) -> list[dict[str, Any]]:
    """Measure one signal to a crowd, and to a large one in a house of its own."""
    figures = []
    for count in (followers, many):
        if count:
            with House(venues=[BINANCE]) as house:
                house.wait_until_ready()
                figures.append(measure_fan_out(house, gather_crowd(house, count)))
    return figures


def measure_path(house: House, yardstick: Yardstick, messages: int) -> list[Passage]:
    """Post so many messages per venue, taking turns between the venues and the bare hops."""
    paths = [SignalPath(house, yardstick, venue, WARM_UP + messages) for venue in VENUES]
    house.wait_for_balances()
    house.wait_until_watched()
    passages = [path.run(number) for number in range(WARM_UP + messages) for path in paths]
    return with_venue_times(passages[WARM_UP * len(paths) :], house.venue_log(TEST_VENUE))


def summarise(passages: Sequence[Passage]) -> dict[str, Any]:
    """Print and return the figures of each venue."""
    figures: dict[str, Any] = {}
    for venue in VENUES:
        mine = [item for item in passages if item.venue == venue]
        bare_hops, total = spread([item.bare_ms for item in mine]), spread([item.total_ms for item in mine])
        times = round(total.p50 / bare_hops.p50, 2)
        print(f"\n{venue}: message posted to order accepted, milliseconds")
        print(f"  {'two bare hops':<22} {bare_hops}")
        print(f"  {'the product':<22} {total}   = {times} x bare at p50")
        stages: dict[str, Spread] = {
            name: spread([milliseconds(getattr(item, start), getattr(item, end)) for item in mine])
            for name, start, end in _STAGES
        }
        for name, figure in stages.items():
            print(f"    {name:<20} {figure}")
        figures[venue] = {
            "bare": bare_hops.as_row(),
            "product": total.as_row(),
            "times_bare": times,
            "stages": {name: figure.as_row() for name, figure in stages.items()},
        }
    return figures


def write_records(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write raw records as JSON lines."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    sys.exit(main())

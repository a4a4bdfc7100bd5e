"""`make faults`: the fault matrix in its long form, house by house; then the verdict on what was written down.

Records go to reports/faults/, one folder a house; the verdict is that of `python -m tests.faults.verdict` and reads
nothing else. Exit status 1 when anything was doubled, lost, stale or naked, or when a row's own rule was broken.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from tests.faults import own_house_rows, verdict
from tests.faults.fuzz import complaint_about, hostile_texts
from tests.faults.programme import SEED, Act, long_processes, long_venues, long_writes
from tests.faults.stage import Stage
from tests.faults.verdict import REPORTS

House = Callable[[], list[str]]
"""Plays one house and returns what must not be, beside what the judge finds."""


def play_house(name: str, acts: Mapping[str, Act], seed: int) -> list[str]:
    """Play acts in one house and write its records."""
    teams = {row: members for act in acts.values() for row, members in act.teams.items()}
    settings = {row: act.settings for act in acts.values() for row in act.teams}
    problems = []
    with Stage(name, teams, settings=settings, seed=seed) as stage:
        for title, act in acts.items():
            began = time.monotonic()
            try:
                found = act.play(stage)
            except (AssertionError, ValueError) as error:
                found = [f"{title}: {error}"]
            problems += found
            said = "; ".join(found) or "as it should be"
            print(f"{name}: {title}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
        stage.write_report()
        print(stage.said, flush=True)
    return problems


def houses(seed: int) -> Iterator[tuple[str, House]]:
    """Every house of the long form, by name."""

    def own(name: str, play: Callable[..., Stage], row: str, **sizes: float) -> tuple[str, House]:
        def run() -> list[str]:
            print(play(name, row, seed=seed, **sizes).said, flush=True)
            return []

        return name, run

    yield "writes", lambda: play_house("writes", long_writes(), seed)
    yield "venues", lambda: play_house("venues", long_venues(), seed)
    for number, acts in enumerate(long_processes()):
        name = f"processes-{number}"
        yield name, lambda name=name, acts=acts: play_house(name, acts, seed)
    yield own("three-members", own_house_rows.play_step_downs, "32b", times=5)
    yield own("lost-answers", own_house_rows.play_lost_answers, "33", times=50)
    yield own("rotation", own_house_rows.play_rotations, "50", times=50)
    yield own("clock-jumps", own_house_rows.play_clock_jumps, "21", hours=1)
    yield own("hanging-venue", own_house_rows.play_hanging_venue, "26", followers=60)
    yield own("frozen-redis", own_house_rows.play_frozen_redis, "29", seconds=30)


def main() -> int:
    """Play everything; return 0 only when all rules held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED, help=f"of what is left to chance (default {SEED})")
    parser.add_argument("--only", default="", help="houses whose name begins with this")
    parser.add_argument("--texts", type=int, default=100_000, help="hostile messages for the parser")
    options = parser.parse_args()
    broken = 0 if options.only else _read_hostile(options.texts, options.seed)
    problems: list[str] = []
    if not options.only:
        shutil.rmtree(REPORTS, ignore_errors=True)
    for name, play in houses(options.seed):
        if name.startswith(options.only):
            problems += play()
    print(json.dumps({"hostile_texts": options.texts, "broke_the_parser": broken, "problems": problems}))
    sys.argv[1:] = []
    status = verdict.main()
    return 1 if broken or problems else status


def _read_hostile(count: int, seed: int) -> int:
    broken = 0
    for text in hostile_texts(count, seed):
        complaint = complaint_about(text)
        if complaint:
            broken += 1
            print(f"the parser: {complaint} at {text!r}", flush=True)
    print(f"the parser read {count} hostile messages; {broken} broke it", flush=True)
    return broken


if __name__ == "__main__":
    sys.exit(main())

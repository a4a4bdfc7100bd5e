"""`make faults`: the scenarios of the tests in longer forms; the last line is one JSON object of figures.

Every kill in several rounds, and at each crash point as many deaths as asked for, in rounds of some dozens
because one unresolved order takes its venue's time. Exit status 1 when anything was doubled, lost, naked or late.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial

from tests.faults import blows
from tests.faults.fuzz import complaint_about, hostile_texts
from tests.faults.programme import CREWS, KILLS, OTHERS, play_crash_points, play_kill
from tests.faults.scenario import LIMIT_SECONDS, Outcome
from tests.faults.stage import Stage

FUZZ_SEED = 20261126
_DEATHS_A_ROUND = 20
"""Deaths at one point in one round: a burst of 60 messages passes each point some 36 times."""


def _rounds(total: int) -> int:
    return -(-total // _DEATHS_A_ROUND)


def _play_named(play: Callable[[Stage, str], Outcome], name: str, stage: Stage) -> Outcome:
    return play(stage, name)


def _plays(rounds: int, deaths: int) -> Iterable[tuple[str, tuple[int, ...], "partial[Outcome]"]]:
    for number in range(rounds):
        for kill in KILLS:
            name = f"{kill} {number}"
            yield name, tuple(CREWS[kill]), partial(play_kill, name=name, kill=kill)
    for name, (teams, play) in OTHERS.items():
        yield name, tuple(teams), partial(_play_named, play, name)
    for point in blows.CRASH_POINTS:
        for number in range(_rounds(deaths)):
            name = f"{point} {number}"
            yield name, (1, 1), partial(play_crash_points, name=name, deaths={point: _DEATHS_A_ROUND})


def _play_all(rounds: int, deaths: int) -> dict[str, object]:
    """Play kill by kill in houses of one round each, so that no house carries the load of all."""
    rows: list[dict[str, object]] = []
    plays = list(_plays(rounds, deaths))
    for first in range(0, len(plays), len(KILLS)):
        part = plays[first : first + len(KILLS)]
        with Stage({name: teams for name, teams, _ in part}) as stage:
            for name, _, play in part:
                outcome = play(stage)
                print(f"{name}: {outcome.verdict.say() or 'nothing doubled, lost or naked'}", flush=True)
            print(stage.table(), flush=True)
            stage.write_report(f"long-{first // len(KILLS)}")
            rows += stage.figures()
    return _summary(rows, deaths)


def _summary(rows: list[dict[str, object]], deaths: int) -> dict[str, object]:
    def total(name: str) -> int:
        return sum(int(str(row[name] or 0)) for row in rows)

    late = [row["scenario"] for row in rows if float(str(row["max_seconds"])) > LIMIT_SECONDS]
    restless = [row["scenario"] for row in rows if row["calm_seconds"] is None]
    return {
        "scenarios": len(rows),
        "deaths_per_crash_point": _rounds(deaths) * _DEATHS_A_ROUND,
        **{name: total(name) for name in ("messages", "entries", "not_placed", "doubled", "lost", "naked")},
        "problems": total("problems"),
        "late": late,
        "restless": restless,
        "worst_p50_seconds": max(float(str(row["p50_seconds"])) for row in rows),
        "worst_max_seconds": max(float(str(row["max_seconds"])) for row in rows),
    }


def main() -> int:
    """Play everything; return 0 only when all rules held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of every kill (default 3)")
    parser.add_argument("--deaths", type=int, default=200, help="at each crash point, at least (default 200)")
    parser.add_argument(
        "--texts", type=int, default=100_000, help="hostile messages for the parser (default 100,000)"
    )
    options = parser.parse_args()
    broken = _read_hostile(options.texts)
    summary = _play_all(options.rounds, options.deaths) | {
        "hostile_texts": options.texts,
        "broke_the_parser": broken,
    }
    print(json.dumps(summary), flush=True)
    return 1 if broken or summary["problems"] or summary["late"] or summary["restless"] else 0


def _read_hostile(count: int) -> int:
    broken = 0
    for text in hostile_texts(count, FUZZ_SEED):
        complaint = complaint_about(text)
        if complaint:
            broken += 1
            print(f"the parser: {complaint} at {text!r}", flush=True)
    print(f"the parser read {count} hostile messages; {broken} broke it", flush=True)
    return broken


if __name__ == "__main__":
    sys.exit(main())

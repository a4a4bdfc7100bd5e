"""`python -m tests.faults.verdict [FOLDER ...]`: judge runs by what lies in reports/faults/, and by nothing else.

Prints a table with a line a row of the fault matrix (RELIABILITY section 3) and one JSON object of totals; exit
status 1 where anything was doubled, lost, stale or naked.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.local import PROJECT
from tests.faults.judge import Verdict, judge, percentile
from tests.faults.records import Records, read_records
from tests.faults.titles import TITLES

REPORTS = PROJECT / "reports" / "faults"
_WIDTH = 58
_COUNTS = ("real", "in-proc", "trials", "entries", "doubled", "lost", "stale", "missed", "expired", "naked")
_SECONDS = ("bare p95", "bare max", "known p50", "known p95")


def judge_rows(records: Records) -> list[Verdict]:
    """Judge each row of a run, in the order of the matrix."""
    rows = sorted({trial["row"] for trial in records.trials}, key=_place)
    return [judge(records.of_row(row)) for row in rows]


def _place(row: str) -> tuple[str, int]:
    number, _, rig = row.partition(" ")
    return rig, list(TITLES).index(number)


def table(verdicts: Sequence[Verdict], about: dict[str, Any]) -> str:
    """Write the figures for people."""
    lines = [
        f"time factor {about['factor']}: every time-out, window and delay at its full length; seed {about['seed']}",
        f"{'row':<{_WIDTH}}"
        + "".join(f"{name:>9}" for name in _COUNTS)
        + "".join(f"{name:>11}" for name in _SECONDS),
    ]
    for verdict in verdicts:
        number, _, rig = verdict.row.partition(" ")
        name = f"{number:>4} {TITLES[number]}{f', {rig}' if rig else ''}"[: _WIDTH - 1]
        lines.append(
            f"{name:<{_WIDTH}}"
            + "".join(f"{count:>9}" for count in _counts(verdict))
            + "".join(f"{_show(seconds):>11}" for seconds in _seconds(verdict))
        )
    return "\n".join(lines)


def totals(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Add the rows up."""
    names = (
        "real_faults",
        "other_faults",
        "trials",
        "entries",
        "doubled",
        "lost",
        "stale",
        "missed",
        "naked",
    )
    return {name: sum(getattr(verdict, name) for verdict in verdicts) for name in names}


def _counts(verdict: Verdict) -> tuple[int, ...]:
    return (
        verdict.real_faults,
        verdict.other_faults,
        verdict.trials,
        verdict.entries,
        verdict.doubled,
        verdict.lost,
        verdict.stale,
        verdict.missed,
        verdict.expired,
        verdict.naked,
    )


def _seconds(verdict: Verdict) -> tuple[float | None, ...]:
    return (
        percentile(verdict.bare_seconds, 95),
        max(verdict.bare_seconds, default=None),
        percentile(verdict.resolve_seconds, 50),
        percentile(verdict.resolve_seconds, 95),
    )


def _show(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


def main() -> int:
    """Judge and print; return 0 only when nothing was doubled, lost, stale or naked."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.verdict", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folders", nargs="*", type=Path, help="runs; default: all under reports/faults/")
    folders = parser.parse_args().folders or sorted(path.parent for path in REPORTS.glob("*/about.json"))
    if not folders:
        parser.error(f"no run lies in {REPORTS}: `make faults` writes them")
    every: list[Verdict] = []
    for folder in folders:
        records = read_records(folder)
        verdicts = judge_rows(records)
        print(f"\n{folder.name}\n{table(verdicts, records.about)}")
        for verdict in verdicts:
            if verdict.problems:
                print(f"row {verdict.row}:\n{verdict.say()}")
        every += verdicts
    summary = totals(every)
    print(json.dumps(summary))
    return 1 if summary["doubled"] or summary["lost"] or summary["stale"] or summary["naked"] else 0


if __name__ == "__main__":
    sys.exit(main())

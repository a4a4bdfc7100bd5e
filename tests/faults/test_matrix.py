"""Rows of the fault matrix, short: nothing is doubled, lost, stale or naked, and every message has its end soon."""

import subprocess
import sys

import pytest

from shared.local import PROJECT
from tests.faults.programme import short
from tests.faults.stage import Stage

ACTS = short()


@pytest.mark.parametrize("name", ACTS)
def test_nothing_is_doubled_lost_stale_or_naked(stage: Stage, name: str) -> None:
    act = ACTS[name]
    assert act.play(stage) == []
    for row in act.teams:
        verdict = stage.judge(row)
        assert verdict.real_faults > 0, f"row {row}: no fault struck"
        assert verdict.problems == [], f"row {row}:\n{verdict.say()}"


def test_the_verdict_reads_the_same_from_what_was_written_down(stage: Stage) -> None:
    folder = stage.write_report()
    judged = [sys.executable, "-m", "tests.faults.verdict", str(folder)]
    done = subprocess.run(judged, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"doubled": 0, "lost": 0, "stale": 0' in done.stdout

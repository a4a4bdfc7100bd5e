"""What needs no burst: two beats at once."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from shared.local import PROJECT
from tests.faults.stage import Stage

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

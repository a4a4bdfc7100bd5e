"""The clock of the fault matrix: processes go by it at once, and how long things take stays what it is."""

import subprocess
import sys
from pathlib import Path

from tests.faults.clock import ShiftedClock

_TELL = """
import datetime, sys, time
for _ in sys.stdin:
    began = time.monotonic()
    time.sleep(0.05)
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    print(time.time(), now, time.monotonic() - began, flush=True)
"""


def test_a_process_goes_by_the_clock_that_is_set_and_sleeps_as_long_as_it_means_to(tmp_path: Path) -> None:
    clock = ShiftedClock(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", _TELL],
        env=clock.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = []
        for shift in (0, -3600, 0):
            clock.set(shift)
            process.stdin.write("\n")
            process.stdin.flush()
            told.append([float(word) for word in process.stdout.readline().split()])
        process.stdin.close()
    (first, _, _), (back, back_too, slept), (again, _, _) = told
    assert -3600 <= back - first < -3590
    assert abs(back - back_too) < 1
    assert 0.04 < slept < 5
    assert 0 <= again - first < 10

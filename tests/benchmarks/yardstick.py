"""The bare passage in the benchmark's hand: its workers are started, a bell is rung, its arrival awaited."""

import importlib
import os
import time
from collections.abc import Mapping

from redis import Redis

from shared.local import PROJECT
from shared.processes import parse_procfile
from shared.run import Runner
from tests.house.house import House

FIRST, SECOND = "bare.first", "bare.second"
ARRIVALS = "bench:bare"

_TWINS = {FIRST: "signals", SECOND: "orders"}
_ARRIVAL_SECONDS = 30


class Yardstick:
    """Two workers with the very words of the Procfile's `worker-signals` and `worker-orders`, but bare."""

    def __init__(self, house: House) -> None:
        # The Celery settings belong to the environment that a process reads first: here the house's.
        os.environ.update(house.env)
        self._app = importlib.import_module("tests.benchmarks.bare").app
        self._redis = Redis.from_url(house.env["REDIS_URL"], decode_responses=True)
        self._out = (house.folder / "bare.log").open("w")
        lines = bare_lines(parse_procfile((PROJECT / "Procfile").read_text()))
        self._runner = Runner(lines, house.env, out=self._out, state_file=house.folder / "bare.json")

    def __enter__(self) -> "Yardstick":
        self._runner.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.stop()
        self._out.close()
        self._redis.close()

    def measure(self, number: int) -> float:
        """Return the milliseconds from before the first publish to inside the second task."""
        began = time.monotonic()
        self._app.send_task(FIRST, args=[number, began])
        answer = self._redis.blpop([ARRIVALS], timeout=_ARRIVAL_SECONDS)
        if not answer:
            raise AssertionError(f"the bare passage {number} did not arrive within {_ARRIVAL_SECONDS} s")
        arrived, took = str(answer[1]).split()
        if int(arrived) != number:
            raise AssertionError(f"the bare passage {arrived} arrived instead of {number}")
        return float(took) * 1000


def bare_lines(procfile: Mapping[str, str]) -> dict[str, str]:
    """Return the Procfile's two workers of the signal path, reading the bare queues instead."""
    lines = {}
    for name, queue in _TWINS.items():
        line = procfile[f"worker-{queue}"].replace("worker.app", "tests.benchmarks.bare")
        lines[name] = line.replace(f"-Q {queue} -n {queue}@", f"-Q {name} -n {name}@")
    return lines

"""Small figures beside the big one: the page alone, and what the house costs while idle."""

import time
import urllib.request
from typing import Any

import psutil

from tests.benchmarks.figures import spread
from tests.house.house import House

_PAGES = 50
_IDLE_SECONDS = 15.0


def measure_page(house: House) -> dict[str, Any]:
    """Ask for the first page as a stranger, over a new connection each time."""
    took = []
    for _ in range(_PAGES):
        began = time.perf_counter()
        with urllib.request.urlopen(f"{house.web_url}/", timeout=10) as answer:
            answer.read()
        took.append((time.perf_counter() - began) * 1000)
    figure = spread(took[2:])
    print(f"\nthe first page, milliseconds\n  {'GET /':<22} {figure}")
    return figure.as_row()


def measure_idle(house: House) -> dict[str, float]:
    """Return the percent of a core that each process takes while nothing happens, with its children."""
    watched = {name: psutil.Process(pid) for name, pid in house.pids().items()}
    watched |= {
        "redis": psutil.Process(house.servers.redis.pid),
        "mongod": psutil.Process(house.servers.mongod.pid),
    }
    before = {name: _cpu_seconds(process) for name, process in watched.items()}
    time.sleep(_IDLE_SECONDS)
    percent: dict[str, float] = {}
    for name, process in watched.items():
        family = name.partition("/")[0]
        spent = _cpu_seconds(process) - before[name]
        percent[family] = round(percent.get(family, 0) + spent / _IDLE_SECONDS * 100, 1)
    print(f"\nidle: {sum(percent.values()):.1f} % of one core")
    print("  " + ", ".join(f"{name} {share}" for name, share in sorted(percent.items(), key=lambda i: -i[1])))
    return percent


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system

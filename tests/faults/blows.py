"""What strikes the processes: each notes its blows and returns the moment, in wall time, of the last restart it caused."""

import contextlib
import json
import random
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from tests.faults.stage import Stage
from tests.waiting import wait_until

WORKERS = "worker-*"
FREEZE_SECONDS = 6.0
_DEATHS_SECONDS = 60.0
_BETWEEN_SECONDS = 0.25
_WORKERS_LIFE_SECONDS = 8.0


def kill_workers(stage: Stage, row: str, times: int = 1) -> float:
    """End every worker process at once, parents and children, as `kill -9` does; each set works for some seconds."""
    return _kill(stage, row, WORKERS, times, life_seconds=_WORKERS_LIFE_SECONDS)


def kill_beat(stage: Stage, row: str, times: int = 1) -> float:
    """End the beat."""
    return _kill(stage, row, "beat", times)


def kill_bot(stage: Stage, row: str, times: int = 1) -> float:
    """End the bot, who records what is posted."""
    return _kill(stage, row, "bot", times)


def _kill(stage: Stage, row: str, pattern: str, times: int, *, life_seconds: float = 0) -> float:
    last = time.time()
    for number in range(times):
        # Killed as soon as they are there, they would never have been at work.
        time.sleep(life_seconds if number else 0)
        began = time.time()
        for _ in stage.house.kill(pattern, signal.SIGKILL):
            stage.note(row, f"SIGKILL {pattern}")
        names = [name for name in _started(stage) if _matches(name, pattern)]
        last = wait_until(
            lambda names=names, began=began: _last_start(stage, names, began),
            f"{pattern} is started again",
            seconds=30,
        )
    return last


def roll_workers(stage: Stage, row: str, times: int = 1) -> float:
    """Ask one kind of worker after the other to end, as a new release does; each may finish what it has begun."""
    last = time.time()
    for _ in range(times):
        for name in sorted(name for name in _started(stage) if _matches(name, WORKERS)):
            began = time.time()
            stage.house.kill(name, signal.SIGTERM)
            stage.note(row, f"SIGTERM {name}")
            last = wait_until(
                lambda name=name, began=began: _last_start(stage, [name], began),
                f"{name} is started again",
                seconds=60,
            )
    return last


def kill_children(stage: Stage, row: str, times: int) -> float:
    """End one child after the other, of whatever pool, as the kernel does when memory is short."""
    chance = random.Random(f"{stage.seed} {row}")
    for _ in range(times):
        children = sorted(name for name in stage.house.pids() if "/" in name and name.startswith("worker-"))
        if children:
            name = chance.choice(children)
            # Between the look and the kill it may have ended by itself.
            with contextlib.suppress(ValueError):
                if stage.house.kill(name, signal.SIGKILL):
                    stage.note(row, f"SIGKILL {name}")
        time.sleep(_BETWEEN_SECONDS)
    return time.time()


def freeze_orders(stage: Stage, row: str, times: int = 1, seconds: float = FREEZE_SECONDS) -> float:
    """Stop the senders of entries for longer than a claim is good for, then let them go on."""
    for _ in range(times):
        for _ in stage.house.kill("worker-orders*", signal.SIGSTOP):
            stage.note(row, "SIGSTOP")
        time.sleep(seconds)
        stage.house.kill("worker-orders*", signal.SIGCONT)
        # Let them claim anew before the next stop.
        time.sleep(_BETWEEN_SECONDS * 2)
    return time.time()


def crash_points(stage: Stage, row: str, deaths: Mapping[str, int]) -> float:
    """Let so many processes die at each point; the moment of the last death is the last restart."""
    folder = stage.failpoints
    mark = f"{row}-{time.time_ns()}"
    places = [folder / name / f"{mark}-{number}" for name, count in deaths.items() for number in range(count)]
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.touch()
    deadline = time.monotonic() + _DEATHS_SECONDS
    while (left := [place for place in places if place.exists()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for place in left:
        # A burst passes a point so often and not oftener; what nobody died of is not counted.
        place.unlink(missing_ok=True)
    if len(left) == len(places):
        raise AssertionError(f"nobody died at {', '.join(deaths)} in {_DEATHS_SECONDS:g} s")
    for fired in (folder / "fired").glob(f"*.{mark}-*"):
        at = datetime.fromtimestamp(fired.stat().st_mtime, UTC)
        stage.note(row, fired.name.split(".")[0], at)
    return time.time()


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else name == pattern


def _started(stage: Stage) -> dict[str, float]:
    state = json.loads((stage.house.folder / "processes.json").read_text())
    return {
        name: datetime.fromisoformat(row["started_at"]).timestamp()
        for name, row in state.items()
        if row["started_at"] and row["pid"]
    }


def _last_start(stage: Stage, names: list[str], began: float) -> float | None:
    started = _started(stage)
    if any(started.get(name, 0) < began for name in names):
        return None
    return max(started[name] for name in names)

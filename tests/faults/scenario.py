"""One scenario from its first message to its verdict."""

import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.faults.blows import Blow
from tests.faults.bursts import Line
from tests.faults.crews import Crew
from tests.faults.doors import Door
from tests.faults.judge import Log, Verdict, judge
from tests.faults.watch import Seen, Watch
from tests.house.house import House

WAIT_SECONDS = 75.0
"""How long to look for an end: the limit is `LIMIT_SECONDS`, but a late end is worth its number."""

LIMIT_SECONDS = 30.0
"""Within how long after the last restart every message has its end."""


@dataclass(frozen=True)
class Outcome:
    """How a scenario went; seconds count from the last restart to the ends that came after it.

    `calm_seconds` is when all orders had their end and every position its cover; None if that never came.
    """

    name: str
    message_ids: tuple[str, ...]
    verdict: Verdict
    log: Log
    after_restart: int
    p50_seconds: float
    max_seconds: float
    calm_seconds: float | None

    def check(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        """AssertionError with what must not be."""
        assert not self.verdict.problems, f"{self.name}:\n{self.verdict.say()}"
        assert self.calm_seconds is not None, f"{self.name}: orders still move or a position lacks cover"
        assert self.max_seconds <= limit_seconds, f"{self.name}: the last end came after {self.max_seconds} s"

    def with_problems(self, problems: Sequence[str]) -> "Outcome":
        """The same with what a scenario's own check found."""
        return replace(self, verdict=replace(self.verdict, problems=[*self.verdict.problems, *problems]))

    def figures(self) -> dict[str, Any]:
        """What is printed and kept."""
        verdict = {name: value for name, value in vars(self.verdict).items() if name != "problems"}
        return {
            "scenario": self.name,
            "after_restart": self.after_restart,
            "p50_seconds": self.p50_seconds,
            "max_seconds": self.max_seconds,
            "calm_seconds": self.calm_seconds,
            **verdict,
            "problems": len(self.verdict.problems),
        }


def run(
    house: House,
    crew: Crew,
    name: str,
    lines: Sequence[Line],
    door: Door,
    blow: Blow | None = None,
    *,
    strike_at: float = 0.5,
) -> Outcome:
    """Post the lines, strike when this part of them is in, wait until all is calm, and judge."""
    striker = _Striker(house, blow, int(len(lines) * strike_at))
    database = house.open_database()
    with Watch(database, crew) as watch:
        message_ids = door.take(house, crew, lines, striker.progress)
        restarted_at = striker.wait()
        watch.wait(len(message_ids), WAIT_SECONDS)
    log = Log(house.venue_log)
    return _outcome(name, judge(log, database, crew, message_ids), log, message_ids, watch.seen, restarted_at)


def _outcome(
    name: str, verdict: Verdict, log: Log, message_ids: Sequence[str], seen: Seen, restarted_at: float
) -> Outcome:
    late = [at - restarted_at for at in seen.ended_at.values() if at > restarted_at]
    return Outcome(
        name=name,
        message_ids=tuple(message_ids),
        verdict=verdict,
        log=log,
        after_restart=len(late),
        p50_seconds=round(statistics.median(late), 1) if late else 0.0,
        max_seconds=round(max(late, default=0.0), 1),
        calm_seconds=None if seen.calm_at is None else round(max(seen.calm_at - restarted_at, 0.0), 1),
    )


class _Striker:
    """Strikes from a thread of its own, so that the burst goes on while things are down."""

    def __init__(self, house: House, blow: Blow | None, at: int) -> None:
        self._house = house
        self._blow = blow
        self._at = at
        self._thread: threading.Thread | None = None
        self._restarted_at = time.time()
        self._failure: BaseException | None = None

    def progress(self, place: int) -> None:
        """Strike once, when enough of the burst is in."""
        if self._blow is not None and self._thread is None and place >= self._at:
            self._thread = threading.Thread(target=self._strike, name="blow")
            self._thread.start()

    def wait(self) -> float:
        """Wait until everything that was ended has been started again; return when."""
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._restarted_at

    def _strike(self) -> None:
        assert self._blow is not None
        try:
            self._restarted_at = self._blow(self._house)
        except BaseException as error:  # noqa: BLE001 - raised again where the scenario waits for it
            self._failure = error

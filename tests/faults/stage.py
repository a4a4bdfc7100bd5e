"""One house for all scenarios, with a crew for each, and the figures of those that were played."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.local import PROJECT
from shared.processes import parse_procfile
from tests.faults.crews import Crew, gather
from tests.faults.scenario import Outcome
from tests.house.house import House

REPORTS = PROJECT / "reports" / "faults"
_NOT_NEEDED = {"web", "flower"}
_COLUMNS = ("after_restart", "p50_seconds", "max_seconds", "calm_seconds")
_COUNTS = ("messages", "entries", "not_placed", "covers", "held", "doubled", "lost", "naked", "problems")


class Stage:
    """A started house; a context manager.

    Parameters
    ----------
    teams
        {name of a scenario: how many followers each of its providers has}. All are created while the
        processes start, because the bot learns of new channels only now and then.
    """

    def __init__(self, teams: dict[str, Sequence[int]]) -> None:
        self._teams = teams
        self._stack = ExitStack()
        self._played: list[Outcome] = []
        self.crews: dict[str, Crew] = {}
        self.failpoints = Path()
        """A file in a sub-folder of this kills the process that passes the failpoint of that name."""

    def __enter__(self) -> "Stage":
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="trade-executor-faults-"))
        self.failpoints = Path(folder)
        names = [n for n in parse_procfile((PROJECT / "Procfile").read_text()) if n not in _NOT_NEEDED]
        try:
            self.house = self._stack.enter_context(
                House(venue=True, processes=names, settings={"FAILPOINTS": folder})
            )
            for name, teams in self._teams.items():
                self.crews[name] = gather(self.house, name, teams=teams)
            self.house.wait_until_ready()
            self.house.wait_for_balances()
            self.house.wait_until_watched()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def keep(self, outcome: Outcome) -> Outcome:
        """Remember an outcome for the table, and let everything come to rest before the next."""
        self._played.append(outcome)
        self.house.wait_until_ready()
        return outcome

    def figures(self) -> list[dict[str, Any]]:
        """What was measured so far, a row per scenario."""
        return [outcome.figures() for outcome in self._played]

    def table(self) -> str:
        """The figures for people; seconds count from the last restart."""
        head = f"{'scenario':<18}" + "".join(f"{name:>15}" for name in _COLUMNS)
        lines = [head + "".join(f"{name:>11}" for name in _COUNTS)]
        for row in self.figures():
            cells = "".join(f"{'never' if row[name] is None else row[name]:>15}" for name in _COLUMNS)
            lines.append(f"{row['scenario']:<18}{cells}" + "".join(f"{row[name]:>11}" for name in _COUNTS))
        return "\n".join(lines)

    def write_report(self, name: str, **more: Any) -> Path:
        """Store the figures under reports/faults/."""
        REPORTS.mkdir(parents=True, exist_ok=True)
        path = REPORTS / f"{name}.json"
        at = datetime.now(UTC).isoformat(timespec="seconds")
        path.write_text(json.dumps({"at": at, **more, "scenarios": self.figures()}, indent=1) + "\n")
        return path

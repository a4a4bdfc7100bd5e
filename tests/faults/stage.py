"""One house for many rows, with a crew for each, and the records of everything that was played in it."""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.local import PROJECT
from shared.processes import parse_procfile
from tests.emulators.binance.log import read_lines
from tests.faults.crews import Crew, gather
from tests.faults.judge import Verdict, judge
from tests.faults.ledger import read_ledger
from tests.faults.records import Injection, Records, Row, keep_of_venue
from tests.faults.rigs import rig_of
from tests.faults.verdict import REPORTS, judge_rows, table
from tests.house.house import House

FACTOR = 1
_NOT_NEEDED = {"web", "flower"}


class Stage:
    """A started house; a context manager.

    Parameters
    ----------
    name
        Of the run: its records are kept under reports/faults/<name>/.
    teams
        {row: how many followers each of its providers has}. All are created while the processes start, because
        the bot learns of new channels only now and then.
    settings
        {row: terms of its followers that differ}.
    seed
        Of everything that is left to chance.
    before_launch
        What to do with the house once its people are there, and before its processes start.
    """

    def __init__(
        self,
        name: str,
        teams: Mapping[str, Sequence[int]],
        *,
        settings: Mapping[str, Mapping[str, str]] | None = None,
        seed: int = 0,
        with_web: bool = False,
        environment: Mapping[str, str] | None = None,
        before_launch: Callable[[House, ExitStack], None] | None = None,
    ) -> None:
        self.name, self.seed = name, seed
        self._teams, self._settings = teams, settings or {}
        self._rigs = {rig.name: rig for rig in map(rig_of, teams)}
        self._environment = dict(environment or {})
        self._not_needed = _NOT_NEEDED - ({"web"} if with_web else set())
        self._before_launch = before_launch
        self._stack = ExitStack()
        self.crews: dict[str, Crew] = {}
        self.figures: list[dict[str, Any]] = []
        """What single rows measured beside the verdict."""
        self.failpoints = Path()
        """A file in a sub-folder of this kills the process that passes the failpoint of that name."""
        self.said = ""
        """The verdict on everything that was written down last."""
        self._trials: list[Any] = []
        self._injections: list[Injection] = []

    def __enter__(self) -> "Stage":
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="trade-executor-faults-"))
        self.failpoints = Path(folder)
        names = [n for n in parse_procfile((PROJECT / "Procfile").read_text()) if n not in self._not_needed]
        settings = {"FAILPOINTS": folder, **self._environment}
        try:
            venues = {rig.venue.name: rig.venue for rig in self._rigs.values()}.values()
            self.house = self._stack.enter_context(
                House(venues=tuple(venues), processes=names, settings=settings)
            )
            self._prepare()
            self._gather()
            if self._before_launch is not None:
                self._before_launch(self.house, self._stack)
            self.house.wait_until_ready()
            self.house.wait_for_balances(120)
            self.house.wait_until_watched()
            self.house.wait_idle(60)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _gather(self) -> None:
        first = 0
        for row, teams in self._teams.items():
            self.crews[row] = gather(self.house, row, first, teams=teams, settings=self._settings.get(row))
            first += sum(teams)

    def venue_of(self, row: str) -> Any:
        """The hand on the venue that a row is played at."""
        return self.house.venue(rig_of(row).venue)

    def lines_of(self, row: str) -> list[Row]:
        """Everything that the venue of a row has written."""
        return read_lines(self.house.venue_log(rig_of(row).venue))

    def _prepare(self) -> None:
        for rig in self._rigs.values():
            control = self.house.venue(rig.venue)
            rig.prepare(control)
            if rig.limits:
                control.settings(**rig.limits)

    def note_trials(self, trials: Iterable[Any]) -> None:
        """Keep what was told to whom."""
        self._trials += trials

    def note(self, row: str, kind: str, at: datetime | None = None) -> None:
        """Keep that a blow was struck now, or then."""
        self._injections.append(Injection(row, kind, at or datetime.now(UTC)))

    def records(self, rows: Iterable[str] | None = None) -> Records:
        """Put together what is known of some rows, or all, from the venue's log file and the database."""
        crews = [crew for row, crew in self.crews.items() if rows is None or row in rows]
        wanted = {crew.row for crew in crews}
        keys = frozenset(key for crew in crews for key in crew.keys)
        about = {
            "run": self.name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "factor": FACTOR,
            "seed": self.seed,
            "figures": self.figures,
        }
        found = Records(about)
        found.note_trials(trial for trial in self._trials if trial.row in wanted)
        for injection in self._injections:
            if injection.row in wanted:
                found.note_injection(injection)
        logs = {self.house.venue_log(crew.rig.venue) for crew in crews}
        found.venue = [line for log in sorted(logs) for line in read_lines(log) if keep_of_venue(line, keys)]
        found.ledger = read_ledger(self.house.open_database(), crews)
        return found

    def judge(self, row: str) -> Verdict:
        """Judge one row by what is known now."""
        return judge(self.records([row]).of_row(row))

    def write_report(self) -> Path:
        """Store the records under reports/faults/ and judge them."""
        folder, records = REPORTS / self.name, self.records()
        records.write(folder)
        measured = "\n".join(json.dumps(figures) for figures in self.figures)
        self.said = f"{table(judge_rows(records), records.about)}\n{measured}"
        return folder

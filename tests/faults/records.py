"""What a run leaves behind for the judge: who was told what, what was done to the system, what the venue saw,
and what we say became of it. Four files of JSON lines a run; the verdict reads nothing else.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_FILES = ("trials", "injections", "venue", "ledger")


@dataclass(frozen=True, slots=True)
class Trial:
    """One message for one follower: what may come of it at the venue, and until when.

    `entry_ids` are the client order ids that its entry may bear, attempt by attempt; `budget` is what they may buy
    for together, in the quote currency, nothing where the message is no signal.
    """

    row: str
    key: str
    channel_id: str
    message_id: str
    posted_at: datetime
    expires_at: datetime
    entry_ids: tuple[str, ...]
    budget: str
    real: bool = True


@dataclass(frozen=True, slots=True)
class Injection:
    """A blow that was struck, told by who struck it or by the crash point that fired."""

    row: str
    kind: str
    at: datetime
    real: bool = True


@dataclass
class Records:
    """A run, complete; `about` says when, how and with which seed and factor."""

    about: Row
    trials: list[Row] = field(default_factory=list)
    injections: list[Row] = field(default_factory=list)
    venue: list[Row] = field(default_factory=list)
    ledger: list[Row] = field(default_factory=list)

    def note_trials(self, trials: Iterable[Trial]) -> None:
        """Write down what was told to whom."""
        self.trials += [_plain(asdict(trial)) for trial in trials]

    def note_injection(self, injection: Injection) -> None:
        """Write down that something was struck."""
        self.injections.append(_plain(asdict(injection)))

    def of_row(self, row: str) -> "Records":
        """Return the part that one row's people have in it."""
        trials = [trial for trial in self.trials if trial["row"] == row]
        keys = {trial["key"] for trial in trials}
        return Records(
            self.about,
            trials,
            [injection for injection in self.injections if injection["row"] == row],
            [_part_of(line, keys) for line in self.venue if _touches(line, keys)],
            [entry for entry in self.ledger if entry["key"] in keys],
        )

    def write(self, folder: Path) -> None:
        """Store the run in a folder of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "about.json").write_text(json.dumps(self.about) + "\n")
        for name in _FILES:
            lines = (json.dumps(row, separators=(",", ":")) + "\n" for row in getattr(self, name))
            (folder / f"{name}.jsonl").write_text("".join(lines))


def read_records(folder: Path) -> Records:
    """Read what a run has left behind.

    Raises
    ------
    FileNotFoundError
        If it is no folder of a run.
    """
    parts = {
        name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        for name in _FILES
    }
    return Records(json.loads((folder / "about.json").read_text()), **parts)


def keep_of_venue(line: Row, keys: frozenset[str]) -> bool:
    """Tell whether a line of the venue's log says something about these accounts that a judge asks for."""
    if not _touches(line, keys):
        return False
    happened = any(line.get(name) for name in ("accepted", "fills", "changes", "faults"))
    return happened or line["method"] in {"POST", "DELETE"} or line["status"] in {418, 429}


def _touches(line: Row, keys: "set[str] | frozenset[str]") -> bool:
    if line["key"] in keys:
        return True
    # A move of a price fills orders of many accounts.
    return any(entry["key"] in keys for name in ("fills", "changes") for entry in line.get(name, ()))


def _part_of(line: Row, keys: set[str]) -> Row:
    """Return a line without what it did to other accounts."""
    done = {name: line[name] for name in ("fills", "changes") if name in line}
    return {**line, **{name: [e for e in entries if e["key"] in keys] for name, entries in done.items()}}


def _plain(row: Row) -> Row:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}

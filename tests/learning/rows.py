"""Labelled messages from files and from our own samples, as one form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.worker.parsing import chatter, samples
from worker.parsing.intent import Intent

UNSEEN = Path(samples.__file__).with_name("unseen")
MUTE: dict[str, Any] = {
    "is_signal": False,
    "action": None,
    "symbol": None,
    "side": None,
    "entry": [],
    "stop_loss": None,
    "take_profits": [],
    "update_kind": None,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One message, what it is for, its label in the form of the corpus, and the set that it is from."""

    row_id: str
    text: str
    intent: Intent
    label: Mapping[str, Any]
    soft: tuple[str, ...]
    source: str


def read_labelled(path: Path) -> list[Labelled]:
    """Read a file of labelled messages.

    Raises
    ------
    ValueError
        If a line is no labelled message; the message names file and line.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            label = {**MUTE, **row["expected"]}
            labelled = Labelled(
                f"{path.stem}:{row['id']}",
                row["text"],
                intent_of(label),
                label,
                tuple(row.get("soft") or ()),
                path.stem,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}, line {number}: no labelled message ({error!r})") from error
        rows.append(labelled)
    return rows


def intent_of(label: Mapping[str, Any]) -> Intent:
    """Return what a message is for, from its label."""
    if not label.get("is_signal"):
        return Intent.REPORT if label.get("action") == "update" else Intent.NOISE
    return {"open": Intent.OPEN, "close": Intent.CLOSE}.get(label.get("action") or "", Intent.UPDATE)


def strangers() -> list[Labelled]:
    """Return all messages of strangers that are part of the project."""
    return [row for path in sorted(UNSEEN.glob("*.jsonl")) for row in read_labelled(path)]


def own_samples() -> list[Labelled]:
    """Return our own samples; they carry no label but their intent."""
    found = [(text, Intent.OPEN) for text, *_ in (*samples.OPENS, *samples.OPTIONS)]
    found += [(text, Intent(action)) for text, action, *_ in samples.COMMANDS]
    found += [
        (text, Intent.REPORT if reason == "STATUS_REPORT" else Intent.NOISE) for text, reason in chatter.NOISE
    ]
    return [
        Labelled(f"samples:{place}", text, intent, {}, (), "samples")
        for place, (text, intent) in enumerate(found)
    ]

"""Replays a change of the parser over stored messages: what would be read differently, before it is let loose.

A side of the comparison is a file of rows, a parser version whose readings are stored, or `current`: this
parser, over the messages that the other side has stored readings of.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pymongo.errors import PyMongoError

from shared.database import connect
from shared.models import messages, providers, signals
from shared.settings import ConfigurationError, read_settings, stop_on_bad_configuration
from worker.parsing.changes import Change, Row, changes_between
from worker.parsing.rows import to_row
from worker.pipeline.reading import read_message

CURRENT = "current"
SAME, DIFFERENT, FAILED = 0, 1, 2


class UnknownSide(Exception):
    """Raised when OLD or NEW names neither rows nor stored readings; carries one line for people."""


def diff_program(old: str, new: str) -> int:
    """Write what changed, one message a line, and a summary; return 0 if nothing did, 1 if something, 2 on failure."""
    kinds: Counter[str] = Counter()
    try:
        for change in changes_between(*rows_of_sides(old, new)):
            kinds[change.kind] += 1
            sys.stdout.write(f"{in_words(change)}\n")
    except ConfigurationError as error:
        stop_on_bad_configuration("diff", error)
    except (UnknownSide, UnicodeDecodeError) as error:
        sys.stderr.write(f"diff: {error}\n")
        return FAILED
    except PyMongoError as error:
        sys.stderr.write(f"diff: MongoDB does not answer: {str(error).split(' (')[0]}\n")
        return FAILED
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    sys.stderr.write(f"{old} → {new}: {counted or 'nothing is read differently'}\n")
    return DIFFERENT if kinds else SAME


def rows_of_sides(old: str, new: str) -> tuple[Iterator[Row], Iterator[Row]]:
    """Return the rows of both sides.

    Raises
    ------
    UnknownSide
        If a name is neither a file nor a version with stored readings, or `current` has nothing to read.
    """
    stored = [side for side in (old, new) if side != CURRENT and not Path(side).is_file()]
    if CURRENT in (old, new) and not stored:
        raise UnknownSide("`current` reads what the other side has stored; name a parser version there.")
    if stored:
        connect(read_settings().mongodb_uri)
    for version in stored:
        if not signals.has_version(version):
            raise UnknownSide(f"{version} is neither a file nor a parser version whose readings are stored.")
    version = stored[0] if stored else ""
    first, second = (_rows(side, version) for side in (old, new))
    return first, second


def in_words(change: Change) -> str:
    """Write a change on one line."""
    fields = "; ".join(
        f"{name}: {json.dumps(old, ensure_ascii=False)} → {json.dumps(new, ensure_ascii=False)}"
        for name, old, new in change.fields
    )
    return f"{change.message_id}  {change.kind}" + (f"  {fields}" if fields else "")


def _rows(side: str, version: str) -> Iterator[Row]:
    if side == CURRENT:
        return _read_again(version)
    if Path(side).is_file():
        return _rows_of_file(Path(side))
    return (
        {"id": record.row_id, **to_row(signals.make_reading(record))} for record in signals.of_version(side)
    )


def _read_again(version: str) -> Iterator[Row]:
    for record in signals.of_version(version):
        message = messages.find(record.row_id)
        if message is not None:
            terms = providers.find(record.provider_id)
            reading = read_message(message, terms.profile if terms is not None else None)
            yield {"id": record.row_id, **to_row(reading)}


def _rows_of_file(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UnknownSide(f"{path}, line {number}: no JSON ({error})") from error
            if not isinstance(row, dict):
                raise UnknownSide(f"{path}, line {number}: no JSON object")
            yield row

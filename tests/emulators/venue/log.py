"""The venue's log: one JSON line per request, written before its answer; it is also what a restart replays."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.emulators.venue.book import VenueBook

Line = dict[str, Any]


def timestamp() -> str:
    """Now, sortable as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


class VenueLog:
    """An append-only file. A command counts as done once its line is in it: no line, no order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._drop_torn_line()
        # Unbuffered: what was written is with the kernel and survives a kill.
        self._file = path.open("ab", buffering=0)

    def write(self, line: Line) -> None:
        """Append one line."""
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def lines(self) -> list[Line]:
        """Read everything that was written."""
        return [json.loads(text) for text in self._path.read_text().splitlines()]

    def replay(self, book: VenueBook) -> None:
        """Play every accepted command again."""
        for line in self.lines():
            if line.get("command") and line["outcome"] == "OK":
                book.apply(line["command"])

    def summary(self) -> Line:
        """Count submits and accepted orders by client order id; a double was accepted more than once."""
        reached: Counter[str] = Counter()
        accepted: Counter[str] = Counter()
        for line in self.lines():
            if (line["method"], line["path"]) != ("POST", "/orders"):
                continue
            name = f"{line['key']}:{line['body'].get('client_order_id')}"
            reached[name] += 0 if line.get("late") else 1
            if line["outcome"] == "OK":
                accepted[name] += 1
        return {
            "submits": sum(reached.values()),
            "accepted": sum(accepted.values()),
            "orders_by_client_id": dict(accepted),
            "submits_by_client_id": dict(reached),
            "doubles": sorted(name for name, count in accepted.items() if count > 1),
        }

    def close(self) -> None:
        self._file.close()

    def _drop_torn_line(self) -> None:
        if not self._path.exists():
            return
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) != len(content):
            self._path.write_bytes(whole)

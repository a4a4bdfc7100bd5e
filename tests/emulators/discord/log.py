"""What reached the emulator, by its own account: tests judge the bot by this, not by what the bot says."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

_KEPT_IN_MEMORY = 50_000


class Changes:
    """Wakes everyone who waits for something inside the emulator to become true."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Let every waiter look again."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait_until(self, condition: Callable[[], bool], timeout_seconds: float) -> bool:
        """Wait until `condition()` holds and say whether it did within the time given."""
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            try:
                await asyncio.wait_for(self._event.wait(), remaining)
            except TimeoutError:
                return condition()
        return True


class TrafficLog:
    """Append-only record of every REST request and gateway frame, in memory and as JSON lines in a file.

    An entry has `n` (1, 2, 3 ...), `at` (ISO 8601 UTC), `kind` (rest | gateway) and the kind's own fields. The bot's
    token never gets into it.
    """

    def __init__(self, changes: Changes, path: Path | None = None) -> None:
        self._changes = changes
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT_IN_MEMORY)
        self._count = 0
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    def add(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Append one entry, flush it to the file and return it."""
        self._count += 1
        entry = {"n": self._count, "at": datetime.now(UTC).isoformat(), "kind": kind, **fields}
        self._entries.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()
        self._changes.notify()
        return entry

    def entries(self, *, after: int = 0, **wanted: Any) -> list[dict[str, Any]]:
        """Return the entries numbered above `after` whose fields equal all of `wanted`, oldest first."""
        found = []
        for entry in reversed(self._entries):  # newest first: a waiter asks for the few entries after its own
            if entry["n"] <= after:
                break
            if all(entry.get(name) == value for name, value in wanted.items()):
                found.append(entry)
        return found[::-1]

    def close(self) -> None:
        """Close the file; entries in memory stay readable."""
        if self._file is not None:
            self._file.close()
            self._file = None

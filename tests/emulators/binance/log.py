"""The venue's log: one JSON line for each request and event, written before the answer is sent.

It is the venue's memory too: a command counts as done once its line is in it. No line, no order.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson

Line = dict[str, Any]

NAME = "binance.jsonl"


class BinanceLog:
    """An append-only file.

    Unbuffered, each line is with the kernel before its answer leaves and survives a kill. With
    `flush_seconds` lines wait that long to be written together: for measurements only.
    """

    def __init__(self, path: Path, flush_seconds: float = 0.0) -> None:
        self.path = path
        _drop_torn_line(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._flush_seconds = flush_seconds
        self._waiting: list[bytes] = []

    def write(self, line: Line) -> None:
        """Append one line."""
        text = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if not self._flush_seconds:
            _write_all(self._file, text)
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(self._flush_seconds, self.flush)
        self._waiting.append(text)

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            _write_all(self._file, b"".join(waiting))

    def lines(self) -> list[Line]:
        """Everything that was written."""
        self.flush()
        return read_lines(self.path)

    def close(self) -> None:
        self.flush()
        os.close(self._file)


def read_lines(path: Path) -> list[Line]:
    """Read a log, also that of a venue that is down; a torn last line is left out."""
    content = path.read_bytes()
    return [orjson.loads(text) for text in content[: content.rfind(b"\n") + 1].splitlines()]


def _write_all(file: int, text: bytes) -> None:
    written = os.write(file, text)
    while written < len(text):
        text = text[written:]
        written = os.write(file, text)


def _drop_torn_line(path: Path) -> None:
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(path, whole)

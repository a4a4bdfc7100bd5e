"""The audit log as a chain: each line holds the hash of the one before it, so that none can be changed or taken out.

Who can write to the database could make the whole chain anew; the hash of a line that was noted elsewhere (workers and
web log each) tells that too.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

GENESIS = "0" * 64
"""What stands for the line before the first."""

KEPT = timedelta(days=730)
"""Lines older than this may be gone, the oldest first."""


@dataclass(frozen=True, slots=True)
class Link:
    """A line's place in the chain, by which the next one is bound to it."""

    seq: int
    hash: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and in what way."""

    seq: int
    entry_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found; `last` is None where there are no lines."""

    lines: int
    last: Link | None
    broken: Break | None


def chain(line: Mapping[str, Any], head: Link | None) -> dict[str, Any]:
    """Return a line with its place behind `head`, the newest line, and its hash.

    `recorded_at` never goes back along the chain: what is kept for a time is forgotten from the beginning on.

    Raises
    ------
    TypeError
        If the line holds something that has no one form in writing.
    """
    at: datetime = line["at"]
    placed = {
        **line,
        "seq": head.seq + 1 if head else 1,
        "previous_hash": head.hash if head else GENESIS,
        "previous_at": head.recorded_at if head else None,
        "recorded_at": max(at, head.recorded_at) if head else at,
    }
    return {**placed, "hash": hash_of(placed)}


def link_of(line: Mapping[str, Any]) -> Link:
    """Return the place of a line that is in the chain."""
    return Link(line["seq"], line["hash"], line["recorded_at"])


def hash_of(line: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything in a line but its own hash, in the one way in which it is written."""
    held = {name: _plain(value) for name, value in line.items() if name != "hash"}
    text = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()


def check_chain(lines: Iterable[Mapping[str, Any]], now: datetime, newest: int = 0) -> Verdict:
    """Walk along the chain, lines in the order of `seq`, to its first break or to its end.

    `newest` is the number that the newest line is known to have had at least.
    """
    last: Link | None = None
    count = 0
    for line in lines:
        reason = _fault(line, last, now)
        if reason is not None:
            return Verdict(count, last, Break(_number(line), str(line.get("_id")), reason))
        last = link_of(line)
        count += 1
    reached = last.seq if last else 0
    if reached < newest:
        reason = f"lines {reached + 1} to {newest} are missing at the end"
        return Verdict(count, last, Break(reached + 1, "", reason))
    return Verdict(count, last, None)


def _fault(line: Mapping[str, Any], last: Link | None, now: datetime) -> str | None:
    try:
        right = hash_of(line) == line["hash"]
        seq, previous_hash, previous_at = line["seq"], line["previous_hash"], line["previous_at"]
        moment: datetime = line["recorded_at"]
    except (KeyError, TypeError, ValueError):
        return "it was changed: it is no line of this log"
    if not right:
        return "it was changed: its hash is not that of what it holds"
    if last is None:
        return _fault_of_first(seq, previous_hash, previous_at, now)
    if seq != last.seq + 1:
        return f"lines before it are missing: the one there is number {last.seq}"
    if previous_hash != last.hash or previous_at != last.recorded_at or moment < last.recorded_at:
        return "it does not follow the line before it: one of them was put there later"
    return None


def _fault_of_first(seq: int, previous_hash: str, previous_at: datetime | None, now: datetime) -> str | None:
    if seq == 1:
        return (
            None
            if previous_hash == GENESIS and previous_at is None
            else "it claims to be the first and is not"
        )
    # Older lines go when their time has come, and not before.
    if previous_at is None or previous_at > now - KEPT:
        return f"lines 1 to {seq - 1} are missing at the beginning"
    return None


def _number(line: Mapping[str, Any]) -> int:
    seq = line.get("seq")
    return seq if isinstance(seq, int) else 0


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} has no place in an audit line")

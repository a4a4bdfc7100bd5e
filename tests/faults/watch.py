"""Looks at the database while things break, and notes when each message had its end and when all was calm."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from tests.faults.crews import Crew

_LOOK_SECONDS = 0.1
_SLOW_LOOK_SECONDS = 0.5
_CALM_LOOKS = 3
_MOVING = ["INITIALIZED", "SUBMITTED", "UNKNOWN", "PENDING_CANCEL"]


@dataclass
class Seen:
    """Wall times in seconds; `calm_at` is None while orders move or a position lacks cover."""

    ended_at: dict[str, float]
    calm_at: float | None = None


class Watch:
    """A thread that looks ten times a second until told to stop."""

    def __init__(self, database: "Database[dict[str, Any]]", crew: Crew) -> None:
        self._database = database
        self._channels = {"$in": crew.channel_ids}
        self._accounts = {"$in": crew.account_ids}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.seen = Seen({})

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait(self, messages: int, seconds: float) -> bool:
        """Wait until so many messages have their end and everything is calm; False after `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if len(self.seen.ended_at) >= messages and self.seen.calm_at is not None:
                return True
            time.sleep(_LOOK_SECONDS)
        return False

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self._look(time.time())
            except PyMongoError:
                self.seen.calm_at = None

    def _look(self, now: float) -> None:
        ended = self._database["messages"].find(
            {"channel_id": self._channels, "status": {"$ne": "pending"}}, {"message_id": 1}
        )
        for row in ended:
            self.seen.ended_at.setdefault(row["message_id"], now)
        if self._moves():
            self.seen.calm_at = None
        elif self.seen.calm_at is None:
            self.seen.calm_at = now

    def _moves(self) -> bool:
        return moves(self._database, self._accounts["$in"], self._channels["$in"])


def moves(database: "Database[dict[str, Any]]", account_ids: list[str], channel_ids: list[str]) -> bool:
    """Tell whether a message has no end yet, an order is under way, or a position lacks cover."""
    ours: dict[str, Any] = {"account_id": {"$in": account_ids}}
    return bool(
        database["messages"].find_one({"channel_id": {"$in": channel_ids}, "status": "pending"}, {"_id": 1})
        or database["orders"].find_one({**ours, "status": {"$in": _MOVING}}, {"_id": 1})
        or database["orders"].find_one({**ours, "unsettled": True}, {"_id": 1})
        or database["trades"].find_one({**ours, "needs_cover": True}, {"_id": 1})
    )


def calm_together(database: "Database[dict[str, Any]]", crews: Sequence[Crew], seconds: float) -> bool:
    """Wait until nothing of several crews moves, looked at twice; False after `seconds`."""
    accounts = [account for crew in crews for account in crew.account_ids]
    channels = [channel for crew in crews for channel in crew.channel_ids]
    deadline = time.monotonic() + seconds
    calm = 0
    while calm < _CALM_LOOKS:
        if time.monotonic() > deadline:
            return False
        time.sleep(_SLOW_LOOK_SECONDS)
        calm = 0 if moves(database, accounts, channels) else calm + 1
    return True

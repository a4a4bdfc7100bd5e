"""From a message in the emulated Discord to its accepted order, one at a time, each beside a bare passage.

The clock starts at the message's own time (its snowflake, cut to the millisecond below) and stops at the
HTTP venue's log line, for paper at the order's `accepted_at`. Every part is quiet again before the next
begins, so that the tail of one (cover, events, balances) neither slows nor flatters another.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo.database import Database

from tests.benchmarks.crowd import PER_PROVIDER, populate
from tests.benchmarks.figures import milliseconds
from tests.benchmarks.yardstick import Yardstick
from tests.emulators.discord.snowflakes import snowflake_time
from tests.house.house import House
from tests.house.venues import TEST_VENUE
from tests.waiting import wait_until

SYMBOLS = {
    TEST_VENUE.name: [f"S{number:03d}/USDT" for number in range(1, PER_PROVIDER + 1)],
    "paper": ["BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "LINK/USDT"],
}
_BREATH_SECONDS = 0.02


@dataclass(frozen=True)
class Passage:
    """One message's way, each moment as the part that did it wrote it down."""

    venue: str
    message_id: str
    order_id: str
    bare_ms: float
    posted_at: datetime
    recorded_at: datetime
    read_at: datetime
    planned_at: datetime
    claimed_at: datetime
    accepted_at: datetime
    covered_at: datetime

    @property
    def total_ms(self) -> float:
        """From the post to the accepted order."""
        return milliseconds(self.posted_at, self.accepted_at)

    def as_row(self) -> dict[str, Any]:
        """Return it for the raw records."""
        row = {n: v.isoformat() if isinstance(v, datetime) else v for n, v in asdict(self).items()}
        return row | {"total_ms": self.total_ms}


class SignalPath:
    """Posts one message at a time and takes down its way.

    Parameters
    ----------
    venue
        `testvenue` for the HTTP venue, `paper` for the product's own.
    """

    def __init__(self, house: House, yardstick: Yardstick, venue: str, messages: int) -> None:
        self._house = house
        self._yardstick = yardstick
        self._venue = venue
        self._database: Database[dict[str, Any]] = house.open_database()
        self._providers = populate(house, venue, messages, prefix=venue)

    def run(self, number: int) -> Passage:
        """Ring one bare passage, then post message `number` and follow it to its covered trade."""
        took = self._yardstick.measure(number)
        time.sleep(_BREATH_SECONDS)
        provider = self._providers[number // PER_PROVIDER]
        symbol = SYMBOLS[self._venue][number % PER_PROVIDER]
        posted = self._house.post(provider, f"{symbol} long now, stop -3%")
        return self._passage(posted["id"], took)

    def _passage(self, message_id: str, bare_ms: float) -> Passage:
        orders = {row["purpose"]: row for row in wait_until(lambda: self._covered(message_id), message_id)}
        wait_until(self._is_quiet, f"the end of {message_id}'s tail")
        time.sleep(_BREATH_SECONDS)
        wanted = {"message_id": message_id}
        message = self._database["messages"].find_one(wanted) or {}
        signal = self._database["signals"].find_one(wanted) or {}
        receipt = self._database["receipts"].find_one(wanted) or {}
        return Passage(
            venue=self._venue,
            message_id=message_id,
            order_id=orders["entry"]["_id"],
            bare_ms=bare_ms,
            posted_at=snowflake_time(message_id),
            recorded_at=message["recorded_at"],
            read_at=signal["read_at"],
            planned_at=receipt["at"],
            claimed_at=orders["entry"]["sent_at"],
            accepted_at=orders["entry"]["accepted_at"],
            covered_at=orders["stop"]["accepted_at"],
        )

    def _covered(self, message_id: str) -> list[dict[str, Any]] | None:
        orders = list(self._database["orders"].find({"message_id": message_id}))
        done = {row["purpose"] for row in orders if row["accepted_at"] and not row["unsettled"]}
        return orders if done >= {"entry", "stop"} else None

    def _is_quiet(self) -> bool:
        return not self._database["orders"].count_documents({"unsettled": True}) and not self._database[
            "outbox"
        ].count_documents({"delivered": False})


def with_venue_times(passages: list[Passage], log: Path) -> list[Passage]:
    """Return the passages with the time of the HTTP venue's own log for what it accepted."""
    accepted = dict(read_accepted(log))
    return [
        replace(item, accepted_at=accepted[item.order_id]) if item.venue == TEST_VENUE.name else item
        for item in passages
    ]


def read_accepted(log: Path) -> Iterator[tuple[str, datetime]]:
    """Yield (client order id, time) of every order that the venue's log says it accepted."""
    for line in log.read_text().splitlines():
        row = json.loads(line)
        if (row["method"], row["path"], row["outcome"]) == ("POST", "/orders", "OK"):
            yield row["body"]["client_order_id"], datetime.fromisoformat(row["at"])

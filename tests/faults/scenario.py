"""One row from its first message to its verdict."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.identifiers import client_order_id, entry_intent_id
from tests.faults.bursts import Line
from tests.faults.crews import BUDGET, Crew
from tests.faults.doors import Door, Told
from tests.faults.records import Trial
from tests.faults.stage import Stage
from tests.faults.watch import Seen, Watch

WAIT_SECONDS = 100.0
"""How long to look for an end: the limit is `LIMIT_SECONDS`, but a late end is worth its number."""

LIMIT_SECONDS = 30.0
"""Within how long after the last restart every message has its end."""

ATTEMPTS = 4
Blow = Callable[[], float]
"""Strikes, notes what it struck, and returns the moment, in wall time, of the last restart it caused."""


@dataclass(frozen=True)
class Outcome:
    """How a row went; seconds count from the last restart to the ends that came after it.

    `calm_seconds` is when all orders had their end and every position its cover; None if that never came.
    """

    row: str
    after_restart: int
    p50_seconds: float
    max_seconds: float
    calm_seconds: float | None

    def complaints(self, limit_seconds: float = LIMIT_SECONDS) -> list[str]:
        """Say what came too late or never."""
        found = []
        if self.calm_seconds is None:
            found.append(f"row {self.row}: orders still move or a position lacks cover")
        if self.max_seconds > limit_seconds:
            found.append(f"row {self.row}: the last end came after {self.max_seconds} s")
        return found


def run(
    stage: Stage,
    row: str,
    lines: Sequence[Line],
    door: Door,
    blow: Blow | None = None,
    *,
    strike_at: float = 0.5,
) -> Outcome:
    """Post the lines, strike when this part of them is in, and wait until all is calm."""
    crew = stage.crews[row]
    striker = _Striker(blow, int(len(lines) * strike_at))
    with Watch(stage.house.open_database(), crew) as watch:
        told = door.take(stage.house, crew, lines, striker.progress)
        stage.note_trials(trials_of(crew, told))
        restarted_at = striker.wait()
        watch.wait(len(told), WAIT_SECONDS)
    outcome = _outcome(row, watch.seen, restarted_at)
    stage.figures.append(vars(outcome))
    stage.house.wait_until_ready()
    return outcome


def trials_of(crew: Crew, told: Sequence[Told]) -> list[Trial]:
    """Write down, for each message and follower, what may come of it."""
    found = []
    for message in told:
        until = message.posted_at + timedelta(seconds=crew.age_seconds)
        for member in crew.followers_of(message.channel_id):
            ids = entry_ids(member.bot_id, message.channel_id, message.message_id)
            found.append(
                Trial(
                    row=crew.row,
                    key=member.key,
                    channel_id=message.channel_id,
                    message_id=message.message_id,
                    posted_at=message.posted_at,
                    expires_at=until,
                    entry_ids=ids,
                    budget=BUDGET,
                )
            )
    return found


def entry_ids(bot_id: str, channel_id: str, message_id: str) -> tuple[str, ...]:
    """Return the client order ids that the entry of a message may bear for one bot."""
    intent = entry_intent_id(bot_id, "discord", channel_id, message_id, 0)
    return tuple(client_order_id(intent, attempt) for attempt in range(1, ATTEMPTS + 1))


def _outcome(row: str, seen: Seen, restarted_at: float) -> Outcome:
    late = [at - restarted_at for at in seen.ended_at.values() if at > restarted_at]
    return Outcome(
        row=row,
        after_restart=len(late),
        p50_seconds=round(statistics.median(late), 1) if late else 0.0,
        max_seconds=round(max(late, default=0.0), 1),
        calm_seconds=None if seen.calm_at is None else round(max(seen.calm_at - restarted_at, 0.0), 1),
    )


class _Striker:
    """Strikes from a thread of its own, so that the burst goes on while things are down."""

    def __init__(self, blow: Blow | None, at: int) -> None:
        self._blow = blow
        self._at = at
        self._thread: threading.Thread | None = None
        self._restarted_at = time.time()
        self._failure: BaseException | None = None

    def progress(self, place: int) -> None:
        """Strike once, when enough of the burst is in."""
        if self._blow is not None and self._thread is None and place >= self._at:
            self._thread = threading.Thread(target=self._strike, name="blow")
            self._thread.start()

    def wait(self) -> float:
        """Wait until everything that was ended has been started again; return when."""
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._restarted_at

    def _strike(self) -> None:
        assert self._blow is not None
        try:
            self._restarted_at = self._blow()
        except BaseException as error:  # noqa: BLE001 - raised again where the scenario waits for it
            self._failure = error

"""Rows in which what we stand on fails: processes, Redis, mongod, queues; each in the middle of a burst."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tests.faults import blows, bursts, queue_blows, server_blows
from tests.faults.doors import Discord, Door, Inbox
from tests.faults.scenario import Outcome, run
from tests.faults.stage import Stage

Strike = Callable[[Stage, str, int], float]

CRASH_POINTS = {
    "1": "before_claim",
    "2": "after_claim",
    "3": "after_send",
    "3b": "after_cover_intents",
    "4": "after_record",
}


@dataclass(frozen=True)
class BlowRow:
    """How a row strikes: how often in the short form and in the long one, through which door messages come,
    and how large the burst is.
    """

    strike: Strike
    short: int
    long: int
    door: Door
    burst: int = 60
    short_burst: int = 60
    strike_at: float = 0.5
    teams: Sequence[int] = (1, 1)
    settings: Mapping[str, str] = field(default_factory=dict)


def _freeze(stage: Stage, row: str, times: int) -> float:
    return blows.freeze_orders(stage, row, times)


def _die(stage: Stage, row: str, times: int, *, points: Sequence[str]) -> float:
    return blows.crash_points(stage, row, dict.fromkeys(points, times))


def _freeze_redis(stage: Stage, row: str, times: int) -> float:
    return server_blows.freeze_redis(stage, row, times)


def _fill_redis(stage: Stage, row: str, times: int) -> float:
    return server_blows.fill_redis(stage, row, times)


def _ring(stage: Stage, row: str, times: int) -> float:
    return queue_blows.ring_five_times(stage, row, times)


BURST, SHORT_BURST = 200, 100
ROWS: dict[str, BlowRow] = {
    "5": BlowRow(partial(_die, points=("before_unacked",)), 3, 50, Inbox(), strike_at=0),
    "6": BlowRow(blows.kill_children, 12, 60, Inbox()),
    "7": BlowRow(_freeze, 1, 12, Inbox(), burst=120, short_burst=120),
    "8": BlowRow(
        blows.kill_workers,
        1,
        20,
        Discord(),
        burst=BURST,
        short_burst=SHORT_BURST,
        teams=(3, 1, 1, 1),
        # Twenty times take minutes, in which nothing should grow too old to be traded.
        settings={"max_signal_age_seconds": "900"},
    ),
    "9": BlowRow(blows.roll_workers, 1, 6, Inbox(), burst=BURST, short_burst=SHORT_BURST),
    "27": BlowRow(
        server_blows.restart_redis, 1, 8, Inbox(), burst=BURST, short_burst=SHORT_BURST, teams=(3, 1, 1, 1)
    ),
    "28": BlowRow(
        server_blows.flush_redis, 2, 50, Discord(), burst=BURST, short_burst=SHORT_BURST, teams=(3, 1, 1, 1)
    ),
    "29": BlowRow(_freeze_redis, 8, 30, Discord()),
    "30": BlowRow(server_blows.cut_connections, 6, 60, Inbox()),
    "31": BlowRow(_fill_redis, 5, 15, Discord()),
    "32": BlowRow(
        server_blows.restart_mongod, 1, 8, Discord(), burst=BURST, short_burst=SHORT_BURST, teams=(3, 1, 1, 1)
    ),
    "34": BlowRow(server_blows.fill_disk, 1, 5, Discord()),
    "35": BlowRow(blows.kill_bot, 1, 10, Discord(), burst=BURST, short_burst=SHORT_BURST),
    "36": BlowRow(_ring, 4, 20, Inbox()),
    "37": BlowRow(blows.kill_beat, 1, 10, Inbox()),
    "43": BlowRow(queue_blows.poison_queues, 1, 1, Inbox()),
}
"""Everything that strikes from outside; `long` is seconds for rows 29, 31 and 36."""

DEATHS: dict[str, BlowRow] = {
    "1-4": BlowRow(partial(_die, points=tuple(CRASH_POINTS.values())), 5, 5, Inbox(), strike_at=0),
    **{
        row: BlowRow(partial(_die, points=(point,)), 20, 30, Inbox(), burst=120, strike_at=0)
        for row, point in CRASH_POINTS.items()
    },
}
"""Deaths at the crash points: together in the short form, in rounds of thirty at one point in the long one."""


def play(stage: Stage, row: str, *, long: bool = False, rounds: int = 1) -> list[Outcome]:
    """Strike in the middle of a burst, and wait until everything has come to rest."""
    plan = {**ROWS, **DEATHS}[row]
    times = plan.long if long else plan.short
    teams = len(stage.crews[row].providers)
    outcomes = []
    for number in range(rounds):
        size = plan.burst if long else plan.short_burst
        lines = bursts.compose(size, teams=teams, first=number * size)
        blow = partial(plan.strike, stage, row, times)
        outcomes.append(run(stage, row, lines, plan.door, blow, strike_at=plan.strike_at))
    return outcomes

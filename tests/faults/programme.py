"""What is played, in the short form of `make test` and in the long one of `make faults`: rows, people, sizes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tests.faults import limit_rows, server_rows, trade_rows, venue_rows
from tests.faults.rigs import BINANCE_SPOT, RIGS, row_at
from tests.faults.stage import Stage

SEED = 20261127

SHORT_WRITES = 6
LONG_WRITES = 100
"""Followers of a row in which the venue fails: each is struck once a round."""

SHORT_AT_VENUES, LONG_AT_VENUES = 4, 40
"""The same at each venue but Binance's spot market."""

RACES = 60
"""Followers where one signal is one race for each of them."""

Play = Callable[[Stage], list[str]]
"""Plays a row and returns what must not be, beside what the judge finds."""


@dataclass(frozen=True)
class Act:
    """One row, or several that are played together, and who takes part."""

    teams: Mapping[str, Sequence[int]]
    play: Play
    settings: Mapping[str, str] = field(default_factory=dict)


def _server_row(row: str, *, long: bool, rounds: int = 1) -> Act:
    plan = {**server_rows.ROWS, **server_rows.DEATHS}[row]

    def play(stage: Stage) -> list[str]:
        outcomes = server_rows.play(stage, row, long=long, rounds=rounds)
        return [problem for outcome in outcomes for problem in outcome.complaints()]

    return Act({row: plan.teams}, play, plan.settings)


def _writes(followers: int, rounds: int) -> Act:
    rows = _WRITE_ROWS

    def play(stage: Stage) -> list[str]:
        for number in range(rounds):
            venue_rows.play(stage, rows if not number else rows[:-1], number)
        return []

    return Act(dict.fromkeys(rows, (followers,)), play)


def at_venues(rows: Sequence[str]) -> list[str]:
    """Name rows as they are played at every venue but Binance's spot market, without what a venue cannot play."""
    rigs = [rig for rig in RIGS.values() if rig is not BINANCE_SPOT]
    return [row_at(row, rig) for rig in rigs for row in rows if row not in rig.not_offered]


_WRITE_ROWS = [*venue_rows.WRITES, venue_rows.REFUSED_ONCE]
_SHORT_TEAMS = {
    **dict.fromkeys(_WRITE_ROWS, (SHORT_WRITES,)),
    **dict.fromkeys(at_venues(_WRITE_ROWS), (SHORT_AT_VENUES,)),
}
LAST = "the venues' failed writes come to rest"
"""The act that ends what `begin_writes` began."""


def begin_writes(stage: Stage) -> None:
    """Strike writes at every venue, and wait until only doubts are left.

    While these last, two minutes where a venue takes no expiry, other acts are played.
    """
    venue_rows.begin(stage, list(_SHORT_TEAMS), 0)
    venue_rows.wait_for_doubts(stage, list(_SHORT_TEAMS))


def _end_writes(stage: Stage) -> list[str]:
    venue_rows.end(stage, list(_SHORT_TEAMS), 0)
    return []


def long_venues() -> dict[str, Act]:
    """The long form of the money rows at each venue."""
    writes = at_venues(_WRITE_ROWS)
    rounds = 2

    def fail_writes(stage: Stage) -> list[str]:
        for number in range(rounds):
            venue_rows.play(
                stage, writes if not number else [r for r in writes if not r.startswith("25")], number
            )
        return []

    acts = {"the venues fail writes": Act(dict.fromkeys(writes, (LONG_AT_VENUES,)), fail_writes)}
    plays: Mapping[str, Callable[[Stage, str], list[str]]] = {
        "16": lambda stage, row: trade_rows.play_duplicates(stage, row, 1),
        "22": lambda stage, row: trade_rows.play_partial(stage, row, 1),
        "19": lambda stage, row: limit_rows.play_ban(stage, row, 60),
        "20": lambda stage, row: limit_rows.play_skew(stage, row, (2.0, -30.0)),
    }
    for matrix_row, play in plays.items():
        for row in at_venues([matrix_row]):
            acts[row] = Act({row: (LONG_AT_VENUES,)}, partial(play, row=row))
    return acts


def short() -> dict[str, Act]:
    """The acts of `make test`: every kind of blow once, in one house, within some minutes."""
    return {
        "duplicate": Act({"16": (2,)}, lambda stage: trade_rows.play_duplicates(stage, "16", 1)),
        "partial": Act({"22": (4,)}, lambda stage: trade_rows.play_partial(stage, "22", 1)),
        "429": Act({"18": (4,)}, lambda stage: limit_rows.play_retry_after(stage, "18", 1)),
        "clock": Act({"20": (4,)}, lambda stage: limit_rows.play_skew(stage, "20", (30.0,))),
        "halt": Act({"49": (40,)}, lambda stage: trade_rows.play_halts(stage, "49", 2)),
        LAST: Act(_SHORT_TEAMS, _end_writes),
        **{row: _server_row(row, long=False) for row in ("1-4", "6", "7", "8", "27", "28", "32", "36", "43")},
    }


def long_writes() -> dict[str, Act]:
    """The long form of what the venue does: ten thousand faults of single requests."""
    return {
        "the venue fails writes": _writes(LONG_WRITES, 6),
        "duplicate": Act({"16": (RACES,)}, lambda stage: trade_rows.play_duplicates(stage, "16", 1)),
        "partial": Act({"22": (RACES,)}, lambda stage: trade_rows.play_partial(stage, "22", 1)),
        "429": Act({"18": (RACES,)}, lambda stage: limit_rows.play_retry_after(stage, "18", 1)),
        "ban": Act({"19": (RACES,)}, lambda stage: limit_rows.play_ban(stage, "19", 120)),
        "clock": Act(
            {"20": (RACES,)}, lambda stage: limit_rows.play_skew(stage, "20", (2.0, -2.0, 30.0, -30.0))
        ),
        "halt": Act({"49": (250,)}, lambda stage: trade_rows.play_halts(stage, "49", 20)),
    }


def long_processes() -> list[dict[str, Act]]:
    """The long form of what is done to processes and servers: some rows a house, so that none carries all."""
    deaths = {row: _server_row(row, long=True, rounds=5) for row in server_rows.CRASH_POINTS}
    rows = [row for row in server_rows.ROWS if row not in {"29"}]
    others = {row: _server_row(row, long=True) for row in rows}
    half = len(others) // 2
    return [deaths, dict(list(others.items())[:half]), dict(list(others.items())[half:])]

"""Rows in which the venue fails: one provider a row, half of its followers struck at the entry, half at the cover.

All rows' signals go out together, so that the minutes in which outcomes stay unknown are spent once for all.
"""

import time
from collections.abc import Mapping, Sequence

from tests.emulators.discord.snowflakes import snowflake_time
from tests.faults import bursts
from tests.faults.doors import Told
from tests.faults.rigs import BINANCE_SPOT, Rule
from tests.faults.scenario import trials_of
from tests.faults.stage import Stage
from tests.faults.watch import calm_together
from tests.waiting import wait_until

_SECONDS = 260.0
_DOUBTS_SECONDS = 90.0
_LONGER_THAN_WE_WAIT = 10.0

WRITES: Mapping[str, Sequence[Rule]] = {
    "10": ({"kind": "accept_then_500"}, {"kind": "accept_then_504"}),
    "11": ({"kind": "accept_then_hang", "seconds": _LONGER_THAN_WE_WAIT},),
    "12": ({"kind": "hang_before", "seconds": _LONGER_THAN_WE_WAIT}, {"kind": "drop_before"}),
    "13": (
        {"kind": "late_accept", "seconds": 1, "answer": "drop"},
        {"kind": "late_accept", "seconds": 2, "answer": "504"},
        {"kind": "late_accept", "seconds": 4, "answer": "drop"},
    ),
    "14": (
        {"kind": "lookup_lag", "seconds": 3},
        {"kind": "lookup_lag", "seconds": 10},
    ),
    "15": ({"kind": "accept_then_drop"},),
    "17": ({"kind": "accept_then_drop"}, {"kind": "fill_before_ack"}),
    "23": ({"kind": "fill_before_ack", "seconds": 0.3}, {"kind": "accept_then_504"}),
    "24": ({"kind": "garbage"}, {"kind": "truncated"}, {"kind": "cut_off"}, {"kind": "garbage_before"}),
}
"""What strikes a write; each kind strikes a share of the followers."""

WRITE, LOOK, FILLS = "write", "look", "fills"
BESIDE: Mapping[str, Sequence[tuple[Rule, str]]] = {
    "14": (({"kind": "accept_then_drop"}, WRITE),),
    "15": (({"kind": "lookup_down", "times_each": 10}, LOOK),),
    "23": (
        ({"kind": "double_fills"}, FILLS),
        ({"kind": "shuffle_fills"}, FILLS),
    ),
}
"""What strikes beside it, at the same followers: another fault of the same write, or of the questions after it."""

REFUSED_ONCE = "25"


def play(stage: Stage, rows: Sequence[str], number: int) -> None:
    """Arm every row, say one signal in each, and wait until all have come to rest."""
    begin(stage, rows, number)
    end(stage, rows, number)


def begin(stage: Stage, rows: Sequence[str], number: int) -> None:
    """Arm every row and say one signal in each; the doubts that follow are waited for by `end`."""
    _split_executions(stage, rows, 1 + number % 3)
    for row in rows:
        _arm(stage, row)
    for row in rows:
        _say(stage, row, number)


def wait_for_doubts(stage: Stage, rows: Sequence[str]) -> None:
    """Wait until every order of these rows is accepted, ended, or one of which nobody knows."""
    crews = [stage.crews[row] for row in rows]
    accounts = [account for crew in crews for account in crew.account_ids]
    messages = [channel for crew in crews for channel in crew.channel_ids]
    database = stage.house.open_database()
    wait_until(
        lambda: (
            database["messages"].count_documents({"channel_id": {"$in": messages}, "status": "done"})
            >= len(rows)
            and not database["orders"].count_documents(
                {"account_id": {"$in": accounts}, "status": {"$in": ["INITIALIZED", "SUBMITTED"]}}
            )
        ),
        "only doubts are left at the venues",
        seconds=_DOUBTS_SECONDS,
    )


def end(stage: Stage, rows: Sequence[str], number: int) -> None:
    """Wait until all rows have come to rest, and let their venues go well again."""
    try:
        began = time.monotonic()
        calm = calm_together(stage.house.open_database(), [stage.crews[row] for row in rows], _SECONDS)
        stage.figures.append({"round": number, "calm_seconds": round(time.monotonic() - began, 1)})
        assert calm, f"round {number} of the venue's faults: something still moves after {_SECONDS:g} s"
    finally:
        for row in rows:
            stage.venue_of(row).clear_faults()
        _split_executions(stage, rows, 1)


def _split_executions(stage: Stage, rows: Sequence[str], parts: int) -> None:
    """Let each execution come in so many fills, where the emulator does that."""
    for row in rows:
        if stage.crews[row].rig.limits:
            stage.venue_of(row).settings(fills_per_execution=parts)


def _say(stage: Stage, row: str, number: int) -> None:
    crew = stage.crews[row]
    place = number_of(row) * 5 % 200 + number
    [provider] = crew.providers
    words = bursts.signal(place) if crew.rig is BINANCE_SPOT else crew.rig.say(place)
    message_id = stage.house.post(provider, words)["id"]
    stage.note_trials(trials_of(crew, [Told(provider.channel_id, message_id, snowflake_time(message_id))]))


def _arm(stage: Stage, row: str) -> None:
    rig, keys = stage.crews[row].rig, sorted(stage.crews[row].keys)
    matrix_row = row.partition(" ")[0]
    if matrix_row == REFUSED_ONCE:
        _add(stage, row, {"kind": "unauthorized"}, rig.entry, keys)
        return
    half = len(keys) // 2 if rig.rests else len(keys)
    for where, struck in ((rig.entry, keys[:half]), (rig.cover, keys[half:])):
        kinds = WRITES[matrix_row]
        for place, rule in enumerate(kinds):
            share = struck[place :: len(kinds)]
            if share:
                _add(stage, row, rule, where, share)
        places = {WRITE: where, LOOK: rig.look, FILLS: {"method": "GET", "path": rig.fills}}
        for rule, place_of_rule in BESIDE.get(matrix_row, ()) if struck else ():
            _add(stage, row, rule, places[place_of_rule], struck)


def _add(stage: Stage, row: str, rule: Rule, where: Rule, keys: Sequence[str]) -> None:
    stage.venue_of(row).add_fault(**{"times_each": 1, **where, **rule}, keys=list(keys))


def number_of(row: str) -> int:
    """Return a row's number in the matrix, wherever it is played."""
    return int(row.partition(" ")[0])

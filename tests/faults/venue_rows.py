"""Rows in which the venue fails: one provider a row, half of its followers struck at the entry, half at the cover.

All rows' signals go out together, so that the minutes in which outcomes stay unknown are spent once for all.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.emulators.discord.snowflakes import snowflake_time
from tests.faults import bursts
from tests.faults.doors import Told
from tests.faults.scenario import trials_of
from tests.faults.stage import Stage
from tests.faults.watch import calm_together

Rule = Mapping[str, Any]
ENTRY: Rule = {"method": "POST", "params": {"side": "BUY"}}
COVER: Rule = {"method": "POST", "params": {"side": "SELL"}}
LOOK: Rule = {"method": "GET", "path": "/api/v3/*"}
_SECONDS = 150.0
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

BESIDE: Mapping[str, Sequence[tuple[Rule, Rule]]] = {
    "14": (({"kind": "accept_then_drop"}, {}),),
    "15": (({"kind": "lookup_down", "times_each": 10}, LOOK),),
    "23": (
        ({"kind": "double_fills"}, LOOK),
        ({"kind": "shuffle_fills"}, LOOK),
    ),
}
"""What strikes beside it, at the same followers: another fault of the same write, or of the questions after it."""

REFUSED_ONCE = "25"


def play(stage: Stage, rows: Sequence[str], number: int) -> None:
    """Arm every row, say one signal in each, and wait until all have come to rest."""
    venue = stage.house.binance
    venue.settings(fills_per_execution=1 + number % 3)
    for row in rows:
        _arm(stage, row)
    try:
        for row in rows:
            _say(stage, row, number)
        began = time.monotonic()
        calm = calm_together(stage.house.open_database(), [stage.crews[row] for row in rows], _SECONDS)
        stage.figures.append({"round": number, "calm_seconds": round(time.monotonic() - began, 1)})
        assert calm, f"round {number} of the venue's faults: something still moves after {_SECONDS:g} s"
    finally:
        venue.clear_faults()
        venue.settings(fills_per_execution=1)


def _say(stage: Stage, row: str, number: int) -> None:
    crew = stage.crews[row]
    place = int(row) * 5 % 200 + number
    [provider] = crew.providers
    message_id = stage.house.post(provider, bursts.signal(place))["id"]
    stage.note_trials(trials_of(crew, [Told(provider.channel_id, message_id, snowflake_time(message_id))]))


def _arm(stage: Stage, row: str) -> None:
    keys = sorted(stage.crews[row].keys)
    if row == REFUSED_ONCE:
        stage.house.binance.add_fault("unauthorized", **ENTRY, keys=keys, times_each=1)
        return
    half = len(keys) // 2
    for where, struck in ((ENTRY, keys[:half]), (COVER, keys[half:])):
        kinds = WRITES[row]
        for place, rule in enumerate(kinds):
            share = struck[place :: len(kinds)]
            if share:
                _add(stage, rule, where, share)
        for rule, place_of_rule in BESIDE.get(row, ()):
            _add(stage, rule, place_of_rule or where, struck)


def _add(stage: Stage, rule: Rule, where: Rule, keys: Sequence[str]) -> None:
    stage.house.binance.add_fault(**{"times_each": 1, **where, **rule}, keys=list(keys))

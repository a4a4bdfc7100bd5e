"""Rows about a venue that says wait, about clocks, and about a venue that hangs: each is played alone, since what it
does to one account it does to the whole address.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.emulators.discord.snowflakes import snowflake_time
from tests.faults import bursts
from tests.faults.crews import Crew
from tests.faults.doors import Told
from tests.faults.records import Row
from tests.faults.rigs import BINANCE_SPOT
from tests.faults.scenario import trials_of
from tests.faults.stage import Stage
from tests.faults.watch import calm_together

RETRY_AFTER_SECONDS = 7
_NOT_IN_TIME = frozenset({"-1021", "400002"})
"""How the venues refuse what bears another time than theirs."""
_IN_FLIGHT = timedelta(seconds=1.0)
"""What had left before the refusal came back is no breach."""


def say(stage: Stage, row: str, number: int, *, seconds: float, content: str = "") -> None:
    """Say one signal to a row's people and wait until all have come to rest."""
    crew = stage.crews[row]
    [provider] = crew.providers
    message_id = stage.house.post(provider, content or _signal(crew, number))["id"]
    stage.note_trials(trials_of(crew, [Told(provider.channel_id, message_id, snowflake_time(message_id))]))
    began = time.monotonic()
    calm = calm_together(stage.house.open_database(), [crew], seconds)
    stage.figures.append({"row": row, "round": number, "calm_seconds": round(time.monotonic() - began, 1)})
    assert calm, f"row {row}: something still moves after {seconds:g} s"


def _signal(crew: Crew, number: int) -> str:
    return bursts.signal(number) if crew.rig is BINANCE_SPOT else crew.rig.say(number)


def play_retry_after(stage: Stage, row: str, rounds: int) -> list[str]:
    """Refuse each follower's entry once with 429; nothing may come before its Retry-After is over."""
    problems = []
    for number in range(rounds):
        rule = {"seconds": RETRY_AFTER_SECONDS, "times_each": 1, "keys": sorted(stage.crews[row].keys)}
        stage.venue_of(row).add_fault("rate_limit", **stage.crews[row].rig.entry, **rule)
        try:
            say(stage, row, number, seconds=150)
        finally:
            stage.venue_of(row).clear_faults()
        problems += _early(stage, row, "rate_limit", RETRY_AFTER_SECONDS)
    return problems


def play_ban(stage: Stage, row: str, seconds: int) -> list[str]:
    """Ban the address at the first entry: nothing may come until it is over, and what is stale by then is told so."""
    rule = {"seconds": seconds, "times": 1, "keys": sorted(stage.crews[row].keys)}
    stage.venue_of(row).add_fault("ban", **stage.crews[row].rig.entry, **rule)
    try:
        say(stage, row, 1, seconds=seconds + 90)
    finally:
        stage.venue_of(row).clear_faults()
        stage.venue_of(row).lift_bans()
    return _early(stage, row, "ban", seconds)


def _early(stage: Stage, row: str, kind: str, seconds: float) -> list[str]:
    """Say what reached the venue from the moment at which it told us to wait until that time was over.

    A pot is closed for everybody, so requests of all rows count; what was on its way already does not.
    """
    keys = stage.crews[row].keys
    lines = [line for line in stage.lines_of(row) if line["method"] != "CONTROL"]
    told = [
        datetime.fromisoformat(line["at"])
        for line in lines
        if line["key"] in keys and any(fault["kind"] == kind for fault in line.get("faults", ()))
    ]
    early: list[Row] = []
    for line in lines:
        at = datetime.fromisoformat(line["at"])
        if any(begin + _IN_FLIGHT < at < begin + timedelta(seconds=seconds - 0.2) for begin in told):
            early.append(line)
    return (
        [f"{kind}: {len(early)} requests before the time was over, the first at {early[0]['at']}"]
        if early
        else []
    )


def play_skew(stage: Stage, row: str, skews: Sequence[float]) -> list[str]:
    """Let the venue's clock stand apart from ours: refused once for it, then set right and accepted."""
    problems = []
    for number, skew in enumerate(skews):
        stage.venue_of(row).settings(clock_skew_seconds=skew)
        stage.note(row, f"clock {skew:+g} s")
        try:
            say(stage, row, number, seconds=60)
        finally:
            stage.venue_of(row).settings(clock_skew_seconds=0)
    refused: dict[str, int] = {}
    for line in stage.lines_of(row):
        if line["key"] in stage.crews[row].keys and line.get("outcome") in _NOT_IN_TIME:
            for order_id in line.get("client_order_ids", ()):
                refused[order_id] = refused.get(order_id, 0) + 1
    most = max(refused.values(), default=0)
    stage.figures.append({"row": row, "refused_for_the_clock": sum(refused.values()), "most_per_order": most})
    if most > 2:
        problems.append(f"an order was refused {most} times for its time")
    return problems

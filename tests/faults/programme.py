"""What is played: each scenario by name, with its people, its blow and what it checks beside the common rules."""

from collections.abc import Callable, Sequence

from tests.faults import blows, bursts, checks, scenario, venue_faults
from tests.faults.doors import Discord, Door, Inbox
from tests.faults.scenario import Outcome
from tests.faults.stage import Stage

SMALL = 60
"""Messages in the bursts of those scenarios that are not about load."""

KILLS: dict[str, tuple[blows.Blow, Door]] = {
    "workers": (blows.kill_workers, Discord()),
    "redis restart": (blows.restart_redis, Inbox()),
    "redis flush": (blows.flush_redis, Discord()),
    "mongod restart": (blows.restart_mongod, Discord()),
    "beat": (blows.kill_beat, Inbox()),
    "bot": (blows.kill_bot, Discord()),
}


def play_kill(stage: Stage, name: str, kill: str) -> Outcome:
    """Strike in the middle of 200 messages."""
    blow, door = KILLS[kill]
    crew = stage.crews[name]
    lines = bursts.compose(teams=len(crew.providers))
    return stage.keep(scenario.run(stage.house, crew, name, lines, door, blow))


def play_crash_points(stage: Stage, name: str, deaths: dict[str, int]) -> Outcome:
    """Let worker processes die at named points; the clock starts at the last death."""
    crew = stage.crews[name]
    lines = bursts.compose(SMALL, teams=len(crew.providers))
    strike = blows.crash_points(stage.failpoints, deaths)
    # From the first message on: what has passed already cannot die.
    return stage.keep(scenario.run(stage.house, crew, name, lines, Inbox(), strike, strike_at=0))


def play_venue_faults(stage: Stage, name: str) -> Outcome:
    """Let the venue fail each follower in another way."""
    crew, venue = stage.crews[name], stage.house.venue
    assert venue is not None
    rules = dict(zip(sorted(crew.keys), venue_faults.RULES, strict=True))
    for key, rule in rules.items():
        venue.add_fault(method="POST", path="/orders", key=key, **rule)
    try:
        lines = bursts.compose(SMALL * 2, teams=len(crew.providers))
        outcome = scenario.run(stage.house, crew, name, lines, Inbox())
    finally:
        venue.clear_faults()
    return stage.keep(outcome.with_problems(venue_faults.check(outcome.log, rules)))


def play_frozen_orders(stage: Stage, name: str) -> Outcome:
    """Freeze the senders of entries for 6 s: what they had claimed may not leave when they thaw."""
    crew = stage.crews[name]
    lines = bursts.compose(SMALL * 2, teams=len(crew.providers))
    outcome = scenario.run(stage.house, crew, name, lines, Inbox(), blows.freeze_orders)
    stale = checks.stale_sends(outcome.log, stage.house.open_database(), crew)
    return stage.keep(outcome.with_problems(stale))


def play_bells_times_five(stage: Stage, name: str) -> Outcome:
    """Ring every bell of a burst five times at once."""
    crew = stage.crews[name]
    lines = bursts.compose(SMALL, teams=len(crew.providers))
    outcome = scenario.run(stage.house, crew, name, lines, Inbox(), blows.ring_five_times(crew))
    return stage.keep(outcome)


def play_poison(stage: Stage, name: str) -> Outcome:
    """Put into the queues what is no task, what is no JSON, and a task that nobody knows."""
    crew = stage.crews[name]
    lines = bursts.compose(SMALL, teams=len(crew.providers))
    return stage.keep(scenario.run(stage.house, crew, name, lines, Inbox(), blows.poison_queues))


OTHERS: dict[str, tuple[Sequence[int], Callable[[Stage, str], Outcome]]] = {
    "crash points": (
        (1, 1),
        lambda stage, name: play_crash_points(stage, name, dict.fromkeys(blows.CRASH_POINTS, 6)),
    ),
    "venue faults": ((1,) * len(venue_faults.RULES), play_venue_faults),
    "frozen orders": ((1, 1), play_frozen_orders),
    "bells times five": ((1, 1), play_bells_times_five),
    "poison": ((1, 1), play_poison),
}

CREWS: dict[str, Sequence[int]] = {
    **dict.fromkeys(KILLS, (3, 1, 1, 1)),
    **{name: teams for name, (teams, _) in OTHERS.items()},
    "duplicate id": (1,),
}

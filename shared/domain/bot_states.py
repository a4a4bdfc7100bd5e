"""A trading bot's life as data: which state may follow which. A stopped bot never starts again."""

from shared.domain.bots import BotState

TRANSITIONS: dict[BotState, frozenset[BotState]] = {
    BotState.ACTIVE: frozenset({BotState.PAUSED, BotState.STOPPED}),
    BotState.PAUSED: frozenset({BotState.ACTIVE, BotState.STOPPED}),
    BotState.STOPPED: frozenset(),
}


def may_become(state: BotState, following: BotState) -> bool:
    """Tell whether a bot in `state` may be put into `following`."""
    return following in TRANSITIONS[state]


def states_before(following: BotState) -> frozenset[BotState]:
    """Return the states from which a bot may be put into `following`."""
    return frozenset(state for state in BotState if may_become(state, following))

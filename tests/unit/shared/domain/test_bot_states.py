"""A bot's life: paused and started as often as its owner likes, stopped once."""

from shared.domain.bot_states import TRANSITIONS, may_become, states_before
from shared.domain.bots import BotState

ACTIVE, PAUSED, STOPPED = BotState.ACTIVE, BotState.PAUSED, BotState.STOPPED


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(BotState)


def test_a_bot_is_paused_started_and_stopped() -> None:
    assert may_become(ACTIVE, PAUSED)
    assert may_become(PAUSED, ACTIVE)
    assert may_become(ACTIVE, STOPPED)
    assert may_become(PAUSED, STOPPED)


def test_a_stopped_bot_never_starts_again() -> None:
    assert not [state for state in BotState if may_become(STOPPED, state)]


def test_no_state_follows_itself() -> None:
    assert not [state for state in BotState if may_become(state, state)]


def test_the_states_before_are_the_table_read_backwards() -> None:
    assert states_before(ACTIVE) == {PAUSED}
    assert states_before(PAUSED) == {ACTIVE}
    assert states_before(STOPPED) == {ACTIVE, PAUSED}

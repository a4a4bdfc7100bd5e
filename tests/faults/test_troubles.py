"""Deaths between two writes, a venue that fails, frozen senders, bells rung five times, poison in the queues."""

import pytest

from tests.faults.programme import OTHERS
from tests.faults.stage import Stage


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_is_doubled_lost_or_naked(stage: Stage, name: str) -> None:
    _, play = OTHERS[name]
    play(stage, name).check()

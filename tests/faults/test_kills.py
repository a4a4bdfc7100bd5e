"""Kill a part in the middle of 200 messages: every one has its end soon, nothing is doubled, lost or naked."""

import pytest

from tests.faults.programme import KILLS, play_kill
from tests.faults.stage import Stage


@pytest.mark.parametrize("name", KILLS)
def test_every_message_has_its_end_and_the_venue_saw_each_order_once(stage: Stage, name: str) -> None:
    play_kill(stage, name, name).check()

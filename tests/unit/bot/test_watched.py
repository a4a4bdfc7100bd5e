"""A message is recorded under the channel by which its provider is found."""

import pytest
from pymongo.errors import AutoReconnect

from bot.outage import Outage
from bot.watched import WatchedChannels


def _watched(*answers: "frozenset[str] | Exception") -> WatchedChannels:
    left = list(answers)

    def read() -> frozenset[str]:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return WatchedChannels(read, Outage(lambda: None))


@pytest.mark.parametrize(
    ("watched", "home"),
    [({"1"}, "1"), ({"2"}, "2"), ({"1", "2"}, "2"), ({"3"}, None), (set(), None)],
    ids=["parent", "thread", "both", "another", "none"],
)
async def test_a_thread_goes_under_itself_if_listed_else_under_its_parent(
    watched: set[str], home: str | None
) -> None:
    channels = _watched(frozenset(watched))
    await channels.refresh()
    assert channels.home_of(2, 1) == home


async def test_what_is_known_stays_while_the_database_is_away() -> None:
    channels = _watched(frozenset({"1"}), AutoReconnect("away"))
    await channels.refresh()
    await channels.refresh()
    assert channels.home_of(1, None) == "1"

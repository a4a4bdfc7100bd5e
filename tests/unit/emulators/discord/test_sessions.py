"""What a gateway session keeps for a client that comes back, and what it may see."""

from typing import Any

import pytest

from tests.emulators.discord import sessions
from tests.emulators.discord.log import Changes
from tests.emulators.discord.sessions import Session, SessionHub, without_content

_BOT = "900000000000000001"


def test_the_events_after_a_sequence_number_are_those_not_yet_received() -> None:
    session = Session(sessions.INTENT_GUILD_MESSAGES, (0, 1))
    for number in range(5):
        session.push("MESSAGE_CREATE", {"number": number})
    missed = session.missed_since(3)
    assert missed is not None
    assert [(frame["s"], frame["d"]["number"]) for frame in missed] == [(4, 3), (5, 4)]
    assert session.missed_since(5) == []


def test_a_session_that_can_no_longer_tell_everything_missed_tells_nothing() -> None:
    session = Session(sessions.INTENT_GUILD_MESSAGES, (0, 1))
    for number in range(sessions.KEPT_EVENTS + 2):
        session.push("MESSAGE_CREATE", {"number": number})
    assert session.missed_since(1) is None
    assert session.missed_since(2) is not None


def test_each_guild_belongs_to_one_shard_and_direct_messages_to_the_first() -> None:
    shards = [Session(0, (shard_id, 4)) for shard_id in range(4)]
    guild_id = str(7 << 22)
    assert [shard.sees(guild_id) for shard in shards] == [False, False, False, True]
    assert [shard.sees(None) for shard in shards] == [True, False, False, False]


def test_an_event_goes_only_to_sessions_with_its_intent() -> None:
    hub = SessionHub(Changes())
    with_messages, without = (
        hub.open(sessions.INTENT_GUILD_MESSAGES, (0, 1)),
        hub.open(sessions.INTENT_GUILDS, (0, 1)),
    )
    hub.publish(
        "MESSAGE_DELETE", {"id": "1"}, guild_id="1", intent=sessions.INTENT_GUILD_MESSAGES, bot_id=_BOT
    )
    assert (with_messages.seq, without.seq) == (1, 0)


def test_content_is_taken_out_of_quotes_and_forwards_too() -> None:
    quoted = _message("the parent")
    message = _message("the reply") | {
        "referenced_message": quoted,
        "message_snapshots": [
            {"message": {"content": "forwarded", "embeds": [{}], "attachments": [], "flags": 0}}
        ],
    }
    seen = without_content(message, _BOT, in_guild=True)
    assert seen["content"] == seen["referenced_message"]["content"] == ""
    assert seen["message_snapshots"][0]["message"]["content"] == ""
    assert seen["embeds"] == []
    assert message["content"] == "the reply"


@pytest.mark.parametrize(
    ("message", "in_guild"),
    [
        ({"author": {"id": _BOT}}, True),
        ({"mentions": [{"id": _BOT}]}, True),
        ({}, False),
    ],
)
def test_own_messages_mentions_and_direct_messages_stay_whole(
    message: dict[str, Any], in_guild: bool
) -> None:
    whole = _message("text") | message
    assert without_content(whole, _BOT, in_guild=in_guild)["content"] == "text"


def _message(content: str) -> dict[str, Any]:
    author = {"id": "900000000000000002"}
    return {
        "content": content,
        "author": author,
        "mentions": [],
        "embeds": [{"title": "x"}],
        "attachments": [],
    }

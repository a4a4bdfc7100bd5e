"""What people post in a watched channel is in the inbox once, as Discord told it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.service import BotService
from tests.emulators.discord import DiscordControl
from tests.integration.bot.conftest import (
    Place,
    RunBot,
    bells,
    rows,
    settle,
    wait_for,
    wait_for_rows,
    watch,
)

DELETED = 2**53 - 1


async def test_a_message_is_recorded_once_with_its_author_time_and_text_and_its_bell_is_rung(
    bot: BotService, control: DiscordControl, place: Place, redis_url: str
) -> None:
    posted = control.post_message(place.channel, "BTC long 64200, stop 63100", user_id=place.trader)
    (row,) = await wait_for_rows(1)
    said = {
        name: row[name] for name in ("source", "guild_id", "channel_id", "message_id", "event", "revision")
    }
    assert said == {
        "source": "discord",
        "guild_id": place.guild,
        "channel_id": place.channel,
        "message_id": posted["id"],
        "event": "create",
        "revision": 0,
    }
    assert (row["author_id"], row["author_name"], row["is_webhook"]) == (place.trader, "trader", False)
    assert row["content"] == "BTC long 64200, stop 63100"
    assert (row["reply_to"], row["edited_at"]) == (None, None)
    milliseconds = (int(posted["id"]) >> 22) + 1420070400000
    assert row["posted_at"].replace(tzinfo=UTC) == datetime.fromtimestamp(milliseconds / 1000, UTC)
    await wait_for(lambda: bells(redis_url) == 1, "one bell")


async def test_a_webhook_is_named_by_its_id_whatever_name_it_took_and_its_embeds_are_kept(
    bot: BotService, control: DiscordControl, place: Place
) -> None:
    embed = {"title": "ETH/USDT", "description": "short", "fields": [{"name": "Entry", "value": "3100"}]}
    control.post_message(place.channel, webhook_id=place.webhook, username="trader", embeds=[embed])
    (row,) = await wait_for_rows(1)
    assert (row["author_id"], row["author_name"], row["is_webhook"]) == (place.webhook, "trader", True)
    assert row["content"] == ""
    assert row["embeds"] == [embed]


async def test_a_reply_names_its_parent_but_a_crosspost_and_a_forward_answer_nothing(
    bot: BotService, control: DiscordControl, place: Place
) -> None:
    parent = control.post_message(place.channel, "SOL long 140", user_id=place.trader)
    reply = control.post_message(place.channel, "close half", user_id=place.trader, reply_to=parent["id"])
    source = {
        "guild_id": "100000000000000001",
        "channel_id": "100000000000000002",
        "message_id": parent["id"],
    }
    crosspost = control.post_message(
        place.channel, "GOLD buy 2400", webhook_id=place.webhook, crosspost_of=source
    )
    forward = control.post_message(place.channel, user_id=place.trader, forward_of=parent["id"])
    found = {row["message_id"]: row for row in await wait_for_rows(4)}
    assert found[reply["id"]]["reply_to"] == parent["id"]
    assert found[crosspost["id"]]["reply_to"] is None
    assert found[crosspost["id"]]["author_id"] == place.webhook
    # Somebody else's words are not put into the mouth of the one who forwards them.
    assert found[forward["id"]]["reply_to"] is None
    assert (found[forward["id"]]["content"], found[forward["id"]]["author_id"]) == ("", place.trader)


async def test_a_thread_belongs_to_its_parent_unless_a_provider_lists_it(
    control: DiscordControl, place: Place, run_bot: RunBot
) -> None:
    own = control.create_thread(place.channel, "premium")["id"]
    watch(place, own)
    async with run_bot():
        ordinary = control.create_thread(place.channel, "BTC")["id"]
        elsewhere = control.create_thread(place.lounge, "chat")["id"]
        for thread in (ordinary, own, elsewhere):
            posted = control.post_message(thread, f"in {thread}", user_id=place.trader)
            if thread == ordinary:
                control.edit_message(posted["id"], "edited")
                control.delete_messages([posted["id"]])
        found = await wait_for_rows(4)
    assert [(row["content"], row["channel_id"]) for row in found] == [
        (f"in {ordinary}", place.channel),
        ("edited", place.channel),
        ("", place.channel),
        (f"in {own}", own),
    ]


async def test_an_edit_is_a_revision_of_its_own_and_a_link_preview_is_none(
    bot: BotService, control: DiscordControl, place: Place
) -> None:
    edited_at = datetime.now(UTC).replace(microsecond=123000) + timedelta(seconds=30)
    posted = control.post_message(place.channel, "BTC long https://example.com/c", user_id=place.trader)
    control.unfurl(posted["id"], [{"url": "https://example.com/c", "title": "A chart"}])
    control.edit_message(posted["id"], "BTC long 64000", edited_at=edited_at)
    control.unfurl(posted["id"], [{"url": "https://example.com/d", "title": "Another"}])
    await settle(control, place)
    original, edit = rows()
    assert (original["revision"], original["embeds"]) == (0, [])
    assert (edit["event"], edit["content"]) == ("edit", "BTC long 64000")
    assert edit["revision"] == round(edited_at.timestamp() * 1000)
    assert edit["posted_at"] == original["posted_at"]


async def test_deletes_are_recorded_one_by_one_also_of_messages_older_than_the_bot(
    control: DiscordControl, place: Place, run_bot: RunBot
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=2)
    old = control.post_message(place.channel, "an old one", user_id=place.trader, posted_at=long_ago)
    async with run_bot():
        ids = [control.post_message(place.channel, f"n {n}", user_id=place.trader)["id"] for n in range(3)]
        control.delete_messages([old["id"]])
        control.delete_messages(ids[1:])
        control.delete_messages(ids[:1])
        deleted = await wait_for_rows(4, event="delete")
    assert [row["message_id"] for row in deleted] == [old["id"], *ids]
    assert {row["revision"] for row in deleted} == {DELETED}
    assert len(rows(event="create")) == 3


async def test_other_channels_the_bot_itself_and_system_messages_are_not_recorded(
    bot: BotService, control: DiscordControl, place: Place, settings: object
) -> None:
    described = control.describe()
    control.post_message(place.lounge, "BTC long", user_id=place.trader)
    control.post_message(place.channel, "Order placed", user_id=described["bot"]["id"])
    direct = control.open_dm(place.trader)["id"]
    control.post_message(direct, "BTC long", user_id=place.trader)
    await settle(control, place)
    assert rows() == []


async def test_a_message_delivered_again_ends_in_the_inbox(
    bot: BotService, control: DiscordControl, place: Place, redis_url: str
) -> None:
    posted = control.post_message(place.channel, "BTC long", user_id=place.trader)
    for _ in range(3):
        control.redeliver(posted["id"])
    await settle(control, place)
    assert len(rows()) == 1
    assert bells(redis_url) == 2  # the message and the one that ended the wait


@pytest.mark.parametrize(
    "content",
    [
        "BTC\x00 long 64000",
        "\u202eBTC long\u202c مرحبا שלום 64000",
        "B\u200bT\u200dC\ufeff lo\u2060ng",
        "🚀" * 2000 + "x" * 2000,
        "line\u2028separator\x85and\ttabs\r\n",
    ],
    ids=["NUL", "right to left", "zero width", "4,000 characters", "odd line ends"],
)
async def test_odd_text_is_kept_to_the_letter(
    bot: BotService, control: DiscordControl, place: Place, content: str
) -> None:
    control.post_message(place.channel, content, user_id=place.trader)
    (row,) = await wait_for_rows(1)
    assert row["content"] == content

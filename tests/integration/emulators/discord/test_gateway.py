"""What the unmodified discord.py client sees of the emulated Discord over the gateway."""

import asyncio
from datetime import UTC, datetime, timedelta

import discord
import pytest

from tests.emulators.discord import DiscordControl, DiscordEmulator
from tests.integration.emulators.discord.conftest import Connect, Place
from tests.integration.emulators.discord.recording_client import RecordingClient


async def test_client_logs_in_and_finds_the_guild_with_its_channel_and_itself(
    connect: Connect, emulator: DiscordEmulator, control: DiscordControl, place: Place
) -> None:
    thread = control.create_thread(place.channel, "swing trades")
    client = await connect(RecordingClient())
    guild = client.get_guild(int(place.guild))
    assert guild is not None
    assert guild.name == "Alpha Signals"
    assert guild.get_channel(int(place.channel)) is not None
    assert guild.get_thread(int(thread["id"])) is not None
    assert guild.me.id == client.application_id
    assert guild.me.guild_permissions.read_message_history
    assert client.application is not None
    assert client.application.flags.gateway_message_content_limited


async def test_message_arrives_with_author_content_embed_and_time(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    posted = control.post_message(
        place.channel,
        f"BTC long 64200, stop 63100 <@{place.owner}>",
        user_id=place.trader,
        embeds=[{"title": "BTC/USDT", "fields": [{"name": "Target", "value": "66000"}]}],
        attachments=[_picture()],
    )
    (message,) = await client.until("message")
    assert str(message.id) == posted["id"]
    assert message.content.startswith("BTC long 64200")
    assert isinstance(message.author, discord.Member)
    assert str(message.author.id) == place.trader
    assert message.guild.id == int(place.guild)
    assert message.channel.name == "signals"
    assert message.embeds[0].fields[0].value == "66000"
    assert message.attachments[0].filename == "chart.png"
    assert [str(user.id) for user in message.mentions] == [place.owner]
    assert message.webhook_id is None
    assert abs(message.created_at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_webhook_message_has_the_webhook_as_author_whatever_name_it_took(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    webhook = control.create_webhook(place.channel, "Signal feed")
    client = await connect(RecordingClient())
    control.post_message(place.channel, "ETH short 3100", webhook_id=webhook["id"], username="trader")
    (message,) = await client.until("message")
    assert str(message.webhook_id) == webhook["id"]
    assert str(message.author.id) == webhook["id"]
    assert message.author.name == "trader"
    assert message.author.bot
    assert not isinstance(message.author, discord.Member)


async def test_reply_names_and_quotes_its_parent(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    parent = control.post_message(place.channel, "SOL long 140", user_id=place.trader)
    control.post_message(place.channel, "close half", user_id=place.trader, reply_to=parent["id"])
    _, reply = await client.until("message", 2)
    assert reply.type is discord.MessageType.reply
    assert str(reply.reference.message_id) == parent["id"]
    assert reply.reference.resolved.content == "SOL long 140"


async def test_reply_to_a_deleted_message_still_arrives(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    parent = control.post_message(place.channel, "SOL long 140", user_id=place.trader)
    control.delete_messages([parent["id"]])
    control.post_message(place.channel, "close half", user_id=place.trader, reply_to=parent["id"])
    _, reply = await client.until("message", 2)
    assert isinstance(reply.reference.resolved, discord.DeletedReferencedMessage)


async def test_forward_carries_the_text_but_not_the_author(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    source = control.post_message(place.channel, "BTC long now", user_id=place.owner)
    control.post_message(place.channel, user_id=place.trader, forward_of=source["id"])
    _, forward = await client.until("message", 2)
    assert forward.reference.type is discord.MessageReferenceType.forward
    assert forward.message_snapshots[0].content == "BTC long now"
    assert str(forward.author.id) == place.trader
    assert forward.content == ""


async def test_crosspost_is_flagged_and_names_its_source(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    webhook = control.create_webhook(place.channel, "Announcements")
    client = await connect(RecordingClient())
    source = {
        "guild_id": "100000000000000001",
        "channel_id": "100000000000000002",
        "message_id": "100000000000000003",
    }
    control.post_message(place.channel, "GOLD buy 2400", webhook_id=webhook["id"], crosspost_of=source)
    (message,) = await client.until("message")
    assert message.flags.is_crossposted
    assert str(message.reference.guild_id) == source["guild_id"]
    assert str(message.reference.message_id) == source["message_id"]


async def test_thread_message_arrives_in_its_thread(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    thread = control.create_thread(place.channel, "BTC")
    await client.until("thread_create")
    control.post_message(thread["id"], "add at 63900", user_id=place.trader)
    (message,) = await client.until("message")
    assert isinstance(message.channel, discord.Thread)
    assert str(message.channel.parent_id) == place.channel


async def test_edit_sets_the_edited_time_and_an_unfurl_does_not(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    posted = control.post_message(place.channel, "BTC long https://example.com/chart", user_id=place.trader)
    control.unfurl(posted["id"], [{"url": "https://example.com/chart", "title": "A chart"}])
    control.edit_message(posted["id"], "BTC long 64000")
    unfurled, edited = await client.until("raw_message_edit", 2)
    assert unfurled.message.edited_at is None
    assert unfurled.message.embeds[0].title == "A chart"
    assert edited.message.edited_at is not None
    assert edited.message.content == "BTC long 64000"


async def test_deletes_arrive_single_and_in_bulk(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    ids = [control.post_message(place.channel, f"note {n}", user_id=place.trader)["id"] for n in range(3)]
    control.delete_messages(ids[:1])
    control.delete_messages(ids[1:])
    (single,) = await client.until("raw_message_delete")
    (bulk,) = await client.until("raw_bulk_message_delete")
    assert str(single.message_id) == ids[0]
    assert {str(message_id) for message_id in bulk.message_ids} == set(ids[1:])
    assert control.messages(place.channel) == []


async def test_without_the_content_intent_messages_come_empty_unless_they_mention_the_bot(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient(without_content=True))
    control.post_message(
        place.channel, "BTC long", user_id=place.trader, embeds=[{"title": "BTC"}], attachments=[_picture()]
    )
    control.post_message(place.channel, f"hello <@{client.application_id}>", user_id=place.trader)
    control.post_message(control.open_dm(place.trader)["id"], "a question", user_id=place.trader)
    empty, mention, direct = await client.until("message", 3)
    assert (empty.content, empty.embeds, empty.attachments) == ("", [], [])
    assert mention.content.startswith("hello")
    assert direct.content == "a question"


async def test_an_intent_the_application_may_not_use_ends_the_client(
    emulator: DiscordEmulator, control: DiscordControl, place: Place
) -> None:
    control.set_privileged_intents([])
    client = RecordingClient()
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await asyncio.wait_for(client.start(emulator.token), 10)
    await client.close()


async def test_a_wrong_token_is_refused_at_login(emulator: DiscordEmulator) -> None:
    client = RecordingClient()
    with pytest.raises(discord.LoginFailure):
        await client.start("MTIz.not.right")
    await client.close()


async def test_a_new_guild_and_channel_reach_a_connected_client(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    guild = control.create_guild("Second server")
    (joined,) = await client.until("guild_join")
    assert str(joined.id) == guild["id"]
    control.create_channel(guild["id"], "calls")
    (channel,) = await client.until("guild_channel_create")
    assert channel.name == "calls"


async def test_a_half_dead_connection_is_noticed_and_resumed(
    emulator: DiscordEmulator, connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient(heartbeat_timeout=1.0))
    control.add_fault("gateway.mute")
    posted = control.post_message(place.channel, "into the void", user_id=place.trader)
    control.clear_faults()
    (message,) = await client.until("message")
    assert str(message.id) == posted["id"]
    assert control.sessions()["resumes"] == 1


def _picture() -> dict[str, object]:
    url = "https://cdn.discordapp.com/attachments/1/2/chart.png"
    return {
        "id": "1",
        "filename": "chart.png",
        "size": 9,
        "url": url,
        "proxy_url": url,
        "content_type": "image/png",
    }

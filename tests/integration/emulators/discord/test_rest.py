"""The emulated REST API, as discord.py's HTTP client and a plain one see it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import pytest
from discord.http import Route

from tests.emulators.discord import DiscordControl, DiscordEmulator
from tests.emulators.discord.snowflakes import snowflake_time
from tests.integration.emulators.discord.conftest import Connect, Place
from tests.integration.emulators.discord.recording_client import RecordingClient


async def test_the_bot_replies_edits_and_deletes(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.post_message(place.channel, "BTC long", user_id=place.trader)
    (message,) = await client.until("message")
    reply = await message.reply("recorded", embed=discord.Embed(title="Receipt"))
    await reply.edit(content="filled")
    asked, answered = control.messages(place.channel)
    assert answered["content"] == "filled"
    assert answered["message_reference"]["message_id"] == asked["id"]
    assert answered["edited_timestamp"] is not None
    await reply.delete()
    assert [one["id"] for one in control.messages(place.channel)] == [asked["id"]]


async def test_the_same_enforced_nonce_posts_once(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=place.channel)
    body = {"content": "filled", "nonce": "intent-1", "enforce_nonce": True}
    first = await client.http.request(route, json=body)
    second = await client.http.request(route, json=body)
    third = await client.http.request(route, json={**body, "nonce": "intent-2"})
    assert first["id"] == second["id"] != third["id"]
    assert len(control.messages(place.channel)) == 2
    assert len(await client.until("message", 2)) == 2


async def test_a_rate_limited_call_is_sent_again_by_the_client(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.add_fault("rest.rate_limit", count=2, seconds=0.05, method="POST", path="/channels/")
    await _channel(client, place).send("filled")
    sent = control.log(kind="rest", method="POST", pattern="/messages$")
    assert [entry["status"] for entry in sent] == [429, 429, 200]
    assert len(control.messages(place.channel)) == 1


async def test_a_cloudflare_ban_is_an_error_at_once(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.add_fault("rest.rate_limit", cloudflare=True)
    with pytest.raises(discord.HTTPException) as raised:
        await _channel(client, place).send("filled")
    assert raised.value.status == 429


async def test_a_failing_server_and_a_slow_one_are_shown_as_such(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.add_fault("rest.status", status=503)
    with pytest.raises(discord.DiscordServerError):
        await _channel(client, place).send("filled")
    control.add_fault("rest.delay", seconds=0.2)
    before = datetime.now(UTC)
    await _channel(client, place).send("filled")
    assert datetime.now(UTC) - before >= timedelta(seconds=0.2)


async def test_a_direct_message_reaches_its_user_unless_closed(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    shy = control.create_user("shy", guild_id=place.guild, dms_closed=True)
    client = await connect(RecordingClient())
    open_user = await client.fetch_user(int(place.trader))
    sent = await open_user.send("your stop was hit")
    assert control.messages(str(sent.channel.id))[0]["content"] == "your stop was hit"
    with pytest.raises(discord.Forbidden) as raised:
        await (await client.fetch_user(int(shy["id"]))).send("your stop was hit")
    assert raised.value.code == 50007


async def test_a_file_comes_with_its_message(connect: Connect, control: DiscordControl, place: Place) -> None:
    client = await connect(RecordingClient())
    await _channel(client, place).send("curve", file=discord.File(__file__, filename="curve.txt"))
    (message,) = control.messages(place.channel)
    assert message["attachments"][0]["filename"] == "curve.txt"
    assert message["attachments"][0]["size"] > 1000


async def test_unknown_things_are_named_as_discord_names_them(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    for route, code in (
        (Route("GET", "/channels/1"), 10003),
        (Route("GET", "/guilds/1"), 10004),
        (Route("GET", f"/guilds/{place.guild}/members/1"), 10007),
        (Route("GET", f"/channels/{place.channel}/messages/1"), 10008),
        (Route("GET", "/users/1"), 10013),
    ):
        with pytest.raises(discord.NotFound) as raised:
            await client.http.request(route)
        assert raised.value.code == code


async def test_bodies_discord_would_refuse_are_refused(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    foreign = control.post_message(place.channel, "not yours", user_id=place.trader)
    with pytest.raises(discord.HTTPException, match="empty message"):
        await _channel(client, place).send("")
    with pytest.raises(discord.HTTPException, match="2000 or fewer"):
        await _channel(client, place).send("x" * 2001)
    with pytest.raises(discord.Forbidden):
        await _channel(client, place).get_partial_message(int(foreign["id"])).edit(content="mine now")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"limit": "3"}, [9, 8, 7]),
        ({"after": 4, "limit": "3"}, [7, 6, 5]),
        ({"before": 4, "limit": "3"}, [3, 2, 1]),
        ({"around": 4, "limit": "3"}, [5, 4, 3]),
        ({"after": 9}, []),
        ({"before": 0}, []),
    ],
)
async def test_history_is_cut_like_discords(
    emulator: DiscordEmulator,
    control: DiscordControl,
    place: Place,
    query: dict[str, Any],
    expected: list[int],
) -> None:
    start = datetime.now(UTC) - timedelta(hours=1)
    posted = [
        control.post_message(
            place.channel, str(n), user_id=place.trader, posted_at=start + timedelta(minutes=n)
        )
        for n in range(10)
    ]
    named = {key: posted[value]["id"] if key != "limit" else value for key, value in query.items()}
    headers = {"Authorization": f"Bot {emulator.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{emulator.url}/channels/{place.channel}/messages", params=named) as response,
    ):
        assert response.headers["Content-Type"] == "application/json"
        found = await response.json()
    assert [int(message["content"]) for message in found] == expected


async def test_a_message_posted_for_an_earlier_time_has_that_time_in_its_id(
    control: DiscordControl, place: Place
) -> None:
    control.post_message(place.channel, "now", user_id=place.trader)
    at = datetime(2024, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
    old = control.post_message(place.channel, "then", user_id=place.trader, posted_at=at)
    assert snowflake_time(old["id"]) == at
    assert old["timestamp"] == "2024-05-06T07:08:09.123000+00:00"
    assert [message["content"] for message in control.messages(place.channel)] == ["then", "now"]


async def test_history_is_empty_of_content_when_the_application_may_not_read_it(
    emulator: DiscordEmulator, control: DiscordControl, place: Place
) -> None:
    control.post_message(place.channel, "BTC long", user_id=place.trader)
    control.set_privileged_intents(["members"])
    headers = {"Authorization": f"Bot {emulator.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{emulator.url}/channels/{place.channel}/messages") as response,
    ):
        assert [message["content"] for message in await response.json()] == [""]


@pytest.mark.parametrize("authorization", [None, "Bot wrong", "Bearer {token}", "{token}"])
async def test_only_the_bots_token_opens_the_door(
    emulator: DiscordEmulator, control: DiscordControl, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.format(token=emulator.token)}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{emulator.url}/users/@me") as response,
    ):
        assert response.status == 401
        assert await response.json() == {"message": "401: Unauthorized", "code": 0}
    (entry,) = control.log(kind="rest", status=401)
    assert entry["path"] == "/users/@me"


async def test_an_incoming_webhook_posts_with_its_token_only(
    emulator: DiscordEmulator, connect: Connect, control: DiscordControl, place: Place
) -> None:
    made = control.create_webhook(place.channel, "TradingView")
    client = await connect(RecordingClient())
    async with aiohttp.ClientSession() as http:
        hook = discord.Webhook.partial(int(made["id"]), made["token"], session=http)
        await hook.send("ETH long", username="Feed")
        with pytest.raises(discord.HTTPException):
            await discord.Webhook.partial(int(made["id"]), "guess", session=http).send("ETH short")
    (message,) = await client.until("message")
    assert (message.content, message.author.name) == ("ETH long", "Feed")


def _channel(client: RecordingClient, place: Place) -> discord.TextChannel:
    channel = client.get_channel(int(place.channel))
    assert isinstance(channel, discord.TextChannel)
    return channel

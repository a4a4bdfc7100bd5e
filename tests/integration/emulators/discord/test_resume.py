"""Lost connections: what is replayed, what is lost, and what the history still tells."""

import asyncio

import aiohttp
import discord
import pytest

from tests.emulators.discord import DiscordControl, DiscordEmulator
from tests.integration.emulators.discord.conftest import Connect, Place
from tests.integration.emulators.discord.recording_client import RecordingClient


async def test_resume_replays_exactly_what_was_missed_in_order(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    before = control.post_message(place.channel, "seen live", user_id=place.trader)
    await client.until("message")
    missed = _post_while_disconnected(control, place)
    control.clear_faults()
    await client.until("resumed")
    after = control.post_message(place.channel, "seen live again", user_id=place.trader)
    messages = await client.until("message", 5)
    assert [str(message.id) for message in messages] == [before["id"], *missed, after["id"]]
    assert control.sessions()["identifies"] == 1
    assert control.sessions()["resumes"] == 1


async def test_an_edit_and_a_delete_made_while_disconnected_are_replayed_after_their_message(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.add_fault("gateway.hold")
    control.drop_sockets()
    posted = control.post_message(place.channel, "BTC long", user_id=place.trader)
    control.edit_message(posted["id"], "BTC long 64000")
    control.delete_messages([posted["id"]])
    control.clear_faults()
    await client.until("resumed")
    wanted = ("message", "raw_message_edit", "raw_message_delete")
    assert tuple(name for name, _ in client.events if name in wanted) == wanted


async def test_a_reconnect_request_loses_nothing(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    assert control.request_reconnect() == 1
    posted = control.post_message(place.channel, "in the middle of it", user_id=place.trader)
    await client.until("resumed")
    (message,) = await client.until("message")
    assert str(message.id) == posted["id"]


async def test_a_close_with_a_code_that_allows_it_is_resumed(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.drop_sockets(code=4000)
    await client.until("resumed")
    assert control.sessions()["resumes"] == 1


async def test_an_invalidated_but_resumable_session_is_resumed(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.invalidate_sessions(resumable=True)
    await client.until("resumed")
    assert control.sessions()["identifies"] == 1


async def test_an_invalid_session_leaves_a_gap_that_the_history_fills(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    last_seen = control.post_message(place.channel, "seen live", user_id=place.trader)
    await client.until("message")
    control.add_fault("gateway.hold")
    control.invalidate_sessions()
    missed = [
        control.post_message(place.channel, f"missed {n}", user_id=place.trader)["id"] for n in range(120)
    ]
    control.clear_faults()
    await client.until("ready", 2)
    assert len(client.seen("message")) == 1
    assert control.sessions()["identifies"] == 2
    channel = client.get_channel(int(place.channel))
    assert isinstance(channel, discord.TextChannel)
    after = discord.Object(int(last_seen["id"]))
    filled = [
        str(message.id) async for message in channel.history(after=after, limit=None, oldest_first=True)
    ]
    assert filled == missed


async def test_a_session_forgotten_while_disconnected_is_identified_anew(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.add_fault("gateway.hold")
    control.drop_sockets()
    control.invalidate_sessions()
    control.clear_faults()
    await client.until("ready", 2)
    assert (control.sessions()["identifies"], control.sessions()["resumes"]) == (2, 0)


@pytest.mark.parametrize(("code", "kept"), [(1000, 0), (1001, 0), (4000, 1), (None, 1)])
async def test_only_a_goodbye_of_the_client_ends_its_session(
    emulator: DiscordEmulator, control: DiscordControl, code: int | None, kept: int
) -> None:
    gateway = emulator.url.replace("http://", "ws://").replace("/api/v10", "/gateway")
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{gateway}?v=10") as socket:
        await socket.send_json({"op": 2, "d": {"token": emulator.token, "intents": 1, "properties": {}}})
        await asyncio.to_thread(control.wait_for_session)
        if code is None:
            assert socket._conn is not None
            socket._conn.close()  # the TCP connection, as when the process is killed
        else:
            await socket.close(code=code)
        await asyncio.to_thread(control.wait_for_log, kind="gateway", event="disconnected", code=code)
    assert len(control.sessions()["sessions"]) == kept


async def test_a_client_closed_by_its_own_process_is_gone_for_the_next_one_which_finds_the_history(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    first = await connect(RecordingClient())
    await first.close()
    control.post_message(place.channel, "nobody listens", user_id=place.trader)
    second = await connect(RecordingClient())
    assert second.seen("message") == []
    assert [message["content"] for message in control.messages(place.channel)] == ["nobody listens"]


async def test_a_refused_gateway_is_tried_again_until_it_resumes(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    control.add_fault("gateway.refuse", status=503)
    control.drop_sockets()
    posted = control.post_message(place.channel, "during the outage", user_id=place.trader)
    (message,) = await client.until("message")
    assert str(message.id) == posted["id"]
    assert len(control.log(kind="gateway", event="refused")) == 1


async def test_a_redelivered_message_arrives_twice(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    client = await connect(RecordingClient())
    posted = control.post_message(place.channel, "BTC long", user_id=place.trader)
    control.redeliver(posted["id"])
    first, second = await client.until("message", 2)
    assert first.id == second.id


async def test_a_client_that_asks_for_no_compression_gets_plain_frames(
    emulator: DiscordEmulator, place: Place
) -> None:
    gateway = emulator.url.replace("http://", "ws://").replace("/api/v10", "/gateway")
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{gateway}?v=10&encoding=json") as socket:
        assert (await socket.receive_json(timeout=5))["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": emulator.token, "intents": 1, "properties": {}}})
        assert (await socket.receive_json(timeout=5))["t"] == "READY"
        assert (await socket.receive_json(timeout=5))["t"] == "GUILD_CREATE"


async def test_misuse_is_answered_with_discords_close_codes(emulator: DiscordEmulator, place: Place) -> None:
    identify = {"token": emulator.token, "intents": 1, "properties": {}}
    assert await _close_code(emulator, "not json") == 4002
    assert await _close_code(emulator, {"op": 8, "d": {"guild_id": place.guild}}) == 4003
    assert await _close_code(emulator, {"op": 2, "d": {**identify, "token": "wrong"}}) == 4004
    assert await _close_code(emulator, {"op": 2, "d": {**identify, "shard": [2, 2]}}) == 4010
    assert await _close_code(emulator, {"op": 2, "d": identify}, version=6) == 4012
    assert await _close_code(emulator, {"op": 2, "d": {**identify, "intents": 1 << 40}}) == 4013
    assert await _close_code(emulator, {"op": 2, "d": {**identify, "intents": 1 << 8}}) == 4014
    assert await _close_code(emulator, *[{"op": 1, "d": None}] * 121) == 4008


async def test_a_client_whose_heartbeat_stops_is_closed_and_must_identify_again() -> None:
    with DiscordEmulator(heartbeat_seconds=0.05) as emulator:
        gateway = emulator.url.replace("http://", "ws://").replace("/api/v10", "/gateway")
        async with aiohttp.ClientSession() as http, http.ws_connect(f"{gateway}?v=10") as socket:
            await socket.send_json({"op": 2, "d": {"token": emulator.token, "intents": 1, "properties": {}}})
            while (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert socket.close_code == 4009
        assert emulator.control.sessions()["sessions"] == []


def _post_while_disconnected(control: DiscordControl, place: Place) -> list[str]:
    control.add_fault("gateway.hold")
    assert control.drop_sockets() == 1
    return [control.post_message(place.channel, f"missed {n}", user_id=place.trader)["id"] for n in range(3)]


async def _close_code(emulator: DiscordEmulator, *frames: object, version: int = 10) -> int | None:
    gateway = emulator.url.replace("http://", "ws://").replace("/api/v10", "/gateway")
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{gateway}?v={version}") as socket:
        for frame in frames:
            if isinstance(frame, str):
                await socket.send_str(frame)
            else:
                await socket.send_json(frame)
        while (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        return socket.close_code

"""Lost connections, lost sessions and late starts: what was posted meanwhile is in the inbox, once."""

import asyncio
from datetime import UTC, datetime, timedelta

from bot.service import BotService
from shared.settings import Settings
from tests.emulators.discord import DiscordControl, DiscordEmulator
from tests.integration.bot.conftest import (
    IMPATIENT,
    Place,
    RunBot,
    rows,
    settle,
    wait_for,
    wait_for_rows,
    watch,
)


async def test_a_resumed_session_replays_what_was_missed_without_doubles(
    bot: BotService, control: DiscordControl, place: Place
) -> None:
    seen = _post(control, place, 5)
    await wait_for_rows(5)
    control.add_fault("gateway.hold")
    control.drop_sockets()
    missed = _post(control, place, 20)
    control.clear_faults()
    await wait_for_rows(25)
    await settle(control, place)
    assert [row["message_id"] for row in rows()] == seen + missed
    assert (control.sessions()["identifies"], control.sessions()["resumes"]) == (1, 1)


async def test_a_session_that_cannot_be_resumed_leaves_a_gap_that_is_filled_to_the_last_message(
    bot: BotService, control: DiscordControl, place: Place
) -> None:
    seen = _post(control, place, 5)
    await wait_for_rows(5)
    control.add_fault("gateway.hold")
    control.invalidate_sessions()
    missed = _post(control, place, 250)
    control.edit_message(missed[3], "edited in the gap")
    control.delete_messages(missed[-1:])
    control.clear_faults()
    found = await wait_for_rows(5 + 249)
    assert [row["message_id"] for row in found] == seen + missed[:-1]
    assert [row["content"] for row in found if row["event"] == "edit"] == ["edited in the gap"]
    assert control.sessions()["identifies"] == 2


async def test_a_new_process_reads_from_ten_minutes_before_the_last_recorded_message(
    control: DiscordControl, place: Place, run_bot: RunBot
) -> None:
    now = datetime.now(UTC)
    before = _post_at(control, place, now - timedelta(hours=5), now - timedelta(hours=4, minutes=9))
    async with run_bot():
        (recorded,) = _post_at(control, place, now - timedelta(hours=4))
        await wait_for(lambda: rows(message_id=recorded), "the message seen live")
    missed = _post_at(control, place, now - timedelta(hours=3), now - timedelta(minutes=5))
    async with run_bot():
        # What is said now must not hide the hours before it.
        live = control.post_message(place.channel, "live again", user_id=place.trader)["id"]
        await wait_for_rows(5)
        await settle(control, place)
    # Five hours ago nobody watched: only what lies ten minutes before the last recorded message is read.
    assert [row["message_id"] for row in rows()] == [before[1], recorded, *missed, live]


async def test_a_channel_never_recorded_begins_ten_minutes_ago(
    control: DiscordControl, place: Place, run_bot: RunBot
) -> None:
    now = datetime.now(UTC)
    _, young = _post_at(control, place, now - timedelta(minutes=11), now - timedelta(minutes=9))
    async with run_bot():
        (row,) = await wait_for_rows(1)
    assert row["message_id"] == young


async def test_a_thread_that_was_opened_in_a_gap_is_read_too(
    bot: BotService, control: DiscordControl, place: Place
) -> None:
    await settle(control, place)
    control.add_fault("gateway.hold")
    control.invalidate_sessions()
    thread = control.create_thread(place.channel, "BTC")["id"]
    posted = control.post_message(thread, "BTC long", user_id=place.trader)
    control.clear_faults()
    (row,) = await wait_for_rows(1)
    assert (row["message_id"], row["channel_id"]) == (posted["id"], place.channel)


async def test_history_is_read_on_after_rate_limits_and_errors(
    control: DiscordControl, place: Place, run_bot: RunBot
) -> None:
    posted = _post(control, place, 120)
    path = f"/channels/{place.channel}/messages"
    control.add_fault("rest.rate_limit", path=path, seconds=0.2)
    control.add_fault("rest.status", path=path, status=403)
    async with run_bot():
        found = await wait_for_rows(120)
    assert [row["message_id"] for row in found] == posted


async def test_a_discord_that_is_away_at_the_start_is_tried_again(
    control: DiscordControl, place: Place, run_bot: RunBot
) -> None:
    control.add_fault("rest.status", path="/users/@me", status=403)
    control.add_fault("rest.status", path="/gateway/bot", status=404)
    control.add_fault("gateway.refuse", status=0)
    posted = _post(control, place, 3)
    async with run_bot():
        found = await wait_for_rows(3)
    assert [row["message_id"] for row in found] == posted
    assert control.sessions()["identifies"] == 1


async def test_a_channel_is_recorded_from_when_a_provider_lists_it(
    bot: BotService, control: DiscordControl, place: Place
) -> None:
    posted = control.post_message(place.lounge, "SOL long", user_id=place.trader)
    await settle(control, place)
    assert rows() == []
    watch(place, place.lounge)
    (row,) = await wait_for_rows(1)
    assert row["message_id"] == posted["id"]


async def test_a_silent_channel_is_looked_at_in_case_the_gateway_forgot_it(
    control: DiscordControl, place: Place, run_bot: RunBot
) -> None:
    async with run_bot(silence_seconds=0.5):
        await settle(control, place)
        control.add_fault("gateway.mute")
        posted = control.post_message(place.channel, "into the void", user_id=place.trader)
        found = await wait_for(lambda: rows(message_id=posted["id"]), "the message that the gateway forgot")
        control.clear_faults()
    assert len(found) == 1


async def test_a_nearly_used_up_budget_of_sessions_is_not_touched(
    emulator: DiscordEmulator, control: DiscordControl, place: Place, settings: Settings
) -> None:
    # Past the limit Discord resets the bot's token.
    emulator._server.gateway.hub.identifies = 985
    service = BotService(settings, IMPATIENT)
    task = asyncio.create_task(service.run())
    await asyncio.to_thread(control.wait_for_log, kind="rest", path="/gateway/bot")
    await asyncio.sleep(0.5)
    service.stop()
    await asyncio.wait_for(task, 5)
    assert control.log(kind="gateway") == []
    assert len(control.log(kind="rest", path="/gateway/bot")) == 1


def _post(control: DiscordControl, place: Place, count: int) -> list[str]:
    return [
        control.post_message(place.channel, f"BTC long {n}", user_id=place.trader)["id"] for n in range(count)
    ]


def _post_at(control: DiscordControl, place: Place, *moments: datetime) -> list[str]:
    return [
        control.post_message(place.channel, f"at {at:%H:%M}", user_id=place.trader, posted_at=at)["id"]
        for at in moments
    ]

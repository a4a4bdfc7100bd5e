"""The bot's sign of life says what is so, in the words that doctor reads."""

from datetime import UTC, datetime
from typing import Any

from redis import Redis

from bot.service import BotService
from shared.settings import Settings
from tests.emulators.discord import DiscordControl
from tests.integration.bot.conftest import Place, wait_for, wait_for_rows
from web.commands.doctor.findings import Health
from web.commands.doctor.processes import check_bot


async def test_the_heartbeat_names_session_guilds_channels_and_the_intent(
    bot: BotService, control: DiscordControl, place: Place, settings: Settings
) -> None:
    await wait_for(lambda: "latency_ms" in _beat(settings), "a heartbeat with a latency")
    beat = _beat(settings)
    session = control.sessions()["sessions"][0]["session_id"]
    wanted = {"session_id": session, "guilds": "1", "watched_channels": "1", "message_content_intent": "true"}
    assert {name: beat[name] for name in wanted} == wanted
    assert int(beat["queue"]) == 0
    assert abs((datetime.now(UTC) - datetime.fromisoformat(beat["at"])).total_seconds()) < 5
    findings = list(check_bot(settings, datetime.now(UTC)))
    assert [finding.status for finding in findings] == [Health.OK, Health.OK]


async def test_an_intent_that_is_switched_off_turns_the_health_red(
    bot: BotService, control: DiscordControl, place: Place, settings: Settings
) -> None:
    control.set_privileged_intents([])
    await wait_for(lambda: _beat(settings).get("message_content_intent") == "false", "a red health")
    *_, finding = check_bot(settings, datetime.now(UTC))
    assert finding.status is Health.FAIL
    control.set_privileged_intents(["message_content"])
    await wait_for(lambda: _beat(settings)["message_content_intent"] == "true", "a green health")


async def test_messages_that_all_come_empty_turn_the_health_red_until_one_has_content(
    bot: BotService, control: DiscordControl, place: Place, settings: Settings
) -> None:
    for _ in range(3):
        control.post_message(place.channel, "", user_id=place.trader)
    await wait_for(lambda: _beat(settings).get("message_content_intent") == "false", "a red health")
    control.post_message(place.channel, "BTC long", user_id=place.trader)
    await wait_for(lambda: _beat(settings)["message_content_intent"] == "true", "a green health")
    await wait_for_rows(4)


async def test_a_bot_that_lost_discord_lives_without_a_session(
    bot: BotService, control: DiscordControl, settings: Settings
) -> None:
    await wait_for(lambda: _beat(settings).get("session_id"), "a session")
    control.add_fault("gateway.hold")
    control.drop_sockets()
    await wait_for(lambda: _beat(settings)["session_id"] == "", "no session")
    control.clear_faults()
    await wait_for(lambda: _beat(settings)["session_id"] != "", "the session again")


def _beat(settings: Settings) -> dict[str, str]:
    with Redis.from_url(settings.redis_url, decode_responses=True) as client:
        stored: Any = client.hgetall("dx:bot")
    return dict(stored)

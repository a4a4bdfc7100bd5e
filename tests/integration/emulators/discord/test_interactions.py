"""Commands and buttons: discord.py registers, the emulated user acts, and the answers are seen."""

import asyncio
from typing import Any

import discord
import pytest
from discord import app_commands

from tests.emulators.discord import ControlError, DiscordControl
from tests.integration.emulators.discord.conftest import Connect, Place
from tests.integration.emulators.discord.recording_client import RecordingClient


class CommandClient(RecordingClient):
    """A client with one command, `/ask how:...`, that answers in the way asked for."""

    def __init__(self) -> None:
        super().__init__()
        tree = app_commands.CommandTree(self)

        @tree.command(name="ask", description="Answers")
        async def ask(interaction: discord.Interaction, how: str) -> None:
            if how == "privately":
                await interaction.response.send_message("only you", ephemeral=True)
            elif how == "later":
                await interaction.response.defer(thinking=True)
                await interaction.followup.send("done")
            elif how == "twice":
                await interaction.response.send_message("first")
                await interaction.followup.send("second")
                await interaction.edit_original_response(content="first, edited")
            else:
                allowed = interaction.permissions.manage_guild
                await interaction.response.send_message(f"manager: {allowed}", view=PressMe())

        self.tree = tree

    async def setup_hook(self) -> None:
        """Register the command, as the bot does."""
        await super().setup_hook()
        await self.tree.sync()


class PressMe(discord.ui.View):
    """One button that changes its message."""

    @discord.ui.button(label="Press", custom_id="press-me")
    async def pressed(self, interaction: discord.Interaction, button: discord.ui.Button["PressMe"]) -> None:
        """Say that it was pressed."""
        await interaction.response.edit_message(content="pressed")


async def test_a_command_answers_in_the_channel_with_the_permissions_of_its_user(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    manager = control.create_user("manager", guild_id=place.guild, manager=True)
    await connect(CommandClient())
    for user_id, expected in ((place.trader, "False"), (manager["id"], "True"), (place.owner, "True")):
        asked = control.run_command(place.channel, user_id, "ask", options=_how("openly"))
        (answer,) = await _answers(control, asked["token"], 1)
        assert answer["message"]["content"] == f"manager: {expected}"
    assert len(control.messages(place.channel)) == 3


async def test_a_private_answer_is_in_no_history(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    await connect(CommandClient())
    asked = control.run_command(place.channel, place.trader, "ask", options=_how("privately"))
    (answer,) = await _answers(control, asked["token"], 1)
    assert answer["message"]["content"] == "only you"
    assert control.messages(place.channel) == []


async def test_a_deferred_answer_is_filled_in_by_the_first_followup(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    await connect(CommandClient())
    asked = control.run_command(place.channel, place.trader, "ask", options=_how("later"))
    await _answers(control, asked["token"], 2)
    assert [message["content"] for message in control.messages(place.channel)] == ["done"]


async def test_followups_and_edits_are_seen(connect: Connect, control: DiscordControl, place: Place) -> None:
    await connect(CommandClient())
    asked = control.run_command(place.channel, place.trader, "ask", options=_how("twice"))
    answers = await _answers(control, asked["token"], 3)
    assert [answer["via"] for answer in answers] == ["callback", "followup", "edit"]
    assert [message["content"] for message in control.messages(place.channel)] == ["first, edited", "second"]


async def test_a_pressed_button_changes_its_message(
    connect: Connect, control: DiscordControl, place: Place
) -> None:
    await connect(CommandClient())
    asked = control.run_command(place.channel, place.trader, "ask", options=_how("openly"))
    (answer,) = await _answers(control, asked["token"], 1)
    pressed = control.press(answer["message"]["id"], place.trader, "press-me")
    await _answers(control, pressed["token"], 1)
    assert [message["content"] for message in control.messages(place.channel)] == ["pressed"]


async def test_a_command_nobody_registered_cannot_be_run(control: DiscordControl, place: Place) -> None:
    with pytest.raises(ControlError, match="commands"):
        control.run_command(place.channel, place.trader, "missing")


def _how(value: str) -> list[dict[str, object]]:
    return [{"name": "how", "type": 3, "value": value}]


async def _answers(control: DiscordControl, token: str, count: int) -> list[dict[str, Any]]:
    await asyncio.to_thread(control.wait_for_log, kind="rest", pattern=token, count=count)
    return control.answers(token)

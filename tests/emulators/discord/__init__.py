"""An emulated Discord, REST and gateway, that the unmodified discord.py client talks to over loopback."""

from tests.emulators.discord.client import ControlError, DiscordControl
from tests.emulators.discord.server import DiscordEmulator

__all__ = ["ControlError", "DiscordControl", "DiscordEmulator"]

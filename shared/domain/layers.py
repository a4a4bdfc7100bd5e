"""Settings in layers: what nobody has set comes from the platform; the nearer a layer is to the bot, the more it counts.

Platform, then what the provider suggests, then the user's own for all bots, then the account's, then the bot's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.bots import BotSettings, TradingBot
from shared.domain.values import changed


class Level(StrEnum):
    """Who set a value, from the farthest to the nearest."""

    PLATFORM = "platform"
    PROVIDER = "provider"
    USER = "user"
    ACCOUNT = "account"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one level has set: `settings` holds the values of `names`, and the platform's of all others."""

    level: Level
    settings: BotSettings
    names: tuple[str, ...]


def layer_of(bot: TradingBot) -> Layer:
    """Return the bot's own layer; a bot that does not say what it has set has set all."""
    names = tuple(vars(bot.settings)) if bot.own is None else bot.own
    return Layer(Level.BOT, bot.settings, names)


def in_force(layers: Iterable[Layer]) -> BotSettings:
    """Return the settings that count, of layers in the order of their levels."""
    values = {name: getattr(layer.settings, name) for layer in layers for name in layer.names}
    return changed(BotSettings(), **values)


def sources(layers: Iterable[Layer]) -> dict[str, Level]:
    """Return by the name of every setting which level its value in force comes from."""
    found = dict.fromkeys(vars(BotSettings()), Level.PLATFORM)
    for layer in layers:
        found |= dict.fromkeys(layer.names, layer.level)
    return found


def with_settings_in_force(bot: TradingBot, farther: Iterable[Layer]) -> TradingBot:
    """Return the bot as it trades: with what the layers beneath its own say where it has set nothing."""
    listed = [layer for layer in farther if layer.names]
    if not listed or bot.own is None:
        return bot
    return changed(bot, settings=in_force([*listed, layer_of(bot)]))

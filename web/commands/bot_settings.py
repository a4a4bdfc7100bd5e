"""`flask settings show|set|clear`: what is in force for a bot and who said so, and what each level says."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from shared.domain.bot_settings import list_settings, write_setting
from shared.domain.bots import TradingBot
from shared.domain.layers import Layer, Level, in_force, layer_of, sources
from shared.models import bots as bot_models
from shared.models import layers
from shared.models.accounts import Account
from shared.models.bots import TradingBot as TradingBotDocument
from shared.models.providers import Provider
from shared.models.users import User
from web.commands.answers import show_done, show_rows
from web.commands.bots import check_settings
from web.commands.frame import Command, CommandError, Group, json_option
from web.commands.lookups import find_account, find_provider, find_user
from web.commands.session import audit, now, open_database

_COLUMNS = ("name", "value", "level", "meaning")


@click.group("settings", cls=Group)
def settings() -> None:
    """Limits and filters, from the platform to the bot: the nearer level counts."""


def level_options(command: Any) -> Any:
    """Add `--provider`, `--user`, `--account` and `--bot`, of which one says whose settings are meant."""
    for name, text in (
        ("bot", "A trading bot, by id."),
        ("account", "An account, by id."),
        ("user", "A user, by id, Discord id or name."),
        ("provider", "What a provider suggests, by id or name."),
    ):
        command = click.option(f"--{name}", f"{name}_text", help=text)(command)
    return command


@settings.command("show", cls=Command)
@level_options
@json_option
def show(*, as_json: bool, **owners: str | None) -> None:
    """Show what is in force for a bot, or what one level has set, with the level that each value comes from."""
    open_database(TradingBotDocument, User, Account, Provider)
    level, owner_id = _find_owner(owners)
    layered = _layers_of(owner_id) if level is Level.BOT else [layers.find(level, owner_id)]
    said = sources(layered)
    values = in_force(layered)
    rows = [
        {
            "name": terms.name,
            "value": write_setting(getattr(values, terms.name)),
            "level": str(said[terms.name]),
            "meaning": terms.meaning,
        }
        for terms in list_settings()
        if level is Level.BOT or said[terms.name] is level
    ]
    show_rows(rows, _COLUMNS, as_json=as_json, empty=f"This {level} has set nothing: all is the platform's.")


@settings.command("set", cls=Command)
@level_options
@click.argument("values", nargs=-1, required=True, metavar="NAME=VALUE...", callback=check_settings)
@json_option
def set_(*, values: Mapping[str, Any], as_json: bool, **owners: str | None) -> None:
    """Set limits at one level; bots that have set them themselves keep their own."""
    open_database(TradingBotDocument, User, Account, Provider)
    level, owner_id = _find_owner(owners)
    before = _said(level, owner_id, values)
    if not layers.assign(level, owner_id, values):
        raise CommandError(f"no {level} {owner_id}")
    told = {name: write_setting(value) for name, value in values.items()}
    audit("settings.set", f"{level}:{owner_id}", {}, now(), before=before, after=told)
    show_done(
        {"level": str(level), "id": owner_id, "settings": told},
        f"{level} {owner_id}: {', '.join(f'{name}={value}' for name, value in told.items())}",
        as_json=as_json,
    )


@settings.command("clear", cls=Command)
@level_options
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
def clear(*, names: Sequence[str], as_json: bool, **owners: str | None) -> None:
    """Unset limits at one level, so that the next farther level says what counts."""
    known = [terms.name for terms in list_settings()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.BadParameter(f"no setting is called {unknown[0][:60]!r}; there are {', '.join(known)}")
    open_database(TradingBotDocument, User, Account, Provider)
    level, owner_id = _find_owner(owners)
    before = _said(level, owner_id, names)
    if not layers.clear(level, owner_id, names):
        raise CommandError(f"no {level} {owner_id}")
    audit("settings.clear", f"{level}:{owner_id}", {"names": ", ".join(names)}, now(), before=before)
    show_done(
        {"level": str(level), "id": owner_id, "cleared": list(names)},
        f"{level} {owner_id}: {', '.join(names)} as farther levels say",
        as_json=as_json,
    )


def _said(level: Level, owner_id: str, names: Iterable[str]) -> dict[str, str]:
    layer = layers.find(level, owner_id)
    return {name: write_setting(getattr(layer.settings, name)) for name in names if name in layer.names}


def _find_owner(owners: Mapping[str, str | None]) -> tuple[Level, str]:
    """Return whose settings are meant.

    Raises
    ------
    click.UsageError
        If none or several are named.
    CommandError
        If the one that is named is not there.
    """
    named = [(name.removesuffix("_text"), text) for name, text in owners.items() if text]
    if len(named) != 1:
        raise click.UsageError("name one of --bot, --account, --user and --provider")
    name, text = named[0]
    if name == "bot":
        return Level.BOT, _find_bot(text).trading_bot_id
    find = {"account": find_account, "user": find_user, "provider": find_provider}[name]
    return Level(name), find(text)["_id"]


def _find_bot(bot_id: str) -> TradingBot:
    found = bot_models.find(bot_id)
    if found is None:
        raise CommandError(f"no bot {bot_id}")
    return found


def _layers_of(bot_id: str) -> list[Layer]:
    bot = _find_bot(bot_id)
    farther = (
        layers.find(Level.PROVIDER, bot.provider_id),
        layers.find(Level.USER, bot.user_id),
        layers.find(Level.ACCOUNT, bot.account_id),
    )
    return [*farther, layer_of(bot)]

"""`flask bots show | start | pause | stop | set`: a trading bot's state and terms, changed by its owner."""

import click

from shared.domain.bot_settings import apply_settings, write_setting
from shared.domain.bots import BotState, Sizing
from shared.domain.bots import TradingBot as BotTerms
from shared.models import bots, providers, rights
from shared.models.bots import TradingBot
from shared.models.follows import Follow
from shared.models.mapping import Row, rows_of, to_row
from shared.models.users import Membership
from web.commands.answers import show_done, show_rows
from web.commands.bots import check_sizing
from web.commands.frame import Command, CommandError, F, WrongUse, json_option
from web.commands.lookups import find_user
from web.commands.session import audit, now, open_database

_COLUMNS = (
    "id", "user_id", "provider_id", "account_id", "state", "state_reason", "sizing", "confirm_seconds",
)  # fmt: skip
_AGAIN = {BotState.ACTIVE: "start", BotState.PAUSED: "pause", BotState.STOPPED: "stop"}
_DONE = {
    BotState.ACTIVE: "Bot {} is active: it enters what its provider signals from now on.",
    BotState.PAUSED: "Bot {} is paused: entries that wait are cancelled, and it enters nothing; cover and exits go on.",
    BotState.STOPPED: "Bot {} is stopped for good: entries that wait are cancelled, and it enters nothing; cover and exits go on.",
}


def bot_option(command: F) -> F:
    """Add `--bot`."""
    return click.option("--bot", "trading_bot_id", required=True, help="Its id (bots show).")(command)


@click.command("show", cls=Command)
@click.option("--user", "user_text", help="Id, Discord id or name.")
@json_option
def show(*, user_text: str | None, as_json: bool) -> None:
    """Show trading bots with their state, and why one does not trade."""
    open_database(TradingBot)
    query: Row = {"user_id": find_user(user_text)["_id"]} if user_text else {}
    found = rows_of(TradingBot).find(query).sort([("created_at", 1), ("_id", 1)])
    show_rows((_shown(row) for row in found), _COLUMNS, as_json=as_json, empty="No trading bots.")


@click.command("start", cls=Command)
@bot_option
@json_option
def start(*, trading_bot_id: str, as_json: bool) -> None:
    """Let a paused bot trade again; a stopped one never does."""
    open_database(TradingBot, Membership, Follow)
    bot = _find(trading_bot_id)
    terms = providers.find(bot.provider_id)
    refusal = (
        rights.why_not(terms, bot.user_id) if terms is not None else "Its provider does not exist any more."
    )
    if refusal is not None:
        raise CommandError(refusal)
    _change(bot, BotState.ACTIVE, as_json=as_json)


@click.command("pause", cls=Command)
@bot_option
@json_option
def pause(*, trading_bot_id: str, as_json: bool) -> None:
    """Cancel a bot's waiting entries and let it enter nothing until it is started; cover and exits go on."""
    open_database(TradingBot)
    _change(_find(trading_bot_id), BotState.PAUSED, as_json=as_json)


@click.command("stop", cls=Command)
@bot_option
@json_option
def stop(*, trading_bot_id: str, as_json: bool) -> None:
    """Cancel a bot's waiting entries and let it enter nothing ever again; cover and exits go on."""
    open_database(TradingBot)
    _change(_find(trading_bot_id), BotState.STOPPED, as_json=as_json)


@click.command("set", cls=Command)
@bot_option
@click.option("--sizing", callback=lambda c, p, text: check_sizing(c, p, text) if text else None)
@click.argument("assignments", metavar="NAME=VALUE ...", nargs=-1)
@json_option
def change_terms(
    *, trading_bot_id: str, sizing: Sizing | None, assignments: tuple[str, ...], as_json: bool
) -> None:
    """Change a bot's sizing and settings, for signals from now on (`bots create --set help` lists them)."""
    if sizing is None and not assignments:
        raise WrongUse("give --sizing or at least one NAME=VALUE")
    open_database(TradingBot)
    bot = _find(trading_bot_id)
    try:
        written = to_row(apply_settings(bot.settings, assignments))
    except ValueError as error:
        raise WrongUse(f"{error} (bots create --set help lists all)") from None
    names = [assignment.partition("=")[0] for assignment in assignments]
    if not bots.change_terms(trading_bot_id, sizing, {name: written[name] for name in names}):
        raise CommandError(f"bot {trading_bot_id} was stopped: make another one")
    after = dict(assignment.split("=", 1) for assignment in assignments)
    before = {name: write_setting(getattr(bot.settings, name)) for name in after}
    if sizing is not None:
        before["sizing"], after["sizing"] = str(bot.sizing), str(sizing)
    audit("bot.set", trading_bot_id, {}, now(), before=before, after=after)
    show_done(_stored(trading_bot_id), f"Bot {trading_bot_id} is changed.", as_json=as_json)


def _find(trading_bot_id: str) -> BotTerms:
    bot = bots.find(trading_bot_id)
    if bot is None:
        raise CommandError(f"no bot has the id {trading_bot_id[:60]!r} (bots show)")
    return bot


def _change(bot: BotTerms, state: BotState, *, as_json: bool) -> None:
    at = now()
    if bots.change_state(bot.trading_bot_id, state, at):
        before, after = {"state": str(bot.state)}, {"state": str(state)}
        audit(f"bot.{_AGAIN[state]}", bot.trading_bot_id, {}, at, before=before, after=after)
    elif _find(bot.trading_bot_id).state is not state:
        raise CommandError(f"bot {bot.trading_bot_id} was stopped and never starts again: make another one")
    show_done(_stored(bot.trading_bot_id), _DONE[state].format(bot.trading_bot_id), as_json=as_json)


def _stored(trading_bot_id: str) -> Row:
    row = rows_of(TradingBot).find_one({"_id": trading_bot_id})
    return _shown(row) if row else {}


def _shown(row: Row) -> Row:
    sizing, settings = row["sizing"], row["settings"]
    amount = "" if sizing["method"] == "kelly" else f":{sizing['amount']}"
    return {
        "id": row["_id"],
        "trading_bot_id": row["_id"],
        **{name: row[name] for name in ("user_id", "provider_id", "account_id", "state")},
        **{name: row.get(name) or "" for name in ("state_code", "state_reason")},
        "state_at": row.get("state_at") or row["created_at"],
        "sizing": f"{sizing['method']}{amount}",
        "confirm_seconds": settings.get("confirm_seconds", 0),
        "settings": settings,
        "created_at": row["created_at"],
    }

"""`flask trades`: what is open, and the operator's own hand on it.

A command is a row that a worker carries out; here it is recorded, rung for, and its end waited for.
"""

from collections.abc import Callable, Iterator
from functools import partial

import click

from shared.commands import Caller, CommandRefused, RecordedCommand, record_command
from shared.domain.commands import OPERATOR, Command, CommandKind, CommandStatus, Via, facts_of
from shared.domain.trades import TradeStatus
from shared.models import commands
from shared.models import trades as stored_trades
from shared.models.base import new_id
from shared.models.commands import Command as CommandDocument
from shared.models.mapping import Row, rows_of
from shared.models.trades import Trade
from web.commands.answers import show_done, show_rows, write_json
from web.commands.frame import CommandError, F, Group, WrongUse, json_option
from web.commands.ledger import account_option, naked_seconds
from web.commands.lookups import find_account
from web.commands.session import now, open_database
from web.commands.waiting import wait_for, wait_options

WAIT_SECONDS = 20
_ALIVE = [str(TradeStatus.PENDING), str(TradeStatus.OPEN)]
_HIDDEN = ("cover_check_at", "changed_by")
_COLUMNS = (
    "id", "symbol", "side", "status", "entered", "held", "coverable", "resting", "managed", "naked_seconds",
    "stop_price", "targets", "close_reason", "errors",
)  # fmt: skip
_LISTED = 5


@click.group("trades", cls=Group)
def trades() -> None:
    """Trades, from entry to exit: look at them, close them, move their stops."""


@trades.command("show")
@account_option
@click.option("--message", "message_id", help="Its id at Discord.")
@click.option("--status", type=click.Choice([str(status) for status in TradeStatus]))
@json_option
def show(*, account_text: str | None, message_id: str | None, status: str | None, as_json: bool) -> None:
    """Show trades, oldest first; naked_seconds counts the time without a stop, up to now where it still runs."""
    open_database(Trade)
    query: Row = {"account_id": find_account(account_text)["_id"]} if account_text else {}
    query |= {"message_id": message_id} if message_id else {}
    query |= {"status": status} if status else {}
    show_rows(_shown(query), _COLUMNS, as_json=as_json, empty="No trades.")


def _which(command: F) -> F:
    """Add the ways to name one trade."""
    command = click.option("--symbol", help="With --account: the open trade of this symbol.")(command)
    command = account_option(command)
    return click.option("--trade", "trade_id", help="Its id (trades show).")(command)


@trades.command("close")
@_which
@click.option("--percent", default="100", show_default=True, help="Of what is held, 1 to 100.")
@wait_options(WAIT_SECONDS)
@json_option
def close(
    *,
    trade_id: str | None,
    account_text: str | None,
    symbol: str | None,
    percent: str,
    timeout_seconds: float,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Close at market what is held, or a part of it; all of it cancels waiting entries too."""
    find = partial(_find_trade, trade_id, account_text, symbol)
    _ask(find, CommandKind.CLOSE, percent, None if no_wait else timeout_seconds, as_json=as_json)


@trades.command("move-stop")
@_which
@click.option("--price", required=True, help="The new stop; rounded to what the venue takes.")
@wait_options(WAIT_SECONDS)
@json_option
def move_stop(
    *,
    trade_id: str | None,
    account_text: str | None,
    symbol: str | None,
    price: str,
    timeout_seconds: float,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Move the stop, closer or further away, on its side of the market."""
    find = partial(_find_trade, trade_id, account_text, symbol)
    _ask(find, CommandKind.MOVE_STOP, price, None if no_wait else timeout_seconds, as_json=as_json)


@trades.command("cancel-entry")
@_which
@wait_options(WAIT_SECONDS)
@json_option
def cancel_entry(
    *,
    trade_id: str | None,
    account_text: str | None,
    symbol: str | None,
    timeout_seconds: float,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Cancel what waits to enter, and keep what was filled."""
    find = partial(_find_trade, trade_id, account_text, symbol)
    _ask(find, CommandKind.CANCEL_ENTRY, None, None if no_wait else timeout_seconds, as_json=as_json)


def _ask(
    find: Callable[[], str], kind: CommandKind, value: str | None, patience: float | None, *, as_json: bool
) -> None:
    """Record a command, wait for its end, and tell it.

    Raises
    ------
    CommandError
        If it is refused, or has not ended within `patience` seconds; without patience it is recorded only.
    """
    open_database(Trade, CommandDocument)
    caller = Caller(OPERATOR, Via.CLI, request_id=new_id())
    try:
        recorded = record_command(caller, find(), kind, value, now())
    except CommandRefused as refusal:
        raise CommandError(str(refusal)) from None
    command = recorded.command
    if patience is not None:
        wait_for(partial(_has_ended, command.command_id), patience)
    command = commands.find(command.command_id) or command
    row = _answer(command, recorded)
    if command.status is CommandStatus.DONE or patience is None:
        show_done(row, command.sentence or f"Command {command.command_id} is recorded", as_json=as_json)
        return
    if as_json:
        write_json(row)
    if command.status is CommandStatus.REFUSED:
        raise CommandError(f"refused ({command.code}): {command.sentence}")
    waits = f": {command.sentence}" if command.sentence else ""
    raise CommandError(f"not done after {patience:g} s; it goes on (trades show){waits}")


def _has_ended(command_id: str) -> bool:
    found = commands.find(command_id)
    return found is None or found.status is not CommandStatus.PENDING


def _answer(command: Command, recorded: RecordedCommand) -> Row:
    trade = stored_trades.find(command.trade_id)
    names = ("trade_id", "account_id", "user_id", "kind", "value", "by", "via", "status", "code", "sentence")
    return {
        "id": command.command_id,
        "command_id": command.command_id,
        **{name: getattr(command, name) for name in names},
        "at": command.at,
        "ended_at": command.ended_at,
        "created": recorded.created,
        "trade": facts_of(trade) if trade else None,
    }


def _find_trade(trade_id: str | None, account_text: str | None, symbol: str | None) -> str:
    """Name one trade: by its id, or as the one that is open in an account and symbol."""
    if trade_id:
        if account_text or symbol:
            raise WrongUse("give --trade, or --account with --symbol, not both")
        return trade_id
    if not account_text or not symbol:
        raise WrongUse("say which trade: --trade, or --account with --symbol")
    account_id = find_account(account_text)["_id"]
    query = {"account_id": account_id, "status": {"$in": _ALIVE}, "symbol": symbol.strip().upper()}
    found = [row["_id"] for row in rows_of(Trade).find(query, {"_id": 1}).limit(_LISTED)]
    if not found:
        raise CommandError(f"account {account_text[:60]!r} has no open trade of {symbol[:40]!r}")
    if len(found) > 1:
        raise CommandError(f"several trades of {symbol} are open: give --trade, one of {', '.join(found)}")
    return str(found[0])


def _shown(query: Row) -> Iterator[Row]:
    found = rows_of(Trade).find(query, dict.fromkeys(_HIDDEN, False)).sort([("created_at", 1), ("_id", 1)])
    for row in found:
        yield {"id": row.pop("_id"), **row, "naked_seconds": naked_seconds(row)}

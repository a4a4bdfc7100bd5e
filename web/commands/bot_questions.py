"""`flask bots confirmations | confirm | refuse`: what bots ask their owners before they trade, and the answers."""

import click

from shared.commands import CommandRefused
from shared.confirming import answer_confirmation
from shared.domain.commands import OPERATOR, Via
from shared.domain.confirmations import Confirmation as Question
from shared.models import confirmations
from shared.models.confirmations import Confirmation
from shared.models.mapping import Row
from web.commands.answers import plain, show_done, show_rows
from web.commands.frame import Command, CommandError, F, json_option
from web.commands.lookups import find_user
from web.commands.session import audit, now, open_database

_COLUMNS = ("id", "state", "code", "side", "symbol", "user_id", "trading_bot_id", "asked_at", "expires_at")
_MOST = 200


def _question_option(command: F) -> F:
    return click.option(
        "--confirmation", "confirmation_id", required=True, help="Its id (bots confirmations)."
    )(command)


@click.command("confirmations", cls=Command)
@click.option("--user", "user_text", help="Id, Discord id or name.")
@json_option
def list_questions(*, user_text: str | None, as_json: bool) -> None:
    """Show what bots with confirm_seconds have asked, the newest first."""
    open_database(Confirmation)
    user_id = find_user(user_text)["_id"] if user_text else None
    rows = [_shown(question) for question in confirmations.newest(user_id, _MOST)]
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No bot has asked anything.")


@click.command("confirm", cls=Command)
@_question_option
@json_option
def confirm(*, confirmation_id: str, as_json: bool) -> None:
    """Say yes: the signal passes all gates once more, and is traded within seconds."""
    _answer(confirmation_id, is_yes=True, as_json=as_json)


@click.command("refuse", cls=Command)
@_question_option
@json_option
def refuse(*, confirmation_id: str, as_json: bool) -> None:
    """Say no: the signal is not traded."""
    _answer(confirmation_id, is_yes=False, as_json=as_json)


def _answer(confirmation_id: str, *, is_yes: bool, as_json: bool) -> None:
    open_database(Confirmation)
    at = now()
    try:
        answered = answer_confirmation(OPERATOR, Via.CLI, confirmation_id, is_yes=is_yes, now=at)
    except CommandRefused as refusal:
        raise CommandError(f"{refusal} ({refusal.code})") from None
    word = "confirmed" if is_yes else "refused"
    if answered.created:
        audit(f"confirmation.{word}", confirmation_id, {"via": str(Via.CLI)}, at)
    row = {**_shown(answered.confirmation), "created": answered.created}
    show_done(row, f"{confirmation_id} is {word}; receipts show what becomes of it.", as_json=as_json)


def _shown(question: Question) -> Row:
    row: Row = plain(question)
    return {"id": row["confirmation_id"], **row}

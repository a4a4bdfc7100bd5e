"""`flask wait --idle`: the end of a test run is when nothing is on its way any more, twice in a row."""

import math
import time
from typing import NoReturn

import click
from pymongo.errors import PyMongoError

from shared.models import commands, confirmations, flattens, messages, orders, outbox, rotations
from shared.models.messages import MessageStatus
from web.commands.answers import show_done, write_json
from web.commands.frame import Command, CommandError, WrongUse, first_line, json_option
from web.commands.session import open_database

_LOOK_SECONDS = 0.3
_MAX_TIMEOUT_SECONDS = 86_400


@click.command("wait", cls=Command)
@click.option("--idle", is_flag=True, help="Until no message, order, command or event is on its way.")
@click.option(
    "--timeout",
    "timeout_seconds",
    type=click.FloatRange(0, _MAX_TIMEOUT_SECONDS),
    default=60,
    show_default=True,
    metavar="SECONDS",
)
@json_option
def wait(*, idle: bool, timeout_seconds: float, as_json: bool) -> None:
    """Wait until everything that came in has its end; exit status 1 tells what still moves."""
    if not idle:
        raise WrongUse("say what to wait for: --idle")
    if not math.isfinite(timeout_seconds):
        raise WrongUse("--timeout must be a number of seconds")
    started = time.monotonic()
    open_database()
    moving = _look()
    while True:
        was_idle = not any(moving.values())
        if not was_idle and time.monotonic() - started >= timeout_seconds:
            _give_up(moving, timeout_seconds, as_json=as_json)
        time.sleep(_LOOK_SECONDS)
        moving = _look()
        if was_idle and not any(moving.values()):
            break
    seconds = round(time.monotonic() - started, 1)
    show_done({"idle": True, **moving, "seconds": seconds}, f"Idle after {seconds} s", as_json=as_json)


def _give_up(moving: dict[str, int], timeout_seconds: float, *, as_json: bool) -> NoReturn:
    if as_json:
        write_json({"idle": False, **moving})
    still = ", ".join(f"{count} {name}" for name, count in moving.items() if count)
    raise CommandError(f"not idle after {timeout_seconds:g} s: {still}")


def _look() -> dict[str, int]:
    """Count what is on its way; a database that is away is still on its way, not an end."""
    try:
        return {
            "messages_pending": messages.count_by_status([MessageStatus.PENDING]),
            "orders_unresolved": orders.count_unresolved(),
            "commands_pending": commands.count_pending()
            + flattens.count_pending()
            + confirmations.count_answered(),
            "rotations_pending": rotations.count_pending(),
            "events_undelivered": outbox.count_undelivered(),
        }
    except PyMongoError as error:
        return {f"database away ({first_line(error)})": 1}

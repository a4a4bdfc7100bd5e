"""`flask messages`: what became of every revision of every message, and a second chance for the failed."""

from typing import Any

import click

from shared.models import messages as inbox
from shared.models.mapping import Row, rows_of
from shared.models.messages import Message, MessageStatus
from shared.tasks import TaskName, enqueue
from web.commands.answers import show_done, show_rows
from web.commands.frame import CommandError, Group, json_option
from web.commands.session import audit, now, open_database

_COLUMNS = ("message_id", "revision", "event", "status", "reason", "author_name", "content", "posted_at")
_SHOWN = (
    "source", "guild_id", "channel_id", "message_id", "revision", "event", "author_id", "author_name",
    "is_webhook", "content", "reply_to", "posted_at", "edited_at", "recorded_at", "status", "reason", "detail",
    "rings", "heard", "provider_id", "signal_id", "notes",
)  # fmt: skip


def message_query(text: str | None) -> Row:
    """Write the query for a message by Discord's id or by our row's; everything without one."""
    return {"$or": [{"message_id": text}, {"_id": text}]} if text else {}


@click.group("messages", cls=Group)
def messages() -> None:
    """The inbox."""


@messages.command("show")
@click.option("--message", "message_text", help="Its id at Discord, or ours.")
@json_option
def show(*, message_text: str | None, as_json: bool) -> None:
    """Show messages with their status and reason, oldest first."""
    open_database(Message)
    found = rows_of(Message).find(message_query(message_text)).sort([("posted_at", 1), ("revision", 1)])
    rows = (_shown(row) for row in found)
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No messages.")


@messages.command("replay")
@click.option("--message", "message_text", required=True, help="Its id at Discord, or ours.")
@json_option
def replay(*, message_text: str, as_json: bool) -> None:
    """Put a failed message back to pending and ring for it."""
    open_database(Message)
    rows = list(
        rows_of(Message).find(message_query(message_text), {"status": 1, "message_id": 1, "revision": 1})
    )
    if not rows:
        raise CommandError(f"no message has the id {message_text[:60]!r}")
    at = now()
    replayed = [row for row in rows if inbox.replay(row["_id"], at)]
    if not replayed:
        states = ", ".join(sorted({row["status"] for row in rows}))
        raise CommandError(f"only {MessageStatus.FAILED} messages can be replayed; this one is {states}")
    for row in replayed:
        audit("message.replay", row["_id"], {"message_id": row["message_id"]}, at)
        rung = enqueue(TaskName.SIGNALS_INGEST, row["_id"])
        show_done(
            {"id": row["_id"], "message_id": row["message_id"], "revision": row["revision"], "rung": rung},
            f"Message {row['message_id']} revision {row['revision']} is pending again",
            as_json=as_json,
        )


def _shown(row: Row) -> dict[str, Any]:
    return {"id": row["_id"], **{name: row.get(name) for name in _SHOWN}}

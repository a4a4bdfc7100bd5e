"""Commands of users and of a flatten: recorded once, begun before they act, ended once."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mongoengine import fields
from pymongo import UpdateOne

from shared.domain.commands import Command as CommandValue
from shared.domain.commands import CommandKind, CommandStatus
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, hints_of, rows_of, to_row
from shared.models.signals import insert_many_once

RING_SECONDS = 5
_PENDING = str(CommandStatus.PENDING)


class Command(BaseDocument):
    """Owner: a user. Inserted by web, command line, bot and a flatten; carried out and ended by workers."""

    command_id = fields.StringField(primary_key=True)
    trade_id = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    account_id = fields.StringField(required=True)
    kind = fields.StringField(required=True)
    value = fields.Decimal128Field(null=True)
    by = fields.StringField(required=True)
    via = fields.StringField(required=True)
    status = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    exit_reason = fields.StringField()
    halt_id = fields.StringField(null=True)
    begun_at = fields.DateTimeField(null=True)
    applied_at = fields.DateTimeField(null=True)
    ended_at = fields.DateTimeField(null=True)
    code = fields.StringField()
    sentence = fields.StringField()
    before = fields.DictField()

    meta = {
        "collection": "commands",
        "indexes": [
            ["trade_id", "status"],
            {"fields": ["status", "next_check_at"], "partialFilterExpression": {"status": _PENDING}},
            ["halt_id", "status"],
            ["user_id", "-at"],
            {"fields": ["at"], "expireAfterSeconds": 730 * 86400},
        ],
    }


@dataclass(frozen=True, slots=True)
class Counts:
    """How many commands of a flatten stand where."""

    pending: int = 0
    done: int = 0
    refused: int = 0

    @property
    def found(self) -> int:
        """All of them."""
        return self.pending + self.done + self.refused


@dataclass(frozen=True, slots=True)
class End:
    """How a command that was read ends."""

    command: CommandValue
    status: CommandStatus
    code: str
    sentence: str
    at: datetime


def create_many_once(commands: Sequence[CommandValue]) -> set[str]:
    """Insert commands, leaving those that are there; return the ids of those that were."""
    return insert_many_once(Command, [to_row(command, "command_id") for command in commands])


def find(command_id: str) -> CommandValue | None:
    """Read one command."""
    row = rows_of(Command).find_one({"_id": command_id})
    return _domain(row) if row else None


def find_pending(command_ids: Many[str]) -> list[CommandValue]:
    """Read those of several commands that have not ended, oldest first."""
    found = map(_domain, rows_of(Command).find({"_id": {"$in": list(command_ids)}, "status": _PENDING}))
    return sorted(found, key=lambda command: (command.at, command.command_id))


def pending_of_trades(trade_ids: Many[str]) -> list[str]:
    """List the ids of commands that wait for something of these trades."""
    query = {"trade_id": {"$in": list(trade_ids)}, "status": _PENDING}
    return [row["_id"] for row in rows_of(Command).find(query, {"_id": 1})]


def last_stop_moves(trade_ids: Many[str]) -> dict[str, str]:
    """Return for each trade the id of the newest command that moves its stop and was not refused."""
    query = {
        "trade_id": {"$in": list(trade_ids)},
        "status": {"$in": [_PENDING, str(CommandStatus.DONE)]},
        "kind": str(CommandKind.MOVE_STOP),
    }
    found = sorted(rows_of(Command).find(query, {"trade_id": 1, "at": 1}), key=lambda r: (r["at"], r["_id"]))
    return {row["trade_id"]: row["_id"] for row in found}


def begin(command_ids: Many[str], at: datetime) -> set[str]:
    """Mark commands as begun, before they act; return the ids of those that may: the pending ones."""
    query = {"_id": {"$in": list(command_ids)}, "status": _PENDING}
    change = [{"$set": {"begun_at": {"$ifNull": ["$begun_at", at]}}}]
    rows_of(Command).update_many(query, change)
    return {row["_id"] for row in rows_of(Command).find(query, {"_id": 1})}


def mark_applied(command_ids: Many[str], at: datetime) -> None:
    """Tell that the trades have been changed as the commands ask."""
    query = {"_id": {"$in": list(command_ids)}, "applied_at": None}
    rows_of(Command).update_many(query, {"$set": {"applied_at": at}})


def end_many(ends: Sequence[End], *, wait: bool = True) -> None:
    """End commands, each once and only if it stands as it was read. `wait` as in `shared.models.durable`."""
    writes = [
        UpdateOne(
            {"_id": end.command.command_id, "status": _PENDING, "begun_at": end.command.begun_at},
            {
                "$set": {
                    "status": str(end.status),
                    "code": end.code,
                    "sentence": end.sentence,
                    "ended_at": end.at,
                }
            },
        )
        for end in ends
    ]
    (rows_of(Command) if wait else hints_of(Command)).bulk_write(writes, ordered=False)


def look_again(sentences: Mapping[str, str], next_check_at: datetime) -> None:
    """Put off the next look at commands and note what each waits for."""
    for sentence in set(sentences.values()):
        waiting = [command_id for command_id, said in sentences.items() if said == sentence]
        query = {"_id": {"$in": waiting}, "status": _PENDING}
        change = {"next_check_at": next_check_at, "sentence": sentence}
        hints_of(Command).update_many(query, {"$set": change})


def take_due(now: datetime, limit: int) -> list[str]:
    """Pick pending commands that are due, oldest first, and move their next look on in the same pass."""
    query = {"status": _PENDING, "next_check_at": {"$lte": now}}
    picked = [
        row["_id"] for row in rows_of(Command).find(query, {"_id": 1}).sort("next_check_at", 1).limit(limit)
    ]
    if picked:
        later = now + timedelta(seconds=RING_SECONDS)
        hints_of(Command).update_many({"_id": {"$in": picked}}, {"$set": {"next_check_at": later}})
    return picked


def count_pending() -> int:
    """Count commands that have not ended."""
    return rows_of(Command).count_documents({"status": _PENDING})


def trades_of_halt(halt_id: str) -> set[str]:
    """List the trades that have their command of a flatten."""
    return {row["trade_id"] for row in rows_of(Command).find({"halt_id": halt_id}, {"trade_id": 1})}


def count_of_halt(halt_id: str) -> Counts:
    """Count a flatten's commands by status."""
    stages: list[Row] = [
        {"$match": {"halt_id": halt_id}},
        {"$group": {"_id": "$status", "count": {"$sum": 1}}},
    ]
    return Counts(**{row["_id"]: row["count"] for row in rows_of(Command).aggregate(stages)})


def _domain(row: Row) -> CommandValue:
    return from_row(CommandValue, row, "command_id")

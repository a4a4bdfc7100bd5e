"""Questions to followers who want to be asked first: asked once, answered once, ended once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mongoengine import fields

from shared.domain.commands import Via
from shared.domain.confirmations import Confirmation as ConfirmationValue
from shared.domain.confirmations import ConfirmationState
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, hints_of, rows_of, to_row
from shared.models.signals import insert_many_once

RING_SECONDS = 5
_ASKED = str(ConfirmationState.ASKED)
_CONFIRMED = str(ConfirmationState.CONFIRMED)


class Confirmation(BaseDocument):
    """Owner: a user. Inserted by workers; answered through web, command line and bot; ended by workers."""

    confirmation_id = fields.StringField(primary_key=True)
    signal_id = fields.StringField(required=True)
    trading_bot_id = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    account_id = fields.StringField(required=True)
    provider_id = fields.StringField(required=True)
    source = fields.StringField(required=True)
    channel_id = fields.StringField(required=True)
    message_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    side = fields.StringField(required=True)
    state = fields.StringField(required=True, choices=tuple(map(str, ConfirmationState)))
    asked_at = fields.DateTimeField(required=True)
    expires_at = fields.DateTimeField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    is_pending = fields.BooleanField(required=True)
    code = fields.StringField()
    by = fields.StringField()
    via = fields.StringField(null=True)
    answered_at = fields.DateTimeField(null=True)

    meta = {
        "collection": "confirmations",
        "indexes": [
            {"fields": ["is_pending", "next_check_at"], "partialFilterExpression": {"is_pending": True}},
            ["source", "channel_id", "message_id"],
            ["user_id", "-asked_at"],
            {"fields": ["asked_at"], "expireAfterSeconds": 730 * 86400},
        ],
    }


def create_many_once(asked: Sequence[ConfirmationValue], *, wait: bool = True) -> set[str]:
    """Insert questions, leaving those that are there; return the ids of those. `wait` as in `shared.models.durable`."""
    return insert_many_once(Confirmation, [to_row(one, "confirmation_id") for one in asked], wait=wait)


def find(confirmation_id: str) -> ConfirmationValue | None:
    """Read one question."""
    row = rows_of(Confirmation).find_one({"_id": confirmation_id})
    return _domain(row) if row else None


def find_many(confirmation_ids: Sequence[str]) -> dict[str, ConfirmationValue]:
    """Read several questions, by id."""
    rows = rows_of(Confirmation).find({"_id": {"$in": list(confirmation_ids)}})
    return {row["_id"]: _domain(row) for row in rows}


def newest(user_id: str | None, limit: int) -> list[ConfirmationValue]:
    """List the newest questions, of one user where given, newest first."""
    query = {} if user_id is None else {"user_id": user_id}
    return [_domain(row) for row in rows_of(Confirmation).find(query).sort("asked_at", -1).limit(limit)]


def answer(confirmation_id: str, state: ConfirmationState, by: str, via: Via, at: datetime) -> bool:
    """Write a follower's answer, if none is there and the question is still good; tell whether it was written."""
    query = {"_id": confirmation_id, "state": _ASKED, "expires_at": {"$gt": at}}
    change = {"state": str(state), "by": by, "via": str(via), "answered_at": at, "next_check_at": _ring(at)}
    return rows_of(Confirmation).update_one(query, {"$set": change}).modified_count == 1


def expire(confirmation_ids: Sequence[str], code: str, at: datetime) -> int:
    """End questions that nobody has answered, with the code that says why; return how many."""
    query = {"_id": {"$in": list(confirmation_ids)}, "state": _ASKED}
    change = {
        "state": str(ConfirmationState.EXPIRED),
        "code": code,
        "answered_at": at,
        "next_check_at": _ring(at),
    }
    return rows_of(Confirmation).update_many(query, {"$set": change}).modified_count


def asked_of_message(source: str, channel_id: str, message_id: str) -> list[str]:
    """List the ids of a message's questions that nobody has answered."""
    query = {"source": source, "channel_id": channel_id, "message_id": message_id, "state": _ASKED}
    return [row["_id"] for row in rows_of(Confirmation).find(query, {"_id": 1})]


def end(confirmation: ConfirmationValue, code: str) -> bool:
    """Note that the receipt says how a question ended, with its code; a yes is DONE by that."""
    done = {"$cond": [{"$eq": ["$state", _CONFIRMED]}, str(ConfirmationState.DONE), "$state"]}
    query = {"_id": confirmation.confirmation_id, "is_pending": True, "state": {"$ne": _ASKED}}
    change = [{"$set": {"is_pending": False, "code": code, "state": done}}]
    return rows_of(Confirmation).update_one(query, change).modified_count == 1


def look_again(confirmation_id: str, at: datetime) -> None:
    """Put off the next look at a question."""
    query = {"_id": confirmation_id, "is_pending": True}
    hints_of(Confirmation).update_one(query, {"$set": {"next_check_at": at}})


def take_due(now: datetime, limit: int) -> list[str]:
    """Pick questions that are due, oldest first, and move their next look on in the same pass."""
    query = {"is_pending": True, "next_check_at": {"$lte": now}}
    rows = rows_of(Confirmation).find(query, {"_id": 1}).sort("next_check_at", 1).limit(limit)
    picked = [row["_id"] for row in rows]
    if picked:
        again = {"$set": {"next_check_at": _ring(now)}}
        hints_of(Confirmation).update_many({"_id": {"$in": picked}, "is_pending": True}, again)
    return picked


def count_answered() -> int:
    """Count answers that have not been carried out."""
    return rows_of(Confirmation).count_documents({"is_pending": True, "state": {"$ne": _ASKED}})


def _ring(at: datetime) -> datetime:
    return at + timedelta(seconds=RING_SECONDS)


def _domain(row: Row) -> ConfirmationValue:
    return from_row(ConfirmationValue, row, "confirmation_id")

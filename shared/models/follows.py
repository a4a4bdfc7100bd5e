"""Who asked to follow a provider that approves its followers one by one, and what it said."""

from collections.abc import Collection as Many
from dataclasses import dataclass
from datetime import datetime

from mongoengine import fields

from shared.domain.following import FollowState
from shared.domain.identifiers import follow_id
from shared.models.base import BaseDocument
from shared.models.mapping import from_row, rows_of
from shared.models.together import Find


@dataclass(frozen=True, slots=True)
class FollowRecord:
    """One user's wish to follow one provider; `by` is who decided last, `at` when."""

    follow_id: str
    user_id: str
    provider_id: str
    state: FollowState
    by: str
    at: datetime


class Follow(BaseDocument):
    """Owner: a provider's community. Written by web and the command line: asked once, decided any number of times."""

    follow_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    provider_id = fields.StringField(required=True)
    state = fields.StringField(required=True, choices=tuple(map(str, FollowState)))
    by = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)

    meta = {"collection": "follows", "indexes": [["provider_id", "state", "at"], ["user_id"]]}


def ask_once(user_id: str, provider_id: str, at: datetime) -> None:
    """Record that a user wants to follow; what has been decided stays as it is."""
    born = {"user_id": user_id, "provider_id": provider_id, "state": str(FollowState.ASKED)}
    change = {"$setOnInsert": {**born, "by": user_id, "at": at}}
    rows_of(Follow).update_one({"_id": follow_id(user_id, provider_id)}, change, upsert=True)


def decide(user_id: str, provider_id: str, state: FollowState, by: str, at: datetime) -> None:
    """Approve or refuse a user, asked or not; the same decision again changes only its time."""
    row = {"user_id": user_id, "provider_id": provider_id, "state": str(state), "by": by, "at": at}
    rows_of(Follow).replace_one({"_id": follow_id(user_id, provider_id)}, row, upsert=True)


def finding_of(provider_id: str, user_ids: Many[str]) -> Find[dict[str, FollowState]]:
    """Return the find of what a provider has said to several users, by user."""
    return Find(
        Follow,
        {"_id": {"$in": [follow_id(user_id, provider_id) for user_id in user_ids]}},
        lambda rows: {row["user_id"]: FollowState(row["state"]) for row in rows},
        fields=("user_id", "state"),
    )


def of_provider(provider_id: str) -> list[FollowRecord]:
    """List who asked to follow a provider, by state and time."""
    rows = rows_of(Follow).find({"provider_id": provider_id}).sort([("state", 1), ("at", 1)])
    return [from_row(FollowRecord, row, "follow_id") for row in rows]

"""Signal hooks: the sealed secrets by which a provider's posts are known, and the requests that were taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mongoengine import fields
from pymongo.errors import DuplicateKeyError

from shared.models.base import BaseDocument
from shared.models.mapping import Row, hints_of, rows_of
from shared.models.providers import Provider, hook_author_id

TAKEN_OVER_AFTER = timedelta(seconds=10)
"""Who took a request and has not finished it by then has died; another may."""


class HookRequest(BaseDocument):
    """Owner: the operator. Inserted by web, one row per signed request; a second one like it is a replay."""

    digest = fields.StringField(primary_key=True)
    provider_id = fields.StringField(required=True)
    received_at = fields.DateTimeField(required=True)
    done = fields.BooleanField(required=True)

    meta = {
        "collection": "hook_requests",
        "indexes": [{"fields": ["received_at"], "expireAfterSeconds": 86400}],
    }


@dataclass(frozen=True, slots=True)
class Hook:
    """A provider's hook; the boxes open under SECRET_KEY, `previous` until `previous_until`."""

    provider_id: str
    guild_id: str
    channel_ids: tuple[str, ...]
    sealed: bytes
    previous: bytes | None = None
    previous_until: datetime | None = None
    takes_secret_in_body: bool = False

    @property
    def author_id(self) -> str:
        """The author of what comes through this hook."""
        return hook_author_id(self.provider_id)


def new_hook_row(sealed: bytes, *, takes_secret_in_body: bool) -> Row:
    """Return the `hook` of a provider that is being created."""
    return {"sealed": sealed, "takes_secret_in_body": takes_secret_in_body}


def find_hook(provider: str) -> Hook | None:
    """Find the hook of an active provider by its id or name; None where there is none."""
    # One question for what exists and what does not: the answers take the same time.
    query = {"$or": [{"_id": provider}, {"name": provider}], "active": True}
    wanted = ("guild_id", "channel_ids", "hook")
    rows = list(rows_of(Provider).find(query, dict.fromkeys(wanted, 1)).limit(2))
    # An id of one may be the name of another: the id goes first.
    for row in sorted(rows, key=lambda row: row["_id"] != provider):
        return _hook(row)
    return None


def rotate_secret(
    provider_id: str, sealed: bytes, previous_until: datetime | None, *, takes_secret_in_body: bool | None
) -> Hook | None:
    """Give a provider's hook a new secret; the one before it stays good until `previous_until` (None: it ends now).

    `takes_secret_in_body` None leaves that as it is. Returns the hook as it is now; None where the provider is gone.
    """
    kept: Any = {"previous": {"$ifNull": ["$hook.sealed", None]}, "previous_until": previous_until}
    if previous_until is None:
        kept = {"previous": None, "previous_until": None}
    allowed: Any = {"$ifNull": ["$hook.takes_secret_in_body", False]}
    if takes_secret_in_body is not None:
        allowed = takes_secret_in_body
    # A constant in a pipeline must be marked as one: bytes and texts that begin with $ would be read.
    hook = {"sealed": {"$literal": sealed}, "takes_secret_in_body": allowed, **kept}
    row = rows_of(Provider).find_one_and_update(
        {"_id": provider_id}, [{"$set": {"hook": hook}}], return_document=True
    )
    return _hook(row) if row else None


class Taken(StrEnum):
    """What came of the wish to take a request."""

    FIRST = "first"
    OVER = "over"
    BUSY = "busy"
    DONE = "done"


def take_request(digest: str, provider_id: str, now: datetime) -> Taken:
    """Take a request: FIRST; OVER from somebody who died with it; or not, because it is BUSY elsewhere, or DONE."""
    row = {"_id": digest, "provider_id": provider_id, "received_at": now, "done": False}
    try:
        rows_of(HookRequest).insert_one(row)
    except DuplicateKeyError:
        pass
    else:
        return Taken.FIRST
    abandoned = {"_id": digest, "done": False, "received_at": {"$lt": now - TAKEN_OVER_AFTER}}
    if rows_of(HookRequest).update_one(abandoned, {"$set": {"received_at": now}}).modified_count:
        return Taken.OVER
    held = rows_of(HookRequest).find_one({"_id": digest}, {"done": 1})
    return Taken.DONE if held is not None and held["done"] else Taken.BUSY


def finish_request(digest: str) -> None:
    """Say that what a request brought is recorded."""
    # A hint: who does not find it takes the request over, finds the message there and adds nothing.
    hints_of(HookRequest).update_one({"_id": digest}, {"$set": {"done": True}})


def give_back(digest: str) -> None:
    """Let a request that could not be recorded be tried again at once."""
    rows_of(HookRequest).delete_one({"_id": digest, "done": False})


def _hook(row: Mapping[str, Any]) -> Hook | None:
    held = row.get("hook")
    if not held or not held.get("sealed"):
        return None
    return Hook(
        provider_id=row["_id"],
        guild_id=row.get("guild_id") or "",
        channel_ids=tuple(row.get("channel_ids") or ()),
        sealed=bytes(held["sealed"]),
        previous=bytes(held["previous"]) if held.get("previous") else None,
        previous_until=held.get("previous_until"),
        takes_secret_in_body=bool(held.get("takes_secret_in_body")),
    )

"""Sealed credentials, and the refreshing of those that end: a row is never overwritten with another secret.

A new secret of an account is a new row. Where tokens were refreshed it names the one that it replaces, which only one
row can; the account is turned to it and the old row goes. Whoever dies between these steps is followed by another.
"""

from collections.abc import Collection as Many
from dataclasses import dataclass
from datetime import datetime, timedelta

from mongoengine import fields
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, raw_rows_of, rows_of

LEASE_SECONDS = 60
"""Longer than a question to a provider may take, several times."""


class Credential(BaseDocument):
    """Owner: a user. Written by web (sealed, never readable there); opened, refreshed and sealed anew, by workers only."""

    credential_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    account_id = fields.StringField(required=True)
    key_id = fields.StringField(required=True)
    sealed = fields.BinaryField(required=True)
    created_at = fields.DateTimeField(required=True)
    rotation_id = fields.StringField(null=True)
    rotation_code = fields.StringField(null=True)
    provider = fields.StringField(null=True)
    expires_at = fields.DateTimeField(null=True)
    refresh_at = fields.DateTimeField(null=True)
    replaces = fields.StringField(null=True)
    lease_id = fields.StringField(null=True)
    lease_until = fields.DateTimeField(null=True)
    asked_at = fields.DateTimeField(null=True)
    tries = fields.IntField()
    told_late = fields.BooleanField()

    meta = {
        "collection": "credentials",
        "indexes": [
            ["user_id"],
            ["account_id"],
            ["key_id"],
            ["rotation_id", "rotation_code"],
            {"fields": ["refresh_at"], "partialFilterExpression": {"refresh_at": {"$type": "date"}}},
            # Two workers that refreshed the same tokens: one of them has won.
            {
                "fields": ["replaces"],
                "unique": True,
                "partialFilterExpression": {"replaces": {"$type": "string"}},
            },
        ],
    }


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """One sealed secret; open it with `vault.credential_record(account_id, credential_id)`.

    `provider` is the OAuth provider that gave it, None for a key. `refresh_at` is when it is refreshed, None where it
    does not end. `asked_at` is when a refresh was asked for whose outcome nobody has written down.
    """

    credential_id: str
    user_id: str
    account_id: str
    key_id: str
    sealed: bytes
    created_at: datetime
    provider: str | None = None
    expires_at: datetime | None = None
    refresh_at: datetime | None = None
    replaces: str | None = None
    asked_at: datetime | None = None
    tries: int = 0
    told_late: bool = False


def find_credentials(credential_ids: Many[str]) -> dict[str, SealedCredential]:
    """Read several sealed credentials in one query, by id."""
    rows = raw_rows_of(Credential).find({"_id": {"$in": list(credential_ids)}})
    return {row["_id"]: _domain(row) for row in rows}


def insert_once(row: Row) -> bool:
    """Store a sealed credential; False where another row replaces the same one."""
    try:
        rows_of(Credential).insert_one(row)
    except DuplicateKeyError:
        return False
    return True


def delete(credential_ids: Many[str]) -> None:
    """Forget sealed credentials for good."""
    rows_of(Credential).delete_many({"_id": {"$in": list(credential_ids)}})


def of_account(account_id: str) -> list[SealedCredential]:
    """List an account's sealed credentials."""
    return [_domain(row) for row in rows_of(Credential).find({"account_id": account_id})]


def due_for_refresh(now: datetime, limit: int) -> list[str]:
    """List credentials that are to be refreshed, the most urgent first."""
    # The index holds those with a moment alone, and is used where the query says so too.
    due = {"refresh_at": {"$type": "date", "$lte": now}}
    rows = rows_of(Credential).find(due, {"_id": 1}).sort("refresh_at", 1)
    return [row["_id"] for row in rows.limit(limit)]


def claim_refresh(credential_id: str, lease_id: str) -> SealedCredential | None:
    """Take the lease of one credential, and mark that a refresh is being asked for; None where another has it.

    The row is returned as it was before: an `asked_at` in it tells of a refresh whose outcome nobody knows. The
    database's clock decides, so that no host's clock matters.
    """
    # What is absent or null sorts before every moment.
    free = {"$lte": ["$lease_until", "$$NOW"]}
    until = {"$add": ["$$NOW", LEASE_SECONDS * 1000]}
    row = rows_of(Credential).find_one_and_update(
        {"_id": credential_id, "refresh_at": {"$type": "date"}, "$expr": free},
        [{"$set": {"lease_id": lease_id, "lease_until": until, "asked_at": "$$NOW"}}],
        return_document=ReturnDocument.BEFORE,
    )
    return None if row is None else _domain(row)


def give_lease_back(
    credential_id: str, lease_id: str, again_at: datetime | None, *, is_known: bool, told_late: bool = False
) -> None:
    """End a lease without new tokens: ask again at `again_at`, or never more.

    `is_known`: the provider did not spend the token, so the mark that it was asked is taken off.
    """
    change: Row = {"lease_id": None, "lease_until": None, "refresh_at": again_at}
    if is_known:
        change["asked_at"] = None
    if told_late:
        change["told_late"] = True
    query = {"_id": credential_id, "lease_id": lease_id}
    rows_of(Credential).update_one(query, {"$set": change, "$inc": {"tries": 1}})


def successor_of(credential_id: str) -> SealedCredential | None:
    """Read the credential that replaces another one; None where there is none."""
    row = rows_of(Credential).find_one({"replaces": {"$type": "string", "$eq": credential_id}})
    return None if row is None else _domain(row)


def refresh_time(now: datetime, expires_at: datetime | None) -> datetime | None:
    """Return when to refresh what ends at a moment: with half of its life, or half an hour, still to go."""
    if expires_at is None:
        return None
    return expires_at - min(timedelta(minutes=30), (expires_at - now) / 2)


def _domain(row: Row) -> SealedCredential:
    return from_row(SealedCredential, row, "credential_id")

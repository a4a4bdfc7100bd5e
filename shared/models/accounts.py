"""Accounts: balances, and reservations that two signals at once cannot both win."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mongoengine import fields
from pymongo import UpdateOne

from shared.domain.accounts import Account as AccountState
from shared.domain.accounts import AccountStatus, Reservation
from shared.models.base import BaseDocument
from shared.models.changes import Change, change_all
from shared.models.mapping import Row, from_row, hints_of, raw_rows_of, rows_of, to_row
from shared.models.together import Find, run


class Account(BaseDocument):
    """Owner: a user. Written by web and the command line (insert, name, what is asked of its key), workers (the rest)."""

    account_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    name = fields.StringField(required=True)
    venue = fields.StringField(required=True)
    environment = fields.StringField(required=True, choices=("paper", "sandbox", "live"))
    status = fields.StringField(required=True)
    quote_asset = fields.StringField(required=True)
    version = fields.LongField(required=True)
    balance_total = fields.Decimal128Field(null=True)
    balance_free = fields.Decimal128Field(null=True)
    balance_at = fields.DateTimeField(null=True)
    credential_id = fields.StringField(null=True)
    opening_balance = fields.Decimal128Field(null=True)
    status_reason = fields.StringField()
    key_checked_at = fields.DateTimeField(null=True)
    key_rights = fields.DictField()
    login = fields.StringField(null=True)
    candidate_id = fields.StringField(null=True)
    note = fields.StringField()
    check_at = fields.DateTimeField(null=True)
    check_tries = fields.IntField()
    reservations = fields.DictField()
    settings = fields.DictField()
    holds = fields.BooleanField()
    created_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "accounts",
        "indexes": [
            ["user_id"],
            ["venue", "environment", "status"],
            # Which currencies are counted in which: answered from the index alone.
            ["status", "quote_asset", "user_id"],
            ["balance_at"],
            # Keys that wait to be checked, and accounts whose keys are to be forgotten.
            {"fields": ["check_at"], "partialFilterExpression": {"check_at": {"$type": "date"}}},
            # The sweep looks every few seconds for the few that hold something.
            {"fields": ["holds"], "partialFilterExpression": {"holds": True}},
        ],
    }


def find(account_id: str) -> AccountState | None:
    """Read one account."""
    row = rows_of(Account).find_one({"_id": account_id})
    return _domain(row) if row else None


def find_many(account_ids: Many[str]) -> dict[str, AccountState]:
    """Read several accounts in one query, by id."""
    return run(finding_many(account_ids))


def finding_many(account_ids: Many[str]) -> Find[dict[str, AccountState]]:
    """Return the find of several accounts, by id."""
    return Find(
        Account,
        {"_id": {"$in": list(account_ids)}},
        lambda rows: {row["_id"]: _domain(row) for row in rows},
    )


def finding_of_users(user_ids: Many[str]) -> Find[dict[str, AccountState]]:
    """Return the find of all accounts of several users, by account id."""
    return Find(
        Account,
        {"user_id": {"$in": list(user_ids)}},
        lambda rows: {row["_id"]: _domain(row) for row in rows},
    )


def reserve(wanted: Mapping[str, tuple[int, Mapping[str, Reservation]]]) -> set[str]:
    """Store reservations in many accounts, each only if its version is the one that was judged.

    `wanted` maps account id to (version, {intent id: reservation}). Returns the accounts that were
    won, by reading back: a reservation that an earlier pass stored counts as won.
    """
    if not wanted:
        return set()
    writes = [
        Change(
            account_id,
            {"version": version},
            {"holds": True, "version": version + 1},
            adds={"reservations": {intent: to_row(held) for intent, held in held_by_intent.items()}},
        )
        for account_id, (version, held_by_intent) in wanted.items()
    ]
    collection = raw_rows_of(Account)
    if change_all(collection, writes) == len(wanted):
        return set(wanted)
    found = collection.find({"_id": {"$in": list(wanted)}}, {"reservations": 1})
    return {row["_id"] for row in found if wanted[row["_id"]][1].keys() <= row["reservations"].keys()}


def release(account_id: str, intent_ids: Sequence[str]) -> None:
    """Give reservations back; safe to repeat."""
    release_many({account_id: intent_ids})


def release_many(intents_by_account: Mapping[str, Sequence[str]]) -> None:
    """Give reservations of several accounts back; safe to repeat."""
    writes = [
        UpdateOne(
            {"_id": account_id},
            {"$unset": {f"reservations.{intent}": "" for intent in intent_ids}, "$inc": {"version": 1}},
        )
        for account_id, intent_ids in intents_by_account.items()
        if intent_ids
    ]
    if writes:
        rows_of(Account).bulk_write(writes, ordered=False)


def touch(account_id: str) -> None:
    """Grow the version, so that a plan that judged the state before this one loses its reservation."""
    rows_of(Account).update_one({"_id": account_id}, {"$inc": {"version": 1}})


@dataclass(frozen=True, slots=True)
class BalanceRead:
    """An account's quote asset as a read that began at `at` told it; the orders of these intents had ended before."""

    account_id: str
    total: Decimal
    free: Decimal
    at: datetime
    ended_intents: Sequence[str] = ()


def record_balances(reads: Sequence[BalanceRead]) -> None:
    """Store balances and give back reservations whose orders had ended before they were read; newest wins."""
    if reads:
        rows_of(Account).bulk_write([_balance_write(read) for read in reads], ordered=False)


def _balance_write(read: BalanceRead) -> UpdateOne:
    change: Row = {
        "$set": {"balance_total": read.total, "balance_free": read.free, "balance_at": read.at},
        "$inc": {"version": 1},
    }
    if read.ended_intents:
        change["$unset"] = {f"reservations.{intent}": "" for intent in read.ended_intents}
    newer = {"_id": read.account_id, "$or": [{"balance_at": None}, {"balance_at": {"$lt": read.at}}]}
    return UpdateOne(newer, change)


def set_status(account_id: str, status: AccountStatus, reason: str) -> None:
    """Change whether the account may be traded on; `reason` is a sentence for its owner.

    One that was disconnected stays so. A key that was refused is looked at once more, by the newest secret that is
    stored: the refusal may have been of one that was replaced a moment before. That look tells the owner.
    """
    change: Row = {"$set": {"status": str(status), "status_reason": reason}, "$inc": {"version": 1}}
    if status in {AccountStatus.NEEDS_REAUTH, AccountStatus.REFUSED}:
        change["$currentDate"] = {"check_at": True}
    rows_of(Account).update_one({"_id": account_id, "status": {"$ne": str(AccountStatus.REVOKED)}}, change)


def mark_key_checked(account_id: str, at: datetime) -> None:
    """Note when a key's rights were read and found right."""
    hints_of(Account).update_one({"_id": account_id}, {"$set": {"key_checked_at": at}})


def holding_reservations(limit: int) -> list[AccountState]:
    """List accounts with reservations, for the sweep; those that have given all back are held for empty."""
    found = [_domain(row) for row in rows_of(Account).find({"holds": True}).limit(limit)]
    empty = [
        UpdateOne({"_id": account.account_id, "version": account.version}, {"$set": {"holds": False}})
        for account in found
        if not account.reservations
    ]
    if empty:
        hints_of(Account).bulk_write(empty, ordered=False)
    return [account for account in found if account.reservations]


def is_venue_used(venue: str, environment: str) -> bool:
    """Tell whether an active account trades in a venue's environment."""
    query = {"venue": venue, "environment": environment, "status": str(AccountStatus.ACTIVE)}
    return rows_of(Account).find_one(query, {"_id": 1}) is not None


def currencies_in_use() -> set[tuple[str, str]]:
    """List (an account's quote asset, its owner's display currency) of all active accounts."""
    stages: list[Row] = [
        {"$match": {"status": str(AccountStatus.ACTIVE)}},
        {"$group": {"_id": {"asset": "$quote_asset", "user": "$user_id"}}},
        {"$lookup": {"from": "users", "localField": "_id.user", "foreignField": "_id", "as": "owner"}},
        {"$group": {"_id": {"asset": "$_id.asset", "currency": {"$first": "$owner.display_currency"}}}},
    ]
    found = rows_of(Account).aggregate(stages)
    return {(row["_id"]["asset"], row["_id"].get("currency") or "USD") for row in found}


def all_active(after_id: str, limit: int) -> list[AccountState]:
    """Page through active accounts in the order of their ids."""
    query = {"_id": {"$gt": after_id}, "status": str(AccountStatus.ACTIVE)}
    return [_domain(row) for row in rows_of(Account).find(query).sort("_id", 1).limit(limit)]


def _domain(row: Row) -> AccountState:
    return from_row(AccountState, row, "account_id")

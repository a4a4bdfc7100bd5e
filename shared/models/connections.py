"""How accounts are connected: what their owners ask for, and what workers find when they look at the key.

What waits has `check_at`; the sweep rings for it. Every move names the credential that it is about, so that a look at a
key that was replaced or given up meanwhile changes nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from pymongo import ReturnDocument

from shared.domain.accounts import AccountStatus
from shared.models.accounts import Account
from shared.models.mapping import Row, from_row, hints_of, rows_of

RING_AGAIN = timedelta(seconds=30)
_REVOKED = str(AccountStatus.REVOKED)
_ANSWER_MS = 3000
CHECKED: Row = {"check_at": None, "check_tries": 0}


@dataclass(frozen=True, slots=True)
class Connection:
    """An account as its owner sees it.

    `key_rights` are what the venue said its key may do (trade, withdraw, bound), each absent where it does not tell.
    `login` is `key` or `oauth`, None for paper. `candidate_id` is a secret that takes the place of the present one once
    it was checked; `note` is what became of the last one that did not.
    """

    account_id: str
    user_id: str
    name: str
    venue: str
    environment: str
    status: AccountStatus
    quote_asset: str
    created_at: datetime
    status_reason: str = ""
    login: str | None = None
    credential_id: str | None = None
    candidate_id: str | None = None
    note: str = ""
    key_rights: dict[str, bool] = field(default_factory=dict)
    key_checked_at: datetime | None = None
    check_at: datetime | None = None
    check_tries: int = 0
    balance_total: Decimal | None = None
    balance_free: Decimal | None = None
    balance_at: datetime | None = None

    def uses(self, credential_id: str) -> bool:
        """Tell whether a secret is the present or the offered one."""
        return credential_id in {self.credential_id, self.candidate_id}

    @property
    def is_waiting(self) -> bool:
        """Tell whether a worker is to look at it."""
        return self.check_at is not None


def find(account_id: str) -> Connection | None:
    """Read one account's connection."""
    row = rows_of(Account).find_one({"_id": account_id})
    return None if row is None else _domain(row)


def find_of(user_id: str, account_id: str) -> Connection | None:
    """Read one account of a user; None where it is another's."""
    row = rows_of(Account).find_one({"_id": account_id, "user_id": user_id}, max_time_ms=_ANSWER_MS)
    return None if row is None else _domain(row)


def of_user(user_id: str) -> list[Connection]:
    """List a user's accounts, the oldest first."""
    rows = rows_of(Account).find({"user_id": user_id}).sort("created_at", 1).max_time_ms(_ANSWER_MS)
    return [_domain(row) for row in rows]


def all_connected(after_id: str, limit: int) -> list[Connection]:
    """Page through all accounts that were not disconnected, in the order of their ids."""
    query = {"_id": {"$gt": after_id}, "status": {"$ne": _REVOKED}}
    return [_domain(row) for row in rows_of(Account).find(query).sort("_id", 1).limit(limit)]


def rename(user_id: str, account_id: str, name: str) -> bool:
    """Give an account of a user another name."""
    found = rows_of(Account).update_one({"_id": account_id, "user_id": user_id}, {"$set": {"name": name}})
    return bool(found.matched_count)


def ask_check(user_id: str, account_id: str, now: datetime) -> bool:
    """Ask for a look at the key of an account that is connected."""
    query = {"_id": account_id, "user_id": user_id, "status": {"$ne": _REVOKED}}
    change = {"$set": {"check_at": now, "check_tries": 0, "note": ""}}
    return bool(rows_of(Account).update_one(query, change).matched_count)


def offer_candidate(
    user_id: str, account_id: str, credential_id: str, now: datetime
) -> tuple[bool, str | None]:
    """Offer another secret for an account; return whether it is the user's, and the offer that this one takes the place of."""
    row = rows_of(Account).find_one_and_update(
        {"_id": account_id, "user_id": user_id},
        {"$set": {"candidate_id": credential_id, "note": "", "check_at": now, "check_tries": 0}},
        {"candidate_id": 1},
        return_document=ReturnDocument.BEFORE,
    )
    return row is not None, (row or {}).get("candidate_id")


def disconnect(user_id: str, account_id: str, now: datetime, reason: str) -> bool:
    """Stop an account for good from this moment on; a worker then forgets its secrets."""
    query = {"_id": account_id, "user_id": user_id, "status": {"$ne": _REVOKED}}
    change = {"status": _REVOKED, "status_reason": reason, "candidate_id": None, "note": "", "check_at": now}
    return bool(rows_of(Account).update_one(query, {"$set": change, "$inc": {"version": 1}}).matched_count)


def take_due(now: datetime, limit: int) -> list[str]:
    """Pick accounts that wait for a look, and move the next ring on in the same pass."""
    # The index holds those with a moment alone, and is used where the query says so too.
    waiting = {"check_at": {"$type": "date", "$lte": now}}
    rows = rows_of(Account).find(waiting, {"_id": 1}).limit(limit)
    picked = [row["_id"] for row in rows]
    if picked:
        later = {"$set": {"check_at": now + RING_AGAIN}}
        hints_of(Account).update_many({"_id": {"$in": picked}, "check_at": {"$lte": now}}, later)
    return picked


def settle_check(
    held: Connection, status: AccountStatus, reason: str, rights: dict[str, bool], now: datetime
) -> bool:
    """Write what a look at the present key has shown; False where it is not the present one any more."""
    change: Row = {
        "status": str(status),
        "status_reason": reason,
        "key_rights": rights,
        "note": "",
        **CHECKED,
    }
    if status is AccountStatus.ACTIVE:
        change |= {"key_checked_at": now}
    query = {"_id": held.account_id, "credential_id": held.credential_id, "status": {"$ne": _REVOKED}}
    return bool(rows_of(Account).update_one(query, {"$set": change, "$inc": {"version": 1}}).modified_count)


def promote(held: Connection, login: str, rights: dict[str, bool], now: datetime) -> bool:
    """Let the candidate take the place of the present secret; False where it was given up meanwhile."""
    change: Row = {
        "credential_id": held.candidate_id,
        "candidate_id": None,
        "note": "",
        "login": login,
        "status": str(AccountStatus.ACTIVE),
        "status_reason": "",
        "key_rights": rights,
        "key_checked_at": now,
        **CHECKED,
    }
    query = {"_id": held.account_id, "candidate_id": held.candidate_id, "credential_id": held.credential_id}
    return bool(rows_of(Account).update_one(query, {"$set": change, "$inc": {"version": 1}}).modified_count)


def refuse_candidate(held: Connection, note: str) -> bool:
    """Give a candidate up, with what to tell the owner; the present secret stays in use."""
    query = {"_id": held.account_id, "candidate_id": held.candidate_id}
    change = {"candidate_id": None, "note": note, **CHECKED}
    return bool(rows_of(Account).update_one(query, {"$set": change}).modified_count)


def check_later(account_id: str, again_at: datetime, note: str) -> None:
    """Look again later, because the venue did not answer."""
    change = {"$set": {"check_at": again_at, "note": note}, "$inc": {"check_tries": 1}}
    rows_of(Account).update_one({"_id": account_id, "check_at": {"$ne": None}}, change)


def turn_to(account_id: str, old_id: str, new_id: str) -> bool:
    """Let refreshed tokens take the place of those before, present or offered; False where neither is meant any more.

    An account that waited for them is looked at again.
    """
    rows = rows_of(Account)
    query = {"_id": account_id, "credential_id": old_id, "status": {"$ne": _REVOKED}}
    change: Row = {"$set": {"credential_id": new_id}, "$inc": {"version": 1}}
    if rows.update_one(query, change).modified_count:
        waits = {"_id": account_id, "status": str(AccountStatus.NEEDS_REAUTH)}
        rows.update_one(waits, {"$currentDate": {"check_at": True}})
        return True
    offered = {"_id": account_id, "candidate_id": old_id}
    return bool(rows.update_one(offered, {"$set": {"candidate_id": new_id}}).modified_count)


def end_login(held: Connection, credential_id: str, reason: str) -> bool:
    """Write that a login at a provider is worth nothing any more; False where the account does not use it.

    An offered one is given up and the present one stays.
    """
    if held.candidate_id == credential_id:
        return refuse_candidate(held, reason)
    change: Row = {
        "status": str(AccountStatus.NEEDS_REAUTH),
        "status_reason": reason,
        "key_rights": {},
        "note": "",
        **CHECKED,
    }
    query = {"_id": held.account_id, "credential_id": credential_id, "status": {"$ne": _REVOKED}}
    return bool(rows_of(Account).update_one(query, {"$set": change, "$inc": {"version": 1}}).modified_count)


def forget(held: Connection) -> bool:
    """Write that an account that was disconnected has no secret any more."""
    query = {"_id": held.account_id, "status": _REVOKED, "candidate_id": None}
    change = {"credential_id": None, "key_rights": {}, **CHECKED}
    return bool(rows_of(Account).update_one(query, {"$set": change}).matched_count)


def _domain(row: Row) -> Connection:
    return from_row(Connection, row, "account_id")

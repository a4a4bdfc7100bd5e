"""Claims: who waits for a send, and which of them one sender wins; the database's clock decides."""

from collections.abc import Collection as Many
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ReturnDocument

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order as OrderValue
from shared.domain.orders import Purpose
from shared.models.mapping import Row, from_row, hints_of, rows_of
from shared.models.orders import Order, order_of

FIRST_LOOKUP = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What has to be known of an order that waits, before anybody claims it."""

    order_id: str
    account_id: str
    venue: str
    environment: str
    purpose: Purpose
    pair_id: str | None = None
    version: int = 0


def find_waiting(order_ids: Many[str]) -> list[Waiting]:
    """Read those of the orders that nobody has claimed yet, in the order in which they were named."""
    query = {"_id": {"$in": list(order_ids)}, "status": str(OrderStatus.INITIALIZED)}
    rows = {row["_id"]: row for row in rows_of(Order).find(query, _WAITING_FIELDS)}
    return [from_row(Waiting, rows[order_id], "order_id") for order_id in order_ids if order_id in rows]


_WAITING_FIELDS = dict.fromkeys(("account_id", "venue", "environment", "purpose", "pair_id", "version"), 1)


def note_waiting(order_ids: Many[str], reason: str) -> None:
    """Note why orders still wait; it is what they are told should their time pass meanwhile."""
    query = {"_id": {"$in": list(order_ids)}, "status": str(OrderStatus.INITIALIZED)}
    hints_of(Order).update_many(query, {"$set": {"waits_for": reason}})


def claim(waiting: Many[Waiting], claim_id: str, now: datetime) -> list[OrderValue]:
    """Claim INITIALIZED orders, as they were read, for sending; return the winners, read back by the claim.

    The database's clock stamps `sent_at` and decides what has expired, so that no host's clock matters; `now` is
    only written into the event and into when to look again.
    """
    by_version: dict[int, list[str]] = {}
    for order in waiting:
        by_version.setdefault(order.version, []).append(order.order_id)
    collection = rows_of(Order)
    if len(waiting) == 1:
        # One write that answers with its row; a wave needs a second look to know its winners.
        (version, ids), *_ = by_version.items()
        write = (_claimable(ids, version), _claimed_by(claim_id, version, now))
        row = collection.find_one_and_update(*write, return_document=ReturnDocument.AFTER)
        return [order_of(row)] if row else []
    won = 0
    for version, ids in by_version.items():
        write = (_claimable(ids, version), _claimed_by(claim_id, version, now))
        won += collection.update_many(*write).modified_count
    if not won:
        return []
    ids = [order.order_id for order in waiting]
    return [order_of(row) for row in collection.find({"_id": {"$in": ids}, "claim_id": claim_id})]


def _claimable(order_ids: list[str], version: int) -> Row:
    return {
        "_id": {"$in": order_ids},
        "status": str(OrderStatus.INITIALIZED),
        "version": version,
        "cancel_requested": False,
        "$expr": {
            "$and": [
                {"$or": [{"$eq": ["$send_by", None]}, {"$gt": ["$send_by", "$$NOW"]}]},
                {"$lte": [{"$ifNull": ["$next_attempt_at", "$$NOW"]}, "$$NOW"]},
            ]
        },
    }


def _claimed_by(claim_id: str, version: int, now: datetime) -> Row:
    """Write the move to SUBMITTED with its event."""
    event = {
        "version": version + 1,
        "status": str(OrderStatus.SUBMITTED),
        "at": now,
        "code": None,
        "detail": "",
    }
    return {
        "$set": {
            "status": str(OrderStatus.SUBMITTED),
            "claim_id": claim_id,
            "lookups": 0,
            "next_check_at": now + FIRST_LOOKUP,
            "version": version + 1,
        },
        "$currentDate": {"sent_at": True},
        "$push": {"events": event},
    }

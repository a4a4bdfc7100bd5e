"""Claims: who waits for a send, and which of them one sender wins; the database's clock decides."""

from collections.abc import Collection as Many
from dataclasses import dataclass

from pymongo import ReturnDocument

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order as OrderValue
from shared.domain.orders import Purpose
from shared.models.mapping import Row, from_row, hints_of, rows_of
from shared.models.orders import Order, order_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """What has to be known of an order that waits, before anybody claims it."""

    order_id: str
    account_id: str
    venue: str
    environment: str
    purpose: Purpose
    pair_id: str | None = None


def find_waiting(order_ids: Many[str]) -> list[Waiting]:
    """Read those of the orders that nobody has claimed yet, in the order in which they were named."""
    query = {"_id": {"$in": list(order_ids)}, "status": str(OrderStatus.INITIALIZED)}
    rows = {row["_id"]: row for row in rows_of(Order).find(query, _WAITING_FIELDS)}
    return [from_row(Waiting, rows[order_id], "order_id") for order_id in order_ids if order_id in rows]


_WAITING_FIELDS = dict.fromkeys(("account_id", "venue", "environment", "purpose", "pair_id"), 1)


def note_waiting(order_ids: Many[str], reason: str) -> None:
    """Note why orders still wait; it is what they are told should their time pass meanwhile."""
    query = {"_id": {"$in": list(order_ids)}, "status": str(OrderStatus.INITIALIZED)}
    hints_of(Order).update_many(query, {"$set": {"waits_for": reason}})


def claim(order_ids: Many[str], claim_id: str) -> list[OrderValue]:
    """Claim INITIALIZED orders for sending and return the winners, read back by the claim.

    The database's clock stamps `sent_at` and decides what has expired, so that no host's clock matters.
    """
    query = {
        "_id": {"$in": list(order_ids)},
        "status": str(OrderStatus.INITIALIZED),
        "cancel_requested": False,
        "$expr": {
            "$and": [
                {"$or": [{"$eq": ["$send_by", None]}, {"$gt": ["$send_by", "$$NOW"]}]},
                {"$lte": [{"$ifNull": ["$next_attempt_at", "$$NOW"]}, "$$NOW"]},
            ]
        },
    }
    change = _claimed_by(claim_id)
    collection = rows_of(Order)
    if len(order_ids) == 1:
        # One write that answers with its row; a wave needs a second look to know its winners.
        row = collection.find_one_and_update(query, change, return_document=ReturnDocument.AFTER)
        return [order_of(row)] if row else []
    if collection.update_many(query, change).modified_count == 0:
        return []
    return [order_of(row) for row in collection.find({"claim_id": claim_id})]


def _claimed_by(claim_id: str) -> list[Row]:
    """Write the move to SUBMITTED with its event, all by the database's clock and version."""
    following = {"$add": ["$version", 1]}
    event = {
        "version": following,
        "status": str(OrderStatus.SUBMITTED),
        "at": "$$NOW",
        "code": None,
        "detail": "",
    }
    return [
        {
            "$set": {
                "status": str(OrderStatus.SUBMITTED),
                "claim_id": claim_id,
                "sent_at": "$$NOW",
                "lookups": 0,
                "next_check_at": {"$add": ["$$NOW", 1000]},
                "version": following,
                "events": {"$concatArrays": ["$events", [event]]},
            }
        }
    ]

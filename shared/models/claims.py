"""Claims: who waits for a send, and which of them one sender wins; the database's clock decides."""

from collections.abc import Collection as Many
from collections.abc import Sequence
from datetime import datetime, timedelta

from pymongo.errors import AutoReconnect, WTimeoutError
from pymongo.read_concern import ReadConcern

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order as OrderValue
from shared.domain.values import changed
from shared.models.mapping import Row, hints_of, raw_rows_of, to_row
from shared.models.orders import Order, order_of
from shared.models.signals import insert_many_once

FIRST_LOOKUP = timedelta(seconds=1)


def find_waiting(order_ids: Many[str]) -> list[OrderValue]:
    """Read those of the orders that nobody has claimed yet, in the order in which they were named."""
    query = {"_id": {"$in": list(order_ids)}, "status": str(OrderStatus.INITIALIZED)}
    rows = {row["_id"]: row for row in raw_rows_of(Order).find(query, {"events": 0})}
    return [order_of(rows[order_id]) for order_id in order_ids if order_id in rows]


def note_waiting(order_ids: Many[str], reason: str, next_check_at: datetime | None = None) -> None:
    """Note why orders still wait, and until when; the reason is told should their time pass meanwhile."""
    query = {"_id": {"$in": list(order_ids)}, "status": str(OrderStatus.INITIALIZED)}
    change: Row = {"waits_for": reason}
    if next_check_at is not None:
        change["next_check_at"] = next_check_at
    hints_of(Order).update_many(query, {"$set": change})


def claim(waiting: Many[OrderValue], claim_id: str, now: datetime) -> list[OrderValue]:
    """Claim INITIALIZED orders, as they were read, for sending; return the winners as they stand now.

    The database's clock stamps `sent_at` and decides what has expired, so that no host's clock matters; `now` is
    only written into the event, into when to look again, and into what is returned. Where the answer to the write is
    lost, those that bear the claim by a majority's word are won; one that commits later is nobody's, and is never sent.
    """
    by_version: dict[int, list[str]] = {}
    for order in waiting:
        by_version.setdefault(order.version, []).append(order.order_id)
    collection = raw_rows_of(Order)
    try:
        won = sum(
            collection.update_many(
                _claimable(ids, version), _claimed_by(claim_id, version, now)
            ).modified_count
            for version, ids in by_version.items()
        )
    except (AutoReconnect, WTimeoutError):
        # What one member alone has may be rolled back, and claimed by somebody else then.
        collection = collection.with_options(read_concern=ReadConcern("majority"))
        won = None
    if won == len(waiting):
        return [_claimed(order, claim_id, now) for order in waiting]
    if won == 0:
        return []
    ids = [order.order_id for order in waiting]
    winners = collection.find({"_id": {"$in": ids}, "claim_id": claim_id}, {"events": 0})
    return [order_of(row) for row in winners]


def create_claimed(orders: Sequence[OrderValue], claim_id: str, database_time: datetime) -> list[OrderValue]:
    """Insert orders that their writer sends at once, claimed as they are born; return those that were not there.

    Two that want the same derive the same ids: the one that inserts a row is the one that sends it.
    """
    claimed = [_claimed(order, claim_id, database_time) for order in orders]
    refused = insert_many_once(Order, [_born_claimed(order, database_time) for order in claimed])
    return [order for order in claimed if order.order_id not in refused]


def _claimed(order: OrderValue, claim_id: str, now: datetime) -> OrderValue:
    return changed(
        order,
        status=OrderStatus.SUBMITTED,
        claim_id=claim_id,
        sent_at=now,
        lookups=0,
        next_check_at=now + FIRST_LOOKUP,
        version=order.version + 1,
    )


def _born_claimed(order: OrderValue, now: datetime) -> Row:
    row = to_row(order, "order_id")
    born = _event(order.version - 1, OrderStatus.INITIALIZED, order.created_at)
    row["events"] = [born, _event(order.version, OrderStatus.SUBMITTED, now)]
    return row


def _event(version: int, status: OrderStatus, at: datetime) -> Row:
    return {"version": version, "status": str(status), "at": at, "code": None, "detail": ""}


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
    return {
        "$set": {
            "status": str(OrderStatus.SUBMITTED),
            "claim_id": claim_id,
            "lookups": 0,
            "next_check_at": now + FIRST_LOOKUP,
            "version": version + 1,
        },
        "$currentDate": {"sent_at": True},
        "$push": {"events": _event(version + 1, OrderStatus.SUBMITTED, now)},
    }

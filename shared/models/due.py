"""When to look at an order again: what is due, what waits, and what is put off; none of it moves an order."""

from collections.abc import Collection as Many
from datetime import datetime, timedelta

from pymongo import ASCENDING

from shared.domain.order_status import AT_VENUE, OrderStatus
from shared.domain.orders import Order as OrderValue
from shared.domain.orders import Purpose
from shared.models.mapping import Row, hints_of, raw_rows_of
from shared.models.orders import Order, order_of

RING_SECONDS = 5
HASTE_SECONDS = 2
POLL_SECONDS = {Purpose.ENTRY: 5, Purpose.STOP: 20, Purpose.TARGET: 20, Purpose.EXIT: 5}
"""How long after a look the next one comes, where neither the market's price nor a move of ours asks for one."""


def schedule(order_id: str, next_check_at: datetime, *, lookups: int | None = None) -> None:
    """Set when the sweep or the reconciler looks again; no move, so no version."""
    change: Row = {"next_check_at": next_check_at}
    if lookups is not None:
        change["lookups"] = lookups
    hints_of(Order).update_one({"_id": order_id}, {"$set": change})


def take_due(
    statuses: Many[OrderStatus],
    now: datetime,
    limit: int,
    *,
    purposes: Many[Purpose] = tuple(Purpose),
    again_after: float = RING_SECONDS,
) -> list[OrderValue]:
    """Pick orders that are due and move their next look on, by one ring unless told otherwise, in the same pass."""
    query = {
        "status": {"$in": [str(status) for status in statuses]},
        "next_check_at": {"$lte": now},
        "purpose": {"$in": [str(purpose) for purpose in purposes]},
    }
    due = [
        order_of(row) for row in raw_rows_of(Order).find(query).sort("next_check_at", ASCENDING).limit(limit)
    ]
    if due:
        hints_of(Order).update_many(
            {"_id": {"$in": [order.order_id for order in due]}, "next_check_at": {"$lte": now}},
            {"$set": {"next_check_at": now + timedelta(seconds=again_after)}},
        )
    return due


def take_given_up(now: datetime, since: datetime, limit: int) -> list[OrderValue]:
    """List orders given up since a moment that are due to be asked about once more."""
    query = {
        "status": str(OrderStatus.ABANDONED),
        "next_check_at": {"$lte": now},
        "created_at": {"$gte": since},
    }
    return [
        order_of(row) for row in raw_rows_of(Order).find(query).sort("next_check_at", ASCENDING).limit(limit)
    ]


def take_lacking_fills(now: datetime, limit: int) -> list[OrderValue]:
    """Pick orders whose executions are still to be asked for, and put off the next question."""
    query = {"lacks_fills": True, "next_check_at": {"$lte": now}}
    found = [order_of(row) for row in raw_rows_of(Order).find(query).limit(limit)]
    if found:
        later = {"$set": {"next_check_at": now + timedelta(seconds=RING_SECONDS)}}
        hints_of(Order).update_many({"_id": {"$in": [order.order_id for order in found]}}, later)
    return found


def look_now(trade_ids: Many[str], now: datetime) -> int:
    """Let what rests of these trades be asked about at once; return how many orders that hastens."""
    query = {
        "trade_id": {"$in": list(trade_ids)},
        "status": {"$in": [str(status) for status in AT_VENUE]},
        "next_check_at": {"$gt": now + timedelta(seconds=HASTE_SECONDS)},
    }
    return hints_of(Order).update_many(query, {"$set": {"next_check_at": now}}).modified_count


def unsettled(now: datetime, limit: int) -> list[OrderValue]:
    """List orders whose last move has not been carried into trade and events for a ring's time."""
    query = {"unsettled": True, "next_check_at": {"$lte": now}}
    return [order_of(row) for row in raw_rows_of(Order).find(query).limit(limit)]


def cancels_wanted(limit: int) -> list[OrderValue]:
    """List resting orders whose cancel was asked for."""
    query = {"cancel_requested": True, "status": {"$in": [str(status) for status in AT_VENUE]}}
    return [order_of(row) for row in raw_rows_of(Order).find(query).limit(limit)]


def entries_past(now: datetime, limit: int) -> list[OrderValue]:
    """List entries whose time is over: those never sent in time, and those that rest too long."""
    unsent = {"status": str(OrderStatus.INITIALIZED), "send_by": {"$lte": now}}
    resting = {
        "status": {"$in": [str(status) for status in AT_VENUE]},
        "expires_at": {"$lte": now},
        "cancel_requested": False,
    }
    found: list[OrderValue] = []
    for query in (unsent, resting):
        found += [
            order_of(row) for row in raw_rows_of(Order).find({"purpose": "entry", **query}).limit(limit)
        ]
    return found

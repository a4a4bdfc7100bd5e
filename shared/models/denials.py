"""Denying what waits: many unsent entries in one write, each with its event, by the database's clock."""

from dataclasses import dataclass
from datetime import timedelta

from pymongo import ASCENDING

from shared.domain.order_status import UNRESOLVED, OrderStatus
from shared.domain.orders import Purpose
from shared.models.mapping import Row, rows_of
from shared.models.orders import Order

# Few orders are unsent at any time; by any other index all that ever were of the scope would be looked at.
_BY_STATUS = [("status", ASCENDING), ("next_check_at", ASCENDING)]


@dataclass(frozen=True, slots=True)
class Denied:
    """One page: how many were denied, of which trades, and how many had been found waiting."""

    count: int
    trade_ids: tuple[str, ...]
    found: int


def deny_waiting(scope: Row, code: str, detail: str, settle_after: timedelta, limit: int) -> Denied:
    """Move up to `limit` unsent entries to DENIED; one that is claimed in the same moment is left to its sender.

    They are left unsettled; the sweep rings for their trades only from `settle_after` on.
    """
    waiting = {**scope, "status": str(OrderStatus.INITIALIZED), "purpose": str(Purpose.ENTRY)}
    found = list(rows_of(Order).find(waiting, {"trade_id": 1}).hint(_BY_STATUS).limit(limit))
    if not found:
        return Denied(0, (), 0)
    query = {"_id": {"$in": [row["_id"] for row in found]}, "status": str(OrderStatus.INITIALIZED)}
    won = rows_of(Order).update_many(query, _denied(code, detail, settle_after))
    trade_ids = dict.fromkeys(row["trade_id"] for row in found)
    return Denied(won.modified_count, tuple(trade_ids), len(found))


def count_unresolved_entries(scope: Row) -> int:
    """Count entries that were sent and have no answer."""
    statuses = {"$in": [str(status) for status in UNRESOLVED]}
    return rows_of(Order).count_documents({**scope, "status": statuses, "purpose": str(Purpose.ENTRY)})


def _denied(code: str, detail: str, settle_after: timedelta) -> list[Row]:
    following = {"$add": ["$version", 1]}
    status = str(OrderStatus.DENIED)
    # What an operator wrote is a text, never a field of the row.
    told = {"$literal": detail}
    event = {"version": following, "status": status, "at": "$$NOW", "code": code, "detail": told}
    milliseconds = int(settle_after.total_seconds() * 1000)
    return [
        {
            "$set": {
                "status": status,
                "code": code,
                "version": following,
                "unsettled": True,
                "next_check_at": {"$add": ["$$NOW", milliseconds]},
                "events": {"$concatArrays": ["$events", [event]]},
            }
        }
    ]

"""Reference positions: inserted once for each open signal, led on by compare-and-set, never deleted."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from mongoengine import fields
from pymongo import ASCENDING, UpdateOne

from shared.domain.record import Outcome, SignalCounts
from shared.domain.reference import ReferencePosition, ReferenceStatus
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, hints_of, raw_rows_of, rows_of, to_row
from shared.models.signals import insert_many_once

ALIVE = [str(ReferenceStatus.PENDING), str(ReferenceStatus.OPEN)]
_MOST_OF_ONE = 2000


class Reference(BaseDocument):
    """Owner: a provider. Written by workers; one for each open signal, followed at the posted price."""

    reference_id = fields.StringField(primary_key=True)
    provider_id = fields.StringField(required=True)
    signal_id = fields.StringField(required=True)
    source = fields.StringField(required=True)
    channel_id = fields.StringField(required=True)
    message_id = fields.StringField(required=True)
    content_key = fields.StringField(required=True)
    venue = fields.StringField(required=True)
    environment = fields.StringField(required=True)
    symbol = fields.StringField()
    side = fields.StringField(required=True)
    status = fields.StringField(required=True)
    posted_at = fields.DateTimeField(required=True)
    expires_at = fields.DateTimeField(required=True)
    seen_until = fields.DateTimeField(required=True)
    entry_kind = fields.StringField(required=True)
    version = fields.LongField(required=True)
    entry_limit = fields.Decimal128Field(null=True)
    stop_price = fields.Decimal128Field(null=True)
    stop_percent = fields.Decimal128Field(null=True)
    stop_distance = fields.Decimal128Field(null=True)
    targets = fields.ListField(fields.DictField())
    targets_percent = fields.ListField(fields.Decimal128Field())
    targets_distance = fields.ListField(fields.Decimal128Field())
    last_price = fields.Decimal128Field(null=True)
    priced_at = fields.DateTimeField(null=True)
    entry_price = fields.Decimal128Field(null=True)
    entered_at = fields.DateTimeField(null=True)
    initial_stop_price = fields.Decimal128Field(null=True)
    remaining = fields.Decimal128Field()
    exits = fields.ListField(fields.DictField())
    heard = fields.ListField(fields.StringField())
    ended_at = fields.DateTimeField(null=True)
    ended_by = fields.StringField()
    close_reason = fields.StringField()
    result = fields.Decimal128Field(null=True)
    r_multiple = fields.Decimal128Field(null=True)
    synthetic = fields.BooleanField()
    unscored = fields.BooleanField()

    meta = {
        "collection": "references",
        "indexes": [
            ["status", "seen_until"],
            ["status", "venue", "environment", "symbol"],
            ["provider_id", "status"],
            ["provider_id", "ended_at"],
            ["provider_id", "content_key", "posted_at"],
            {"fields": ["unscored", "provider_id"], "partialFilterExpression": {"unscored": True}},
        ],
    }


def create_many_once(positions: Sequence[ReferencePosition]) -> None:
    """Insert positions, leaving those that are there as they are."""
    insert_many_once(Reference, [to_row(position, "reference_id") for position in positions])


def existing(reference_ids: Many[str]) -> set[str]:
    """Return which of these positions are there."""
    rows = raw_rows_of(Reference).find({"_id": {"$in": list(reference_ids)}}, {"_id": 1})
    return {row["_id"] for row in rows}


def was_said_before(provider_id: str, content_key: str, posted_at: datetime, window: timedelta) -> bool:
    """Tell whether a provider's position with this content was posted within a window before a moment."""
    query = {
        "provider_id": provider_id,
        "content_key": content_key,
        "posted_at": {"$gt": posted_at - window, "$lte": posted_at},
    }
    return raw_rows_of(Reference).find_one(query, {"_id": 1}) is not None


def find(reference_id: str) -> ReferencePosition | None:
    """Read one position."""
    row = raw_rows_of(Reference).find_one({"_id": reference_id})
    return _domain(row) if row else None


def providers_behind(until: datetime, limit: int) -> list[str]:
    """List providers of whose positions some were not followed up to a minute, those that are furthest behind first."""
    query = {"status": {"$in": ALIVE}, "seen_until": {"$lt": until}}
    rows = raw_rows_of(Reference).find(query, {"provider_id": 1})
    found = rows.sort("seen_until", ASCENDING).limit(limit)
    return list(dict.fromkeys(row["provider_id"] for row in found))


def alive_of(provider_id: str) -> list[ReferencePosition]:
    """Read a provider's positions that have not ended, those that are furthest behind first."""
    query = {"provider_id": provider_id, "status": {"$in": ALIVE}}
    rows = raw_rows_of(Reference).find(query).limit(_MOST_OF_ONE)
    return sorted(map(_domain, rows), key=lambda position: position.seen_until)


def ended_since(provider_id: str, since: datetime) -> list[ReferencePosition]:
    """Read a provider's positions that have ended since a moment."""
    query = {"provider_id": provider_id, "ended_at": {"$gte": since}}
    return [_domain(row) for row in raw_rows_of(Reference).find(query)]


def store_many(moved: Sequence[tuple[ReferencePosition, ReferencePosition]]) -> None:
    """Write positions as they stand now, each if it still stands as it was read; (as read, now)."""
    writes = []
    for read, now in moved:
        row = {**to_row(now, "reference_id"), "version": read.version + 1}
        query = {"_id": row.pop("_id"), "version": read.version}
        writes.append(UpdateOne(query, {"$set": row}))
    if writes:
        raw_rows_of(Reference).bulk_write(writes, ordered=False)


def symbols_in_use() -> dict[tuple[str, str], set[str]]:
    """List the symbols of positions that have not ended, by venue and environment."""
    place = {"venue": "$venue", "environment": "$environment"}
    stages: list[Row] = [
        {"$match": {"status": {"$in": ALIVE}}},
        {"$group": {"_id": place, "symbols": {"$addToSet": "$symbol"}}},
    ]
    found = raw_rows_of(Reference).aggregate(stages)
    return {(row["_id"]["venue"], row["_id"]["environment"]): set(row["symbols"]) for row in found}


def outcomes_of(provider_id: str) -> list[Outcome]:
    """Read how all closed positions of a provider ended."""
    query = {"provider_id": provider_id, "status": str(ReferenceStatus.CLOSED)}
    shown = dict.fromkeys(("ended_at", "result", "r_multiple", "synthetic"), 1) | {"_id": 0}
    return [from_row(Outcome, row) for row in raw_rows_of(Reference).find(query, shown)]


def results_since(provider_ids: Many[str], since: datetime) -> dict[str, Decimal]:
    """Sum, by provider, what positions that ended since have brought in R.

    Those without a result count nothing, nor do those that were followed on made-up prices: nobody lost by them.
    """
    ended = {"provider_id": {"$in": list(provider_ids)}, "ended_at": {"$gte": since}}
    stages: list[Row] = [
        {"$match": {**ended, "r_multiple": {"$ne": None}, "synthetic": {"$ne": True}}},
        {"$group": {"_id": "$provider_id", "sum": {"$sum": "$r_multiple"}}},
    ]
    found = rows_of(Reference).aggregate(stages)
    return {row["_id"]: Decimal(str(row["sum"])) for row in found}


def count_signals(provider_id: str) -> SignalCounts:
    """Count a provider's signals by what became of their positions."""
    stages: list[Row] = [
        {"$match": {"provider_id": provider_id}},
        {"$group": {"_id": "$status", "count": {"$sum": 1}}},
    ]
    found: Mapping[str, int] = {row["_id"]: row["count"] for row in raw_rows_of(Reference).aggregate(stages)}
    return SignalCounts(
        signals=sum(found.values()),
        entered=found.get(ReferenceStatus.OPEN, 0) + found.get(ReferenceStatus.CLOSED, 0),
        missed=found.get(ReferenceStatus.CANCELED, 0),
        waiting=found.get(ReferenceStatus.PENDING, 0),
        unpriced=found.get(ReferenceStatus.UNPRICED, 0),
    )


def unscored_providers() -> set[str]:
    """List the providers with positions that their record does not know of yet."""
    found: list[str] = rows_of(Reference).distinct("provider_id", {"unscored": True})
    return set(found)


def unscored_of(provider_id: str) -> dict[str, int]:
    """List a provider's positions that its record does not know of yet, with their versions."""
    query = {"unscored": True, "provider_id": provider_id}
    rows = raw_rows_of(Reference).find(query, {"version": 1}).limit(_MOST_OF_ONE)
    return {row["_id"]: row["version"] for row in rows}


def mark_scored(versions: Mapping[str, int]) -> None:
    """Tell that the record knows of these positions; one that has moved on meanwhile is counted again."""
    writes = [
        UpdateOne({"_id": reference_id, "version": version}, {"$set": {"unscored": False}})
        for reference_id, version in versions.items()
    ]
    if writes:
        hints_of(Reference).bulk_write(writes, ordered=False)


def _domain(row: Row) -> ReferencePosition:
    return from_row(ReferencePosition, row, "reference_id")

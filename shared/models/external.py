"""Orders at a venue that are none of ours: shown to their owner, never touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mongoengine import fields
from pymongo import UpdateOne

from shared.models.base import BaseDocument
from shared.models.mapping import hints_of, to_row


class ExternalOrder(BaseDocument):
    """Owner: a user. Written by the reconciler; one per account, symbol and the venue's id; retention 30 days."""

    external_id = fields.StringField(primary_key=True)
    account_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    venue_order_id = fields.StringField(required=True)
    client_order_id = fields.StringField(required=True)
    status = fields.StringField(required=True)
    filled_quantity = fields.Decimal128Field(required=True)
    open_quantity = fields.Decimal128Field(null=True)
    first_seen_at = fields.DateTimeField(required=True)
    last_seen_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "external_orders",
        "indexes": [
            ["account_id", "-last_seen_at"],
            {"fields": ["last_seen_at"], "expireAfterSeconds": 30 * 86400},
        ],
    }


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """One such order as it was last seen."""

    external_id: str
    account_id: str
    symbol: str
    venue_order_id: str
    client_order_id: str
    status: str
    filled_quantity: Decimal
    open_quantity: Decimal | None
    first_seen_at: datetime
    last_seen_at: datetime


def record_seen(seen: Sequence[SeenOrder]) -> None:
    """Store what was seen now; the first moment of each stays."""
    writes = []
    for order in seen:
        row = to_row(order, "external_id")
        first = {"first_seen_at": row.pop("first_seen_at")}
        writes.append(UpdateOne({"_id": row.pop("_id")}, {"$set": row, "$setOnInsert": first}, upsert=True))
    if writes:
        hints_of(ExternalOrder).bulk_write(writes, ordered=False)

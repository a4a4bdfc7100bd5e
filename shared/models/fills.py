"""Fills and positions: executions are facts, inserted once; a position is written as their fold."""

from collections.abc import Collection as Many
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mongoengine import fields
from pymongo import ReplaceOne

from shared.domain.fills import Fill as FillValue
from shared.models.base import BaseDocument
from shared.models.mapping import from_row, hints_of, raw_rows_of, to_row
from shared.models.signals import insert_many_once
from shared.models.together import Find


@dataclass(frozen=True, slots=True)
class StoredFill:
    """A fill with the owner's ids that queries need."""

    fill: FillValue
    account_id: str
    user_id: str
    venue_order_id: str
    venue_fill_id: str


class Fill(BaseDocument):
    """Owner: a user. Written by workers, never changed; retention: for good (the ledger)."""

    fill_id = fields.StringField(primary_key=True)
    account_id = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    trade_id = fields.StringField(required=True)
    order_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    side = fields.StringField(required=True)
    is_entry = fields.BooleanField(required=True)
    quantity = fields.Decimal128Field(required=True)
    price = fields.Decimal128Field(required=True)
    commission = fields.Decimal128Field(required=True)
    commission_asset = fields.StringField(required=True)
    venue_order_id = fields.StringField(required=True)
    venue_fill_id = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)

    meta = {
        "collection": "fills",
        "indexes": [
            {"fields": ["account_id", "symbol", "venue_order_id", "venue_fill_id"], "unique": True},
            ["trade_id", "at"],
            ["order_id"],
            ["user_id", "-at"],
        ],
    }


class Position(BaseDocument):
    """Owner: a user. Written by workers as the fold of fills; one per account and instrument."""

    position_id = fields.StringField(primary_key=True)
    account_id = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    trade_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    held = fields.Decimal128Field(required=True)
    coverable = fields.Decimal128Field(required=True)
    resting = fields.Decimal128Field(required=True)
    managed = fields.Decimal128Field(required=True)
    naked_since = fields.DateTimeField(null=True)
    naked_seconds = fields.Decimal128Field(required=True)
    entry_average = fields.Decimal128Field(null=True)
    updated_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "positions",
        "indexes": [{"fields": ["account_id", "symbol"], "unique": True}, ["user_id"]],
    }


@dataclass(frozen=True, slots=True)
class PositionState:
    """A position and its cover; invariant when calm: resting + managed == coverable."""

    position_id: str
    account_id: str
    user_id: str
    trade_id: str
    symbol: str
    held: Decimal
    coverable: Decimal
    resting: Decimal
    managed: Decimal
    naked_since: datetime | None
    naked_seconds: Decimal
    entry_average: Decimal | None
    updated_at: datetime


def create_many_once(stored: Sequence[StoredFill]) -> bool:
    """Insert fills, leaving those that are there; True where one was new."""
    rows = []
    for item in stored:
        row = to_row(item.fill, "fill_id")
        row.update(
            account_id=item.account_id,
            user_id=item.user_id,
            venue_order_id=item.venue_order_id,
            venue_fill_id=item.venue_fill_id,
        )
        rows.append(row)
    return len(insert_many_once(Fill, rows)) < len(rows)


def finding_of_trades(trade_ids: Many[str]) -> Find[list[FillValue]]:
    """Return the find of several trades' fills in the order of their time."""
    return Find(
        Fill,
        {"trade_id": {"$in": list(trade_ids)}},
        lambda rows: sorted((from_row(FillValue, row, "fill_id") for row in rows), key=lambda fill: fill.at),
    )


def before(trade_ids: Many[str], moment: datetime) -> dict[str, list[FillValue]]:
    """List the fills of several trades that came before a moment, by trade."""
    query = {"trade_id": {"$in": list(trade_ids)}, "at": {"$lt": moment}}
    found: dict[str, list[FillValue]] = {}
    for row in raw_rows_of(Fill).find(query).sort("at", 1):
        found.setdefault(row["trade_id"], []).append(from_row(FillValue, row, "fill_id"))
    return found


def of_orders(order_ids: Sequence[str]) -> list[FillValue]:
    """List the fills of several orders."""
    return [
        from_row(FillValue, row, "fill_id")
        for row in raw_rows_of(Fill).find({"order_id": {"$in": list(order_ids)}})
    ]


def write_positions(positions: Sequence[PositionState], *, wait: bool = True) -> None:
    """Store the folds of accounts' fills, one per account and instrument; the last write wins.

    `wait` as in `shared.models.durable`.
    """
    writes = [
        ReplaceOne({"_id": position.position_id}, to_row(position, "position_id"), upsert=True)
        for position in positions
    ]
    if writes:
        rows = raw_rows_of(Position) if wait else hints_of(Position)
        rows.bulk_write(writes, ordered=False)

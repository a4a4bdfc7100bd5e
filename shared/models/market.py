"""Minute candles and equity over time."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from mongoengine import fields
from pymongo import UpdateOne

from shared.domain.reference import MinuteCandle
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, raw_rows_of, rows_of


class Candle(BaseDocument):
    """Owner: nobody. Written by the prices job; one per venue, environment, symbol and minute; retention 90 days."""

    candle_id = fields.StringField(primary_key=True)
    venue = fields.StringField(required=True)
    environment = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    minute = fields.DateTimeField(required=True)
    open = fields.Decimal128Field(required=True)
    high = fields.Decimal128Field(required=True)
    low = fields.Decimal128Field(required=True)
    close = fields.Decimal128Field(required=True)
    synthetic = fields.BooleanField(default=False)

    meta = {
        "collection": "candles",
        "indexes": [
            {"fields": ["venue", "environment", "symbol", "minute"], "unique": True},
            ["symbol", "-minute"],
            {"fields": ["minute"], "expireAfterSeconds": 90 * 86400},
        ],
    }


class EquitySnapshot(BaseDocument):
    """Owner: a user. Written by the snapshot job every minute; retention 13 months."""

    snapshot_id = fields.StringField(primary_key=True)
    account_id = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)
    cash = fields.Decimal128Field(required=True)
    equity = fields.Decimal128Field(required=True)

    meta = {
        "collection": "equity_snapshots",
        "indexes": [["account_id", "-at"], {"fields": ["at"], "expireAfterSeconds": 400 * 86400}],
    }


def record_prices(
    venue: str, environment: str, prices: Mapping[str, Decimal], at: datetime, *, synthetic: bool
) -> None:
    """Fold prices into the candles of their minute."""
    minute = at.replace(second=0, microsecond=0)
    writes = [
        UpdateOne(
            {"_id": _candle_id(venue, environment, symbol, minute)},
            {
                "$setOnInsert": {
                    "venue": venue,
                    "environment": environment,
                    "symbol": symbol,
                    "minute": minute,
                    "open": price,
                    "synthetic": synthetic,
                },
                "$max": {"high": price},
                "$min": {"low": price},
                "$set": {"close": price},
            },
            upsert=True,
        )
        for symbol, price in prices.items()
    ]
    if writes:
        rows_of(Candle).bulk_write(writes, ordered=False)


def newest_prices(symbols: Iterable[str]) -> dict[str, Decimal]:
    """Read the newest known price of each symbol, on whichever venue; made-up prices do not count."""
    found = {}
    for symbol in symbols:
        row = rows_of(Candle).find_one(
            {"symbol": symbol, "synthetic": False}, {"close": 1}, sort=[("minute", -1)]
        )
        if row is not None:
            found[symbol] = row["close"]
    return found


def price_before(venue: str, environment: str, symbol: str, moment: datetime) -> Decimal | None:
    """Read the last price of the minute before a moment's own; None where nobody looked then."""
    minute = moment.replace(second=0, microsecond=0) - timedelta(minutes=1)
    row = rows_of(Candle).find_one({"_id": _candle_id(venue, environment, symbol, minute)}, {"close": 1})
    return None if row is None else row["close"]


def _candle_id(venue: str, environment: str, symbol: str, minute: datetime) -> str:
    return f"{venue}:{environment}:{symbol}:{int(minute.timestamp())}"


def candles_between(
    venue: str, environment: str, symbol: str, after: datetime, until: datetime
) -> list[MinuteCandle]:
    """Read the candles of a symbol at a venue after a minute, up to another one and with it, in order."""
    place = {"venue": venue, "environment": environment, "symbol": symbol}
    hidden = {"_id": 0, **dict.fromkeys(place, 0)}
    rows = raw_rows_of(Candle).find({**place, "minute": {"$gt": after, "$lte": until}}, hidden).sort("minute", 1)
    return [from_row(MinuteCandle, row) for row in rows]


def record_equity(account_id: str, user_id: str, at: datetime, cash: Decimal, equity: Decimal) -> None:
    """Store one point of an account's equity; the same minute is stored once."""
    minute = at.replace(second=0, microsecond=0)
    row: Row = {"account_id": account_id, "user_id": user_id, "at": minute, "cash": cash, "equity": equity}
    rows_of(EquitySnapshot).update_one(
        {"_id": f"{account_id}:{int(minute.timestamp())}"}, {"$setOnInsert": row}, upsert=True
    )


def equity_curve(account_ids: list[str], since: datetime) -> list[tuple[datetime, Decimal]]:
    """Sum the equity of several accounts, minute by minute since a moment."""
    totals: dict[datetime, Decimal] = {}
    query = {"account_id": {"$in": account_ids}, "at": {"$gte": since}}
    for row in rows_of(EquitySnapshot).find(query).sort("at", 1):
        totals[row["at"]] = totals.get(row["at"], Decimal(0)) + row["equity"]
    return sorted(totals.items())

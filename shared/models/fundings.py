"""What positions on margin have received or paid while they were held: one row for each payment of the venue."""

from collections.abc import Collection as Many
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mongoengine import fields

from shared.domain.money import ZERO
from shared.models.base import BaseDocument
from shared.models.mapping import Row, rows_of, to_row
from shared.models.signals import insert_many_once


class Funding(BaseDocument):
    """Owner: an account. Written by workers; append-only, unique on the account and the venue's id."""

    funding_id = fields.StringField(primary_key=True)
    account_id = fields.StringField(required=True)
    trade_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    amount = fields.Decimal128Field(required=True)
    asset = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)

    meta = {"collection": "fundings", "indexes": [["trade_id"]]}


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment, given to the trade whose position it was for; negative where the account has paid."""

    funding_id: str
    account_id: str
    trade_id: str
    symbol: str
    amount: Decimal
    asset: str
    at: datetime


def record(payments: Sequence[Payment]) -> None:
    """Insert payments, leaving those that are there."""
    if payments:
        insert_many_once(Funding, [to_row(payment, "funding_id") for payment in payments])


def sums_of(trade_ids: Many[str], before: datetime | None = None) -> dict[str, Decimal]:
    """Return what each trade has received in all, or before a moment; trades without a payment are left out."""
    query: Row = {"trade_id": {"$in": list(trade_ids)}}
    if before is not None:
        query["at"] = {"$lt": before}
    sums: dict[str, Decimal] = {}
    for row in rows_of(Funding).find(query, {"trade_id": 1, "amount": 1}):
        sums[row["trade_id"]] = sums.get(row["trade_id"], ZERO) + row["amount"]
    return sums

"""Readings and receipts: what a provider said, and what the gates said to each follower."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from mongoengine import fields
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.domain.confirmations import AWAITS_CONFIRMATION
from shared.domain.receipts import Receipt as ReceiptValue
from shared.domain.receipts import Verdict
from shared.domain.signals import NotASignal, Reading
from shared.domain.signals import Signal as SignalValue
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, hints_of, raw_rows_of, rows_of, to_row

_DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class BoundTo:
    """The message whose trades a command means; with a `code` instead where it means none, and why."""

    source: str = ""
    channel_id: str = ""
    message_id: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class SignalRecord:
    """One stored reading; `signal` is None where the message asks for nothing.

    `bound_to` says for each command of an update what it was found to mean: a pass that is repeated means the same.
    """

    signal_id: str
    row_id: str
    provider_id: str
    source: str
    channel_id: str
    message_id: str
    revision: int
    posted_at: datetime
    read_at: datetime
    signal: SignalValue | None
    not_a_signal: NotASignal | None
    instrument: str | None = None
    parser_version: str | None = None
    bound_to: tuple[BoundTo, ...] = ()


class Signal(BaseDocument):
    """Owner: a provider. Written by workers, once per message revision."""

    signal_id = fields.StringField(primary_key=True)
    row_id = fields.StringField(required=True)
    provider_id = fields.StringField(required=True)
    source = fields.StringField(required=True)
    channel_id = fields.StringField(required=True)
    message_id = fields.StringField(required=True)
    revision = fields.LongField(required=True)
    posted_at = fields.DateTimeField(required=True)
    read_at = fields.DateTimeField(required=True)
    signal = fields.DictField(null=True)
    not_a_signal = fields.DictField(null=True)
    instrument = fields.StringField(null=True)
    parser_version = fields.StringField(null=True)
    bound_to = fields.ListField(fields.DictField())

    meta = {
        "collection": "signals",
        "indexes": [
            ["provider_id", "-posted_at"],
            ["source", "channel_id", "message_id", "revision"],
            ["parser_version", "posted_at"],
            {"fields": ["read_at"], "partialFilterExpression": {"signal.action": "open"}},
        ],
    }


class ContentKey(BaseDocument):
    """One row per content of a provider; holds the message that said it first, for ten minutes."""

    content_key = fields.StringField(primary_key=True)
    message_key = fields.StringField(required=True)
    posted_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "content_keys",
        "indexes": [{"fields": ["posted_at"], "expireAfterSeconds": 86400}],
    }


class Receipt(BaseDocument):
    """Owner: a user. Written by workers, once per signal and trading bot; one that awaits a yes is replaced once."""

    receipt_id = fields.StringField(primary_key=True)
    signal_id = fields.StringField(required=True)
    trading_bot_id = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    account_id = fields.StringField(required=True)
    provider_id = fields.StringField(required=True)
    source = fields.StringField(required=True)
    channel_id = fields.StringField(required=True)
    message_id = fields.StringField(required=True)
    revision = fields.LongField(required=True)
    outcome = fields.StringField(required=True)
    code = fields.StringField()
    detail = fields.StringField()
    gates = fields.ListField(fields.DictField())
    order_ids = fields.ListField(fields.StringField())
    trade_id = fields.StringField(null=True)
    at = fields.DateTimeField(required=True)

    meta = {
        "collection": "receipts",
        "indexes": [
            {"fields": ["signal_id", "trading_bot_id"], "unique": True},
            ["user_id", "-at"],
            ["message_id"],
            ["at"],
        ],
    }


def count_opens(provider_ids: Iterable[str], since: datetime) -> dict[str, int]:
    """Count, by provider, the messages posted since a moment that open a position; an edit is no new one."""
    posted = {"provider_id": {"$in": list(provider_ids)}, "posted_at": {"$gte": since}}
    stages: list[Row] = [
        {"$match": {**posted, "revision": 0, "signal.action": "open"}},
        {"$group": {"_id": "$provider_id", "count": {"$sum": 1}}},
    ]
    return {row["_id"]: row["count"] for row in raw_rows_of(Signal).aggregate(stages)}


def record_reading(record: SignalRecord, *, wait: bool = True) -> bool:
    """Store a reading; the same reading again changes nothing. True where it was not there before.

    `wait` as in `shared.models.durable`.
    """
    row = to_row(record, "signal_id")
    rows = rows_of(Signal) if wait else hints_of(Signal)
    stored = rows.replace_one({"_id": record.signal_id}, row, upsert=True)
    return stored.upserted_id is not None


def find(signal_id: str) -> SignalRecord | None:
    """Read one reading."""
    row = rows_of(Signal).find_one({"_id": signal_id})
    return from_row(SignalRecord, row, "signal_id") if row else None


def find_many(signal_ids: Iterable[str]) -> dict[str, SignalRecord]:
    """Read several readings, by id."""
    rows = rows_of(Signal).find({"_id": {"$in": list(signal_ids)}})
    return {row["_id"]: from_row(SignalRecord, row, "signal_id") for row in rows}


def newest_of(source: str, channel_id: str, message_id: str) -> SignalRecord | None:
    """Read the newest stored reading of a message."""
    query = {"source": source, "channel_id": channel_id, "message_id": message_id}
    row = rows_of(Signal).find_one(query, sort=[("revision", -1)])
    return from_row(SignalRecord, row, "signal_id") if row else None


def newest_before(source: str, channel_id: str, message_id: str, revision: int) -> SignalRecord | None:
    """Read the newest stored reading of a message among those of older revisions."""
    said = {"source": source, "channel_id": channel_id, "message_id": message_id}
    query = {**said, "revision": {"$lt": revision}}
    row = rows_of(Signal).find_one(query, sort=[("revision", -1)])
    return from_row(SignalRecord, row, "signal_id") if row else None


def has_version(parser_version: str) -> bool:
    """Tell whether a parser version has left readings."""
    return rows_of(Signal).find_one({"parser_version": parser_version}, {"_id": 1}) is not None


def of_version(parser_version: str) -> Iterator[SignalRecord]:
    """Read the readings of a parser version, oldest first."""
    for row in rows_of(Signal).find({"parser_version": parser_version}).sort("posted_at", 1):
        yield from_row(SignalRecord, row, "signal_id")


def make_reading(record: SignalRecord) -> Reading:
    """Return the reading inside a record."""
    reading = record.signal or record.not_a_signal
    if reading is None:
        raise ValueError(f"signal {record.signal_id} holds no reading")
    return reading


def claim_content(
    content_key: str, message_key: str, posted_at: datetime, window: timedelta, *, wait: bool = True
) -> str:
    """Claim a content for a message; return the message that holds it, which may be another.

    `wait` as in `shared.models.durable`.
    """
    free = {
        "_id": content_key,
        "$or": [{"message_key": message_key}, {"posted_at": {"$lt": posted_at - window}}],
    }
    claim = {"$set": {"message_key": message_key, "posted_at": posted_at}}
    try:
        (rows_of(ContentKey) if wait else hints_of(ContentKey)).update_one(free, claim, upsert=True)
    except DuplicateKeyError:
        row = rows_of(ContentKey).find_one({"_id": content_key})
        return row["message_key"] if row else message_key
    return message_key


def create_receipts_once(receipts: Sequence[ReceiptValue], *, wait: bool = True) -> None:
    """Insert receipts, leaving those that an earlier pass wrote as they are.

    `wait` as in `shared.models.durable`.
    """
    insert_many_once(Receipt, [to_row(receipt, "receipt_id") for receipt in receipts], wait=wait)


def find_receipt(receipt_id: str) -> ReceiptValue | None:
    """Read one receipt."""
    row = rows_of(Receipt).find_one({"_id": receipt_id})
    return from_row(ReceiptValue, row, "receipt_id") if row else None


def replace_held(receipt: ReceiptValue, *, wait: bool = True) -> None:
    """Write the last word over a receipt that awaits a confirmation, or where none is; any other one stays.

    One that has passed also takes the place of a denial: a pass that was rung for twice may have met what its twin
    had reserved, and a trade that is there is a fact. `wait` as in `shared.models.durable`.
    """
    row = to_row(receipt, "receipt_id")
    held: Row = {"_id": receipt.receipt_id, "code": AWAITS_CONFIRMATION}
    if receipt.outcome is Verdict.PASSED:
        held = {"_id": receipt.receipt_id, "outcome": {"$ne": str(Verdict.PASSED)}}
    rows = rows_of(Receipt) if wait else hints_of(Receipt)
    with suppress(DuplicateKeyError):
        rows.replace_one(held, row, upsert=True)


def bots_told(signal_id: str) -> set[str]:
    """List the trading bots that have a receipt for a signal."""
    return {
        row["trading_bot_id"]
        for row in rows_of(Receipt).find({"signal_id": signal_id}, {"trading_bot_id": 1})
    }


def receipts_of_message(message_id: str) -> list[ReceiptValue]:
    """Read all receipts of a message, oldest first."""
    rows = rows_of(Receipt).find({"message_id": message_id}).sort("at", 1)
    return [from_row(ReceiptValue, row, "receipt_id") for row in rows]


def insert_many_once(document: type[BaseDocument], rows: Iterable[Row], *, wait: bool = True) -> set[str]:
    """Insert rows, ignoring those that exist; return the ids that were refused as duplicates.

    `wait` as in `shared.models.durable`.

    Raises
    ------
    pymongo.errors.BulkWriteError
        If a row was refused for another reason.
    """
    listed = list(rows)
    if not listed:
        return set()
    collection = raw_rows_of(document) if wait else hints_of(document)
    try:
        if len(listed) == 1:
            # Most signals have few followers, and a bulk of one costs a fifth more.
            collection.insert_one(listed[0])
        else:
            collection.insert_many(listed, ordered=False)
    except DuplicateKeyError:
        return {listed[0]["_id"]}
    except BulkWriteError as error:
        problems = (error.details or {}).get("writeErrors", [])
        if any(problem["code"] != _DUPLICATE_KEY for problem in problems):
            raise
        return {listed[problem["index"]]["_id"] for problem in problems}
    return set()

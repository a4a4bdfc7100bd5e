"""Orders: every move is a compare-and-set on (status, version) with an event in the same write."""

from collections.abc import Collection as Many
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mongoengine import EmbeddedDocument, fields
from pymongo import ASCENDING

from shared.domain.identifiers import client_order_id
from shared.domain.order_status import AT_VENUE, LIVE, OrderStatus, check_transition
from shared.domain.orders import Order as OrderValue
from shared.domain.orders import Purpose
from shared.domain.values import changed
from shared.models.base import BaseDocument
from shared.models.changes import Change, change_all
from shared.models.mapping import Row, from_row, hints_of, raw_rows_of, to_row
from shared.models.signals import insert_many_once
from shared.models.together import Find, run


class OrderEvent(EmbeddedDocument):
    """One move of an order, appended in the write that made it."""

    version = fields.LongField(required=True)
    status = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)
    code = fields.StringField(null=True)
    detail = fields.StringField()


class Order(BaseDocument):
    """Owner: a user. Written by workers only; unsent entries are inserted once and never twice."""

    order_id = fields.StringField(primary_key=True)
    intent_id = fields.StringField(required=True)
    attempt = fields.IntField(required=True)
    trade_id = fields.StringField(required=True)
    account_id = fields.StringField(required=True)
    user_id = fields.StringField(required=True)
    trading_bot_id = fields.StringField(required=True)
    provider_id = fields.StringField(required=True)
    signal_id = fields.StringField(required=True)
    source = fields.StringField(required=True)
    channel_id = fields.StringField(required=True)
    message_id = fields.StringField(required=True)
    purpose = fields.StringField(required=True)
    leg = fields.IntField(required=True)
    venue = fields.StringField(required=True)
    environment = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    side = fields.StringField(required=True)
    order_type = fields.StringField(required=True)
    time_in_force = fields.StringField(required=True)
    quantity = fields.Decimal128Field(required=True)
    limit_price = fields.Decimal128Field(null=True)
    stop_price = fields.Decimal128Field(null=True)
    reduce_only = fields.BooleanField()
    link_group = fields.StringField(null=True)
    cover_version = fields.IntField()
    cause = fields.StringField(null=True)
    pair_id = fields.StringField(null=True)
    trail_percent = fields.Decimal128Field(null=True)
    replaces = fields.StringField(null=True)
    status = fields.StringField(required=True)
    version = fields.LongField(required=True)
    tries = fields.IntField()
    lookups = fields.IntField()
    code = fields.StringField(null=True)
    filled_quantity = fields.Decimal128Field()
    open_quantity = fields.Decimal128Field(null=True)
    average_fill_price = fields.Decimal128Field(null=True)
    venue_order_id = fields.StringField(null=True)
    claim_id = fields.StringField(null=True)
    sent_at = fields.DateTimeField(null=True)
    accepted_at = fields.DateTimeField(null=True)
    send_by = fields.DateTimeField(null=True)
    expires_at = fields.DateTimeField(null=True)
    created_at = fields.DateTimeField(required=True)
    next_check_at = fields.DateTimeField(required=True)
    next_attempt_at = fields.DateTimeField(null=True)
    cancel_requested = fields.BooleanField()
    cancel_code = fields.StringField(null=True)
    waits_for = fields.StringField(null=True)
    lacks_fills = fields.BooleanField()
    unsettled = fields.BooleanField()
    events = fields.EmbeddedDocumentListField(OrderEvent)

    meta = {
        "collection": "orders",
        "indexes": [
            {
                # One entry per (account, message): a unique row, not a query (DESIGN 5).
                "fields": ["account_id", "source", "channel_id", "message_id", "leg"],
                "unique": True,
                "partialFilterExpression": {"purpose": "entry"},
                "name": "one_entry_per_message",
            },
            ["status", "next_check_at"],
            ["trade_id"],
            # Keys that never change: a move of an order rewrites none of these.
            ["account_id"],
            ["message_id"],
            {
                "fields": ["account_id", "purpose"],
                "partialFilterExpression": {"status": "UNKNOWN"},
                "name": "unknown_of_account",
            },
            {"fields": ["unsettled", "next_check_at"], "partialFilterExpression": {"unsettled": True}},
            {"fields": ["cancel_requested", "status"], "partialFilterExpression": {"cancel_requested": True}},
            {"fields": ["lacks_fills", "next_check_at"], "partialFilterExpression": {"lacks_fills": True}},
        ],
    }


@dataclass(frozen=True, slots=True)
class Move:
    """One move of an order as it was read, with what changes beside its status."""

    order: OrderValue
    following: OrderStatus
    at: datetime
    changes: Row
    code: str | None = None
    detail: str = ""

    @property
    def after(self) -> OrderValue:
        """The order as it stands once the move is made."""
        order = self.order
        code = order.code if self.code is None else self.code
        changes = {**self.changes, "status": self.following, "version": order.version + 1, "code": code}
        return changed(order, **changes)


def create_many_once(orders: Sequence[OrderValue], *, wait: bool = True) -> set[str]:
    """Insert intents; return the ids of entries that lost to another bot's entry for the same message.

    `wait` as in `shared.models.durable`.
    """
    refused = insert_many_once(Order, [_born(order) for order in orders], wait=wait)
    if not refused:
        return set()
    present = {row["_id"] for row in raw_rows_of(Order).find({"_id": {"$in": list(refused)}}, {"_id": 1})}
    return refused - present


def find(order_id: str) -> OrderValue | None:
    """Read one order."""
    row = raw_rows_of(Order).find_one({"_id": order_id})
    return order_of(row) if row else None


def find_many(order_ids: Many[str]) -> list[OrderValue]:
    """Read several orders in one query."""
    return [order_of(row) for row in raw_rows_of(Order).find({"_id": {"$in": list(order_ids)}})]


def find_entries(intent_ids: Many[str]) -> list[OrderValue]:
    """Read the orders of several entries; an entry has one attempt, so its intent tells its order's id."""
    return find_many([client_order_id(intent_id, 1) for intent_id in intent_ids])


def of_trade(trade_id: str) -> list[OrderValue]:
    """List a trade's orders, oldest first."""
    return run(finding_of_trades([trade_id]))


def of_trades(trade_ids: Many[str]) -> list[OrderValue]:
    """List several trades' orders, oldest first."""
    return run(finding_of_trades(trade_ids))


def finding_of_trades(trade_ids: Many[str]) -> Find[list[OrderValue]]:
    """Return the find of several trades' orders, oldest first."""
    return Find(
        Order,
        {"trade_id": {"$in": list(trade_ids)}},
        lambda rows: sorted(map(order_of, rows), key=lambda order: order.created_at),
        without="events",
    )


def count_unknown() -> int:
    """Count the orders whose outcome is unknown now."""
    return raw_rows_of(Order).count_documents({"status": str(OrderStatus.UNKNOWN)})


def count_resting_entries(venue: str, environment: str) -> int:
    """Count the entries that rest at a venue."""
    resting = {"status": {"$in": [str(status) for status in AT_VENUE]}, "purpose": str(Purpose.ENTRY)}
    return raw_rows_of(Order).count_documents({**resting, "venue": venue, "environment": environment})


def of_message(message_id: str) -> list[OrderValue]:
    """List the orders that a message caused, oldest first."""
    return [
        order_of(row)
        for row in raw_rows_of(Order).find({"message_id": message_id}).sort("created_at", ASCENDING)
    ]


def compare_and_set(
    order: OrderValue,
    following: OrderStatus,
    at: datetime,
    *,
    code: str | None = None,
    detail: str = "",
    **changes: Any,
) -> bool:
    """Move an order if it still stands as it was read; append the event in the same write.

    Raises
    ------
    IllegalTransition
        If the table of DESIGN 6 has no such move.
    """
    return move_all([Move(order, following, at, changes, code, detail)])


def move_all(moves: Sequence[Move]) -> bool:
    """Make many moves in one round trip, each as `compare_and_set` does; True where every one was made.

    After a False the caller does not know which: it reads each order again, as after a lost move.

    Raises
    ------
    IllegalTransition
        If the table of DESIGN 6 has no such move; then none was made.
    """
    if not moves:
        return True
    return change_all(raw_rows_of(Order), [_change(move) for move in moves]) == len(moves)


def mark_settled(orders: Sequence[OrderValue]) -> None:
    """Tell that fills, trade and events of these versions are all written."""
    by_version: dict[int, list[str]] = {}
    for order in orders:
        by_version.setdefault(order.version, []).append(order.order_id)
    # Most have come as far as one another: one write for all of a version costs half of one for each.
    for version, ids in by_version.items():
        query = {"_id": {"$in": ids}, "version": version}
        hints_of(Order).update_many(query, {"$set": {"unsettled": False}})


def request_cancel(order_ids: Many[str], code: str) -> None:
    """Ask for a cancel, and say why: acted on at once where the order rests, later where its outcome is unknown.

    The first reason stays.
    """
    query = {
        "_id": {"$in": list(order_ids)},
        "status": {"$in": [str(status) for status in LIVE]},
        "cancel_requested": False,
    }
    raw_rows_of(Order).update_many(query, {"$set": {"cancel_requested": True, "cancel_code": code}})


def mark_fills(lacking: Many[str], complete: Many[str]) -> None:
    """Note which orders still lack executions, and which do not any more."""
    for ids, lacks in ((lacking, True), (complete, False)):
        if ids:
            query = {"_id": {"$in": list(ids)}, "lacks_fills": not lacks}
            raw_rows_of(Order).update_many(query, {"$set": {"lacks_fills": lacks}})


def finding_unsettled(trade_ids: Many[str]) -> Find[list[OrderValue]]:
    """Return the find of those orders of several trades that have moved since they were last shown."""
    query = {"trade_id": {"$in": list(trade_ids)}, "unsettled": True}
    return Find(Order, query, lambda rows: list(map(order_of, rows)))


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An order whose outcome is unknown, sent at that moment."""

    account_id: str
    symbol: str
    is_entry: bool
    sent_at: datetime


def finding_unknown(account_ids: Many[str]) -> Find[list[OpenQuestion]]:
    """Return the find of the accounts' orders whose outcome is unknown."""
    query = {"account_id": {"$in": list(account_ids)}, "status": str(OrderStatus.UNKNOWN)}
    fields = ("account_id", "symbol", "purpose", "sent_at", "created_at")
    return Find(Order, query, lambda rows: [_question_of(row) for row in rows], fields=fields)


def _question_of(row: Row) -> OpenQuestion:
    is_entry = row["purpose"] == str(Purpose.ENTRY)
    return OpenQuestion(row["account_id"], row["symbol"], is_entry, row.get("sent_at") or row["created_at"])


def count_unresolved() -> int:
    """Count orders that are on their way: unsent, unanswered, or asked to cancel."""
    moving = [OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN, OrderStatus.PENDING_CANCEL]
    rows = raw_rows_of(Order)
    return rows.count_documents(
        {"status": {"$in": [str(status) for status in moving]}}
    ) + rows.count_documents({"unsettled": True})


def events_of(order_id: str) -> list[Row]:
    """Read an order's events, oldest first."""
    row = raw_rows_of(Order).find_one({"_id": order_id}, {"events": 1})
    return list(row["events"]) if row else []


def _change(move: Move) -> Change:
    order, following = move.order, move.following
    if following != order.status:
        check_transition(order.status, following)
    version = order.version + 1
    change = {"status": str(following), "version": version, **move.changes}
    if move.code is not None:
        change["code"] = move.code
    event = {
        "version": version,
        "status": str(following),
        "at": move.at,
        "code": move.code,
        "detail": move.detail,
    }
    stands = {"status": str(order.status), "version": order.version}
    return Change(order.order_id, stands, change, appends={"events": event})


def _born(order: OrderValue) -> Row:
    row = to_row(order, "order_id")
    row["events"] = [
        {
            "version": order.version,
            "status": str(order.status),
            "at": order.created_at,
            "code": None,
            "detail": "",
        }
    ]
    return row


def order_of(row: Row) -> OrderValue:
    """Read an order from its row."""
    return from_row(OrderValue, row, "order_id")

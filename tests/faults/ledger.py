"""Our own word: what the database says became of the messages, orders and positions of some accounts, as plain rows."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bson.decimal128 import Decimal128
from pymongo.database import Database

from tests.faults.crews import Crew
from tests.faults.records import Row


def read_ledger(database: "Database[Row]", crews: list[Crew]) -> list[Row]:
    """Read everything that the judge holds against the venue's log, a row each, with the venue's name of the account."""
    keys = {member.account_id: member.key for crew in crews for member in crew.members}
    bots = {member.bot_id: member.key for crew in crews for member in crew.members}
    return [
        *_orders(database, keys),
        *_trades(database, keys),
        *_receipts(database, bots),
        *_messages(database, crews),
    ]


def _orders(database: "Database[Row]", keys: dict[str, str]) -> Iterator[Row]:
    for row in database["orders"].find({"account_id": {"$in": list(keys)}}):
        yield {
            "kind": "order",
            "key": keys[row["account_id"]],
            "id": row["_id"],
            "intent_id": row["intent_id"],
            "purpose": row["purpose"],
            "status": row["status"],
            "code": row.get("code"),
            "filled": _text(row.get("filled_quantity")),
            "created_at": _moment(row["created_at"]),
            "events": [{"status": e["status"], "at": _moment(e["at"])} for e in row["events"]],
        }


def _trades(database: "Database[Row]", keys: dict[str, str]) -> Iterator[Row]:
    for row in database["trades"].find({"account_id": {"$in": list(keys)}}):
        symbol = row["symbol"].replace("/", "")
        yield {
            "kind": "trade",
            "key": keys[row["account_id"]],
            "symbol": symbol,
            "held": _text(row.get("held")),
            "managed": _text(row.get("managed")),
        }


def _receipts(database: "Database[Row]", bots: dict[str, str]) -> Iterator[Row]:
    for row in database["receipts"].find({"trading_bot_id": {"$in": list(bots)}}):
        key = bots[row["trading_bot_id"]]
        yield {
            "kind": "receipt",
            "key": key,
            "message_id": row["message_id"],
            "code": row["code"],
            "outcome": row["outcome"],
        }


def _messages(database: "Database[Row]", crews: list[Crew]) -> Iterator[Row]:
    for crew in crews:
        for row in database["messages"].find({"channel_id": {"$in": crew.channel_ids}}):
            for member in crew.followers_of(row["channel_id"]):
                yield {
                    "kind": "message",
                    "key": member.key,
                    "message_id": row["message_id"],
                    "status": row["status"],
                    "reason": row.get("reason"),
                }


def _text(value: Decimal128 | None) -> str:
    return "0" if value is None else str(value.to_decimal())


def _moment(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()

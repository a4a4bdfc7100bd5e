"""What a provider's record is made of beside reference positions: what it posted, and what followers' trades brought."""

from collections.abc import Collection as Many
from collections.abc import Iterable
from datetime import datetime

from shared.domain.accounts import Environment
from shared.domain.bots import BotState
from shared.domain.money import ZERO
from shared.domain.record import FollowerSums, MessageShares
from shared.models.accounts import Account
from shared.models.bots import TradingBot
from shared.models.mapping import Row, from_row, raw_rows_of, rows_of
from shared.models.messages import InboxMessage, Message, MessageStatus
from shared.models.signals import Signal, SignalRecord
from shared.models.trades import Trade

_RANKS = {str(environment): -rank for rank, environment in enumerate(Environment)}


def opens_read_since(read_at: datetime, limit: int) -> list[SignalRecord]:
    """Read the readings that open something, in the order in which they were read."""
    query = {"signal.action": "open", "read_at": {"$gte": read_at}}
    rows = raw_rows_of(Signal).find(query).sort("read_at", 1).limit(limit)
    return [from_row(SignalRecord, row, "signal_id") for row in rows]


def was_read_before(record: SignalRecord) -> bool:
    """Tell whether an older revision of the same message has a reading: then this one is an edit."""
    place = {"source": record.source, "channel_id": record.channel_id, "message_id": record.message_id}
    query = {**place, "revision": {"$lt": record.revision}}
    return raw_rows_of(Signal).find_one(query, {"_id": 1}) is not None


def commands_since(provider_id: str, posted_since: datetime) -> list[SignalRecord]:
    """Read a provider's closes and updates posted since a moment."""
    query = {
        "provider_id": provider_id,
        "posted_at": {"$gte": posted_since},
        "signal.action": {"$in": ["close", "update"]},
    }
    return [from_row(SignalRecord, row, "signal_id") for row in raw_rows_of(Signal).find(query)]


def revisions_of(message_ids: Many[str]) -> list[InboxMessage]:
    """Read all revisions of messages, the oldest first; the same id may stand in several channels."""
    rows = rows_of(Message).find({"message_id": {"$in": list(message_ids)}})
    return sorted((from_row(InboxMessage, row, "row_id") for row in rows), key=lambda one: one.revision)


def inbox_rows(row_ids: Iterable[str]) -> dict[str, InboxMessage]:
    """Read inbox rows by id."""
    rows = rows_of(Message).find({"_id": {"$in": list(row_ids)}})
    return {row["_id"]: from_row(InboxMessage, row, "row_id") for row in rows}


def venues_of_followers(provider_id: str, most: int) -> list[tuple[str, str]]:
    """List where the first of a provider's active followers trade: live before sandbox before paper, by name."""
    following = {"provider_id": provider_id, "state": str(BotState.ACTIVE)}
    first = raw_rows_of(TradingBot).find(following, {"account_id": 1}).sort("_id", 1).limit(most)
    account_ids = [row["account_id"] for row in first]
    rows = raw_rows_of(Account).find({"_id": {"$in": account_ids}}, {"venue": 1, "environment": 1})
    places = {(row["venue"], row["environment"]) for row in rows}
    return sorted(places, key=lambda place: (_RANKS.get(place[1], 0), place[0]))


def has_closed_since(provider_id: str, closed_since: datetime) -> bool:
    """Tell whether a follower's trade has closed since a moment."""
    query = {"provider_id": provider_id, "status": "closed", "closed_at": {"$gte": closed_since}}
    return raw_rows_of(Trade).find_one(query, {"_id": 1}) is not None


def sum_followers(provider_id: str, closed_since: datetime) -> FollowerSums:
    """Add up followers' trades of a provider that closed since a moment."""
    pnl, is_win = "$realised_pnl", {"$gt": ["$realised_pnl", 0]}
    stages: list[Row] = [
        {"$match": {"provider_id": provider_id, "status": "closed", "closed_at": {"$gt": closed_since}}},
        {
            "$group": {
                "_id": None,
                "closed": {"$sum": 1},
                "wins": {"$sum": {"$cond": [is_win, 1, 0]}},
                "gained": {"$sum": {"$cond": [is_win, pnl, ZERO]}},
                "lost": {"$sum": {"$cond": [is_win, ZERO, {"$multiply": [pnl, -1]}]}},
                "r_sum": {"$sum": "$r_multiple"},
                "r_known": {"$sum": {"$cond": [{"$gt": ["$r_multiple", None]}, 1, 0]}},
            }
        },
        {"$project": {"_id": 0}},
    ]
    for row in rows_of(Trade).aggregate(stages):
        return from_row(FollowerSums, row)
    return FollowerSums()


def count_messages(provider_id: str, posted_since: datetime) -> MessageShares:
    """Count a provider's messages posted since a moment, each once, by what became of them."""

    def seen(condition: Row) -> Row:
        return {"$max": {"$cond": [condition, 1, 0]}}

    is_delete = {"$eq": ["$event", "delete"]}
    acted = [{"$eq": ["$status", str(MessageStatus.DONE)]}, {"$gt": ["$signal_id", None]}]
    flags: Row = {
        "read": seen({"$and": [*acted, {"$not": is_delete}]}),
        "quarantined": seen({"$eq": ["$status", str(MessageStatus.QUARANTINED)]}),
        "edited": seen({"$and": [{"$gt": ["$revision", 0]}, {"$not": is_delete}]}),
        "deleted": seen(is_delete),
    }
    place = {"source": "$source", "channel_id": "$channel_id", "message_id": "$message_id"}
    stages: list[Row] = [
        {"$match": {"provider_id": provider_id, "posted_at": {"$gt": posted_since}}},
        {"$group": {"_id": place, **flags}},
        {"$group": {"_id": None, "messages": {"$sum": 1}, **{name: {"$sum": f"${name}"} for name in flags}}},
        {"$project": {"_id": 0}},
    ]
    for row in raw_rows_of(Message).aggregate(stages):
        return from_row(MessageShares, row)
    return MessageShares()

"""What the Overview reads: every function takes the owner's rows, and every query has an index.

The indexes are declared beside the documents in `shared/models`; the tests ask MongoDB to explain.
"""

from collections.abc import Collection as Many
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pymongo import DESCENDING

from shared.domain.accounts import Account as AccountState
from shared.domain.fills import Fill as FillValue
from shared.domain.money import ZERO
from shared.domain.orders import Order as OrderValue
from shared.domain.profiles import ProviderProfile
from shared.domain.receipts import Receipt as ReceiptValue
from shared.domain.trades import Trade as TradeValue
from shared.domain.trades import TradeStatus
from shared.models.accounts import Account
from shared.models.bots import TradingBot
from shared.models.fills import Fill
from shared.models.mapping import Row, from_row
from shared.models.messages import InboxMessage, Message, MessageStatus
from shared.models.orders import Order
from shared.models.providers import Provider, ProviderTerms
from shared.models.signals import Receipt, Signal, SignalRecord
from shared.models.trades import Trade
from web.repository import ANSWER_MS, OwnRows, shared_rows

MOST_TRADES = 100
MOST_MESSAGES = 60


@dataclass(frozen=True, slots=True)
class DayFills:
    """A trade's fills of one day, summed; `commission` is in `commission_asset`, the rest in the quote asset."""

    trade_id: str
    is_entry: bool
    commission_asset: str
    quantity: Decimal
    value: Decimal
    commission: Decimal
    commission_value: Decimal


@dataclass(frozen=True, slots=True)
class FollowedProvider:
    """A provider that one of the user's trading bots copies."""

    provider_id: str
    name: str
    channel_ids: tuple[str, ...]
    community_id: str | None
    profile: ProviderProfile | None = None


def accounts_of(own: OwnRows) -> list[AccountState]:
    """List the user's accounts."""
    rows = own.find(Account).sort("_id", 1)
    return [from_row(AccountState, row, "account_id") for row in rows]


def alive_trades(own: OwnRows) -> list[TradeValue]:
    """List the user's pending and open trades, newest first."""
    alive = [str(TradeStatus.OPEN), str(TradeStatus.PENDING)]
    rows = own.find(Trade, {"status": {"$in": alive}}).sort("created_at", DESCENDING).limit(MOST_TRADES)
    return [from_row(TradeValue, row, "trade_id") for row in rows]


def trades_by_id(own: OwnRows, trade_ids: Many[str]) -> dict[str, TradeValue]:
    """Read several of the user's trades."""
    if not trade_ids:
        return {}
    rows = own.find(Trade, {"_id": {"$in": list(trade_ids)}})
    return {row["_id"]: from_row(TradeValue, row, "trade_id") for row in rows}


def orders_of_trades(own: OwnRows, trade_ids: Many[str]) -> dict[str, list[OrderValue]]:
    """List the orders of several of the user's trades, oldest first, by trade."""
    found: dict[str, list[OrderValue]] = {trade_id: [] for trade_id in trade_ids}
    if not found:
        return found
    for row in own.find(Order, {"trade_id": {"$in": list(found)}}, {"events": 0}).sort("created_at", 1):
        found[row["trade_id"]].append(from_row(OrderValue, row, "order_id"))
    return found


def fills_since(own: OwnRows, since: datetime) -> list[FillValue]:
    """List the user's fills after a moment, for a balance that was read before them."""
    rows = own.find(Fill, {"at": {"$gt": since}}).sort("at", DESCENDING).limit(1000)
    return [from_row(FillValue, row, "fill_id") for row in rows]


def day_fills(own: OwnRows, since: datetime) -> list[DayFills]:
    """Sum the user's fills since a moment by trade, direction and commission asset."""
    group: Row = {
        "_id": {"trade": "$trade_id", "is_entry": "$is_entry", "asset": "$commission_asset"},
        "quantity": {"$sum": "$quantity"},
        "value": {"$sum": {"$multiply": ["$quantity", "$price"]}},
        "commission": {"$sum": "$commission"},
        "commission_value": {"$sum": {"$multiply": ["$commission", "$price"]}},
    }
    return [
        DayFills(
            trade_id=row["_id"]["trade"],
            is_entry=row["_id"]["is_entry"],
            commission_asset=row["_id"]["asset"],
            quantity=row["quantity"] or ZERO,
            value=row["value"] or ZERO,
            commission=row["commission"] or ZERO,
            commission_value=row["commission_value"] or ZERO,
        )
        for row in own.group(Fill, {"at": {"$gte": since}}, group)
    ]


def followed_providers(own: OwnRows) -> list[FollowedProvider]:
    """List the providers that the user's trading bots copy, whatever the bots' state."""
    ids = sorted({row["provider_id"] for row in own.find(TradingBot, fields={"provider_id": 1})})
    if not ids:
        return []
    rows = shared_rows(Provider).find({"_id": {"$in": ids}}).sort("_id", 1).max_time_ms(ANSWER_MS)
    terms = [from_row(ProviderTerms, row, "provider_id") for row in rows]
    return [
        FollowedProvider(term.provider_id, term.name, term.channel_ids, term.community_id, term.profile)
        for term in terms
    ]


def newest_messages(
    own: OwnRows, since: datetime, *, with_noise: bool, limit: int = MOST_MESSAGES
) -> list[InboxMessage]:
    """List the newest messages of the channels that the user follows, newest first."""
    channels = sorted({c for provider in followed_providers(own) for c in provider.channel_ids})
    if not channels:
        return []
    query: dict[str, object] = {
        "channel_id": {"$in": channels},
        "posted_at": {"$gte": since},
        # What other members of a channel write is theirs.
        "reason": {"$ne": "AUTHOR_NOT_LISTED"},
    }
    if not with_noise:
        query["status"] = {"$ne": str(MessageStatus.NOISE)}
    rows = shared_rows(Message).find(query).sort("posted_at", DESCENDING).limit(limit).max_time_ms(ANSWER_MS)
    return [from_row(InboxMessage, row, "row_id") for row in rows]


def receipts_of_messages(own: OwnRows, message_ids: Many[str]) -> list[ReceiptValue]:
    """List what the gates said to the user of several messages, oldest first."""
    if not message_ids:
        return []
    rows = own.find(Receipt, {"message_id": {"$in": sorted(message_ids)}}).sort("at", 1)
    return [from_row(ReceiptValue, row, "receipt_id") for row in rows]


def readings(signal_ids: Many[str]) -> dict[str, SignalRecord]:
    """Read what was understood of several messages, by signal id."""
    if not signal_ids:
        return {}
    rows = shared_rows(Signal).find({"_id": {"$in": sorted(signal_ids)}}).max_time_ms(ANSWER_MS)
    return {row["_id"]: from_row(SignalRecord, row, "signal_id") for row in rows}


def find_message_for(own: OwnRows, row_id: str) -> InboxMessage | None:
    """Read one message revision, if it stands in a channel that the user follows."""
    row = shared_rows(Message).find_one({"_id": row_id}, max_time_ms=ANSWER_MS)
    if row is None:
        return None
    message = from_row(InboxMessage, row, "row_id")
    channels = {c for provider in followed_providers(own) for c in provider.channel_ids}
    return message if message.channel_id in channels else None

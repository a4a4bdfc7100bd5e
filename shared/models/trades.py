"""Trades: planned once, then moved by compare-and-set as fills and updates arrive."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from mongoengine import fields

from shared.domain.money import ZERO
from shared.domain.parked import ended_causes
from shared.domain.trades import AliveTrade, TradeStatus
from shared.domain.trades import Trade as TradeValue
from shared.models.base import BaseDocument
from shared.models.changes import Change, change_all
from shared.models.mapping import Row, from_row, hints_of, raw_rows_of, to_row
from shared.models.signals import BoundTo, insert_many_once
from shared.models.together import Find, run

# What one look at a symbol finds; the next one is a second away.
_MOST_TOUCHED = 2000
AnyTrade = TypeVar("AnyTrade", AliveTrade, TradeValue)

_ALIVE = [str(TradeStatus.PENDING), str(TradeStatus.OPEN)]
_LIMITED = (*(f.name for f in dataclass_fields(AliveTrade) if f.name not in {"trade_id", "multiplier"}),)


class Trade(BaseDocument):
    """Owner: a user. Written by workers; entry to exit for one trading bot."""

    trade_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    account_id = fields.StringField(required=True)
    trading_bot_id = fields.StringField(required=True)
    provider_id = fields.StringField(required=True)
    signal_id = fields.StringField(required=True)
    source = fields.StringField(required=True)
    channel_id = fields.StringField(required=True)
    message_id = fields.StringField(required=True)
    venue = fields.StringField(required=True)
    environment = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    side = fields.StringField(required=True)
    status = fields.StringField(required=True)
    planned_quantity = fields.Decimal128Field(required=True)
    planned_entry = fields.Decimal128Field(required=True)
    stop_source = fields.StringField(required=True)
    created_at = fields.DateTimeField(required=True)
    version = fields.LongField(required=True)
    stop_price = fields.Decimal128Field(null=True)
    stop_percent = fields.Decimal128Field(null=True)
    initial_stop_price = fields.Decimal128Field(null=True)
    targets = fields.ListField(fields.DictField())
    targets_percent = fields.ListField(fields.Decimal128Field())
    target_split = fields.ListField(fields.Decimal128Field())
    break_even_after = fields.IntField()
    cover_version = fields.IntField()
    entered = fields.Decimal128Field()
    exited = fields.Decimal128Field()
    entry_average = fields.Decimal128Field(null=True)
    exit_average = fields.Decimal128Field(null=True)
    realised_pnl = fields.Decimal128Field()
    r_multiple = fields.Decimal128Field(null=True)
    held = fields.Decimal128Field()
    external = fields.Decimal128Field()
    gone_since = fields.DateTimeField(null=True)
    coverable = fields.Decimal128Field()
    resting = fields.Decimal128Field()
    managed = fields.Decimal128Field()
    needs_cover = fields.BooleanField()
    naked_since = fields.DateTimeField(null=True)
    naked_seconds = fields.Decimal128Field()
    exit_cause = fields.StringField(null=True)
    exit_reason = fields.StringField(null=True)
    exit_fraction = fields.Decimal128Field(null=True)
    close_reason = fields.StringField(null=True)
    opened_at = fields.DateTimeField(null=True)
    closed_at = fields.DateTimeField(null=True)
    errors = fields.ListField(fields.StringField())
    updates = fields.ListField(fields.DictField())
    is_watched = fields.BooleanField()
    watch_below = fields.Decimal128Field(null=True)
    watch_above = fields.Decimal128Field(null=True)
    touched_price = fields.Decimal128Field(null=True)
    trail_percent = fields.Decimal128Field(null=True)
    leverage = fields.IntField(null=True)
    funding = fields.Decimal128Field()
    cover_check_at = fields.DateTimeField(null=True)
    changed_by = fields.StringField(null=True)
    untold = fields.BooleanField()
    tell_at = fields.DateTimeField(null=True)
    shown = fields.DictField(null=True)

    meta = {
        "collection": "trades",
        "indexes": [
            ["account_id", "status"],
            ["status", "venue", "environment", "symbol"],
            {"fields": ["needs_cover"], "partialFilterExpression": {"needs_cover": True}},
            {"fields": ["untold", "tell_at"], "partialFilterExpression": {"untold": True}},
            # The prices job asks every second who is touched: only those that we watch are in it.
            {
                "fields": ["is_watched", "venue", "environment", "symbol"],
                "partialFilterExpression": {"is_watched": True},
            },
            {"fields": ["leverage", "closed_at"], "partialFilterExpression": {"leverage": {"$gte": 1}}},
            ["provider_id", "symbol", "status"],
            ["user_id", "status", "-created_at"],
            # What closed today: rows enter it once, when they are over.
            {"fields": ["user_id", "closed_at"], "partialFilterExpression": {"status": "closed"}},
            ["source", "channel_id", "message_id"],
            {"fields": ["provider_id", "closed_at"], "partialFilterExpression": {"status": "closed"}},
        ],
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """What was last shown of a trade: its status, the cover of its position, and the causes of updates that ended."""

    status: TradeStatus = TradeStatus.PENDING
    resting: Decimal = ZERO
    coverable: Decimal = ZERO
    ended_updates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Untold:
    """A trade that has changed since it was last shown."""

    trade: TradeValue
    shown: Shown


def create_many_once(trades: Sequence[TradeValue], *, wait: bool = True) -> None:
    """Insert planned trades, leaving those that an earlier pass wrote; `wait` as in `shared.models.durable`."""
    insert_many_once(Trade, [to_row(trade, "trade_id") for trade in trades], wait=wait)


def delete_unentered(trade_ids: Many[str]) -> None:
    """Remove planned trades that never got an order, so that they can be planned again."""
    if trade_ids:
        raw_rows_of(Trade).delete_many({"_id": {"$in": list(trade_ids)}, "opened_at": None})


def find(trade_id: str) -> TradeValue | None:
    """Read one trade."""
    row = raw_rows_of(Trade).find_one({"_id": trade_id})
    return _domain(row) if row else None


def finding_many(trade_ids: Many[str]) -> Find[list[TradeValue]]:
    """Return the find of several trades."""
    return Find(Trade, {"_id": {"$in": list(trade_ids)}}, lambda rows: list(map(_domain, rows)))


def alive_of_accounts(account_ids: Many[str]) -> dict[str, list[TradeValue]]:
    """List pending and open trades of several accounts in one query, by account."""
    rows = raw_rows_of(Trade).find({"account_id": {"$in": list(account_ids)}, "status": {"$in": _ALIVE}})
    none: dict[str, list[TradeValue]] = {account_id: [] for account_id in account_ids}
    return none | _by_account([_domain(row) for row in rows])


def finding_of_users(user_ids: Many[str], closed_since: datetime) -> Find[dict[str, list[AliveTrade]]]:
    """Return the find of what limits look at of users' trades by account: alive ones, and those that closed since."""
    users = {"user_id": {"$in": list(user_ids)}}
    closed = {"status": str(TradeStatus.CLOSED), "closed_at": {"$gte": closed_since}}
    return Find(
        Trade,
        # Each branch with its own index.
        {"$or": [{**users, "status": {"$in": _ALIVE}}, {**users, **closed}]},
        lambda rows: _by_account([from_row(AliveTrade, row, "trade_id") for row in rows]),
        fields=_LIMITED,
    )


def _by_account(found: Sequence[AnyTrade]) -> dict[str, list[AnyTrade]]:
    listed: dict[str, list[AnyTrade]] = {}
    for trade in found:
        listed.setdefault(trade.account_id, []).append(trade)
    return listed


def on_margin(closed_since: datetime) -> list[TradeValue]:
    """List trades on margin whose position is open, or was closed since."""
    query = {
        "leverage": {"$gte": 1},
        "opened_at": {"$ne": None},
        "$or": [{"closed_at": None}, {"closed_at": {"$gte": closed_since}}],
    }
    return [_domain(row) for row in raw_rows_of(Trade).find(query)]


def symbols_in_use() -> dict[tuple[str, str], set[str]]:
    """List the symbols of pending and open trades, by venue and environment."""
    stages: list[Row] = [
        {"$match": {"status": {"$in": _ALIVE}}},
        {
            "$group": {
                "_id": {"venue": "$venue", "environment": "$environment"},
                "symbols": {"$addToSet": "$symbol"},
            }
        },
    ]
    found = raw_rows_of(Trade).aggregate(stages)
    return {(row["_id"]["venue"], row["_id"]["environment"]): set(row["symbols"]) for row in found}


def pending_at(venue: str, environment: str, symbols: Many[str]) -> list[TradeValue]:
    """List the trades at a venue that have not been filled yet, of the given symbols."""
    query = {
        "status": str(TradeStatus.PENDING),
        "venue": venue,
        "environment": environment,
        "symbol": {"$in": list(symbols)},
    }
    return [_domain(row) for row in raw_rows_of(Trade).find(query)]


def touched_at(venue: str, environment: str, prices: Mapping[str, tuple[Decimal, Decimal]]) -> list[str]:
    """List open trades at a venue whose stop or a target lies where the market is now, by symbol's (bid, ask)."""
    touched: list[str] = []
    for symbol, (bid, ask) in prices.items():
        query = {
            "status": str(TradeStatus.OPEN),
            "venue": venue,
            "environment": environment,
            "symbol": symbol,
            "$or": [
                {"side": "buy", "stop_price": {"$gte": bid}},
                {"side": "buy", "targets.price": {"$lte": ask}},
                {"side": "sell", "stop_price": {"$lte": ask}},
                {"side": "sell", "targets.price": {"$gte": bid}},
            ],
        }
        touched += [row["_id"] for row in raw_rows_of(Trade).find(query, {"_id": 1}).limit(_MOST_TOUCHED)]
    return touched


def take_needing_cover(now: datetime, again_at: datetime, limit: int) -> list[str]:
    """Pick trades whose wanted and actual cover differ and put off the next look at them, in the same pass."""
    query = {"needs_cover": True, "$or": [{"cover_check_at": None}, {"cover_check_at": {"$lte": now}}]}
    picked = [row["_id"] for row in raw_rows_of(Trade).find(query, {"_id": 1}).limit(limit)]
    if picked:
        hints_of(Trade).update_many({"_id": {"$in": picked}}, {"$set": {"cover_check_at": again_at}})
    return picked


def find_many(trade_ids: Many[str]) -> list[TradeValue]:
    """Read several trades in one query."""
    return run(finding_many(trade_ids))


def of_message(source: str, channel_id: str, message_id: str) -> list[TradeValue]:
    """List the trades that a message opened."""
    query = {"source": source, "channel_id": channel_id, "message_id": message_id}
    return [_domain(row) for row in raw_rows_of(Trade).find(query)]


def messages_alive(provider_id: str) -> list[tuple[BoundTo, str]]:
    """List the messages of a provider that have pending or open trades, each with the trades' symbol."""
    said = {name: f"${name}" for name in ("source", "channel_id", "message_id", "symbol")}
    stages: list[Row] = [
        {"$match": {"provider_id": provider_id, "status": {"$in": _ALIVE}}},
        {"$group": {"_id": said}},
        {"$sort": {"_id": 1}},
    ]
    found = [row["_id"] for row in raw_rows_of(Trade).aggregate(stages)]
    return [(BoundTo(row["source"], row["channel_id"], row["message_id"]), row["symbol"]) for row in found]


def alive_of_bot(account_id: str, trading_bot_id: str) -> list[str]:
    """List the ids of a bot's pending and open trades."""
    query = {"account_id": account_id, "status": {"$in": _ALIVE}, "trading_bot_id": trading_bot_id}
    return [row["_id"] for row in raw_rows_of(Trade).find(query, {"_id": 1})]


def alive_ids(scope: Row, created_before: datetime, limit: int) -> list[str]:
    """List the ids of pending and open trades of a scope."""
    query = {**scope, "status": {"$in": _ALIVE}, "created_at": {"$lte": created_before}}
    return [row["_id"] for row in raw_rows_of(Trade).find(query, {"_id": 1}).limit(limit)]


def compare_and_set(trade: TradeValue, **changes: Any) -> bool:
    """Change a trade if it still stands as it was read."""
    encoded = _encoded(changes)
    change = {**encoded, "version": trade.version + 1, "untold": True}
    query = {"_id": trade.trade_id, "version": trade.version}
    return raw_rows_of(Trade).update_one(query, {"$set": change}).modified_count == 1


def compare_and_set_many(
    changes: Mapping[str, tuple[TradeValue, Mapping[str, Any]]], mark: str, cover_check_at: datetime
) -> set[str]:
    """Change many trades, each if it still stands as it was read; return the ids of those that changed.

    `changes` maps trade id to (the trade as read, what changes). `mark` is new at every call: a partial
    success is told apart by reading it back. Whoever writes rings for cover by himself, so that the
    watch looks at these trades only from `cover_check_at` on.
    """
    if not changes:
        return set()
    writes = [
        Change(
            trade_id,
            {"version": trade.version},
            {
                **_encoded(dict(change)),
                "version": trade.version + 1,
                "changed_by": mark,
                "cover_check_at": cover_check_at,
                "untold": True,
                "tell_at": cover_check_at,
            },
        )
        for trade_id, (trade, change) in changes.items()
    ]
    rows = raw_rows_of(Trade)
    if change_all(rows, writes) == len(writes):
        return set(changes)
    found = rows.find({"_id": {"$in": list(changes)}, "changed_by": mark}, {"_id": 1})
    return {row["_id"] for row in found}


def finding_untold(trade_ids: Many[str]) -> Find[list[Untold]]:
    """Return the find of those of the trades that have changed since they were last shown."""
    return Find(
        Trade,
        {"_id": {"$in": list(trade_ids)}, "untold": True},
        lambda rows: [Untold(_domain(row), _shown(row)) for row in rows],
    )


def mark_told(told: Sequence[Untold]) -> None:
    """Tell that these versions are shown; one that has changed meanwhile is shown again."""
    writes = [
        Change(
            item.trade.trade_id,
            {"version": item.trade.version},
            {"untold": False, "shown": to_row(_now_shown(item.trade))},
        )
        for item in told
    ]
    change_all(hints_of(Trade), writes)


def take_untold(now: datetime, again_at: datetime, limit: int) -> list[str]:
    """Pick trades that have waited to be shown, and put off the next look at them, in the same pass."""
    query = {"untold": True, "$or": [{"tell_at": None}, {"tell_at": {"$lte": now}}]}
    picked = [row["_id"] for row in raw_rows_of(Trade).find(query, {"_id": 1}).limit(limit)]
    if picked:
        hints_of(Trade).update_many({"_id": {"$in": picked}}, {"$set": {"tell_at": again_at}})
    return picked


def _shown(row: Row) -> Shown:
    return from_row(Shown, row.get("shown") or {})


def _now_shown(trade: TradeValue) -> Shown:
    return Shown(trade.status, trade.resting, trade.coverable, ended_causes(trade.updates))


def _encoded(changes: dict[str, Any]) -> Row:
    for name in ("targets", "updates"):
        if changes.get(name) is not None:
            changes[name] = [to_row(value) for value in changes[name]]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}


def _domain(row: Row) -> TradeValue:
    return from_row(TradeValue, row, "trade_id")

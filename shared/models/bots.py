"""Trading bots: read in one query per signal."""

from collections.abc import Collection as Many
from datetime import datetime

from mongoengine import fields

from shared.domain.bot_states import states_before
from shared.domain.bots import BotState, Sizing
from shared.domain.bots import TradingBot as BotTerms
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, hints_of, raw_rows_of, rows_of, to_row
from shared.models.together import Find


class TradingBot(BaseDocument):
    """Owner: a user. Written by web and the command line; workers pause it when a right is lost."""

    trading_bot_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    provider_id = fields.StringField(required=True)
    account_id = fields.StringField(required=True)
    state = fields.StringField(required=True)
    sizing = fields.DictField(required=True)
    settings = fields.DictField(required=True)
    state_code = fields.StringField()
    state_reason = fields.StringField()
    state_at = fields.DateTimeField(null=True)
    has_entries_to_cancel = fields.BooleanField()
    created_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "trading_bots",
        "indexes": [
            ["provider_id", "state", "_id"],
            ["user_id"],
            ["account_id"],
            {"fields": ["has_entries_to_cancel"], "partialFilterExpression": {"has_entries_to_cancel": True}},
        ],
    }


def active_ids_of(provider_id: str) -> list[str]:
    """List the ids of a provider's active trading bots, in order: read from the index alone, however many they are."""
    query = {"provider_id": provider_id, "state": str(BotState.ACTIVE)}
    return [row["_id"] for row in raw_rows_of(TradingBot).find(query, {"_id": 1}).sort("_id", 1)]


def active_of_few(provider_id: str, most: int) -> dict[str, BotTerms] | None:
    """Read a provider's active trading bots by id, in order; None where there are more than `most`."""
    query = {"provider_id": provider_id, "state": str(BotState.ACTIVE)}
    rows = list(raw_rows_of(TradingBot).find(query).sort("_id", 1).limit(most + 1))
    return None if len(rows) > most else {row["_id"]: _domain(row) for row in rows}


def find_active(bot_ids: Many[str]) -> list[BotTerms]:
    """Read those of the bots that are active, in the order in which they were named."""
    query = {"_id": {"$in": list(bot_ids)}, "state": str(BotState.ACTIVE)}
    rows = {row["_id"]: row for row in raw_rows_of(TradingBot).find(query)}
    return [_domain(rows[bot_id]) for bot_id in bot_ids if bot_id in rows]


def find_many(bot_ids: Many[str]) -> dict[str, BotTerms]:
    """Read several bots in any state, by id."""
    rows = raw_rows_of(TradingBot).find({"_id": {"$in": list(bot_ids)}})
    return {row["_id"]: _domain(row) for row in rows}


def finding_states(bot_ids: Many[str]) -> Find[dict[str, BotState]]:
    """Return the find of several bots' states, by id."""
    return Find(
        TradingBot,
        {"_id": {"$in": list(bot_ids)}},
        lambda rows: {row["_id"]: BotState(row["state"]) for row in rows},
        fields=("state",),
    )


def find(trading_bot_id: str) -> BotTerms | None:
    """Read one bot."""
    row = rows_of(TradingBot).find_one({"_id": trading_bot_id})
    return _domain(row) if row else None


def change_state(
    trading_bot_id: str, state: BotState, at: datetime, *, code: str = "", reason: str = "", wait: bool = True
) -> bool:
    """Put a bot into a state, if its own allows that (`shared.domain.bot_states`); tell whether this call did.

    `code` and `reason` say why it does not trade; a start wipes them out. `wait` as in `shared.models.durable`. One that
    does not trade any more has its entries cancelled: a job finds it by what is noted here.
    """
    query = {"_id": trading_bot_id, "state": {"$in": [str(before) for before in states_before(state)]}}
    change = {"state": str(state), "state_code": code, "state_reason": reason, "state_at": at}
    change["has_entries_to_cancel"] = state is not BotState.ACTIVE
    rows = rows_of(TradingBot) if wait else hints_of(TradingBot)
    return rows.update_one(query, {"$set": change}).modified_count == 1


def with_entries_to_cancel(limit: int) -> list[BotTerms]:
    """List bots that do not trade any more and whose entries were not looked at since."""
    rows = raw_rows_of(TradingBot).find({"has_entries_to_cancel": True}).limit(limit)
    return [_domain(row) for row in rows]


def entries_are_cancelled(trading_bot_id: str) -> None:
    """Note that nothing of a bot waits or rests any more; one that trades again meanwhile keeps its own."""
    hints_of(TradingBot).update_one({"_id": trading_bot_id}, {"$set": {"has_entries_to_cancel": False}})


def change_terms(trading_bot_id: str, sizing: Sizing | None, changes: Row) -> bool:
    """Write a bot's sizing, where given, and settings by name; a stopped bot keeps its own. Tell whether it was there."""
    change: Row = {f"settings.{name}": value for name, value in changes.items()}
    if sizing is not None:
        change["sizing"] = to_row(sizing)
    query = {"_id": trading_bot_id, "state": {"$ne": str(BotState.STOPPED)}}
    return rows_of(TradingBot).update_one(query, {"$set": change}).matched_count == 1


def bot_row(bot: BotTerms) -> Row:
    """Write a bot as it is stored."""
    row = to_row(bot, "trading_bot_id")
    own = row.pop("own")
    if own is not None:
        row["settings"] = {name: row["settings"][name] for name in own}
    return row


def _domain(row: Row) -> BotTerms:
    return from_row(BotTerms, {**row, "own": list(row["settings"])}, "trading_bot_id")

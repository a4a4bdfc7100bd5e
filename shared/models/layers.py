"""Settings that users, accounts and providers have set for the bots beneath them: sparse, in their own rows."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from mongoengine import Document

from shared.domain.bots import BotSettings
from shared.domain.bots import TradingBot as BotTerms
from shared.domain.layers import Layer, Level, with_settings_in_force
from shared.models.accounts import Account
from shared.models.bots import TradingBot
from shared.models.mapping import Row, from_row, rows_of, to_row
from shared.models.providers import Provider
from shared.models.together import Find, run, run_together
from shared.models.users import User

_DOCUMENTS: dict[Level, type[Document]] = {
    Level.PROVIDER: Provider,
    Level.USER: User,
    Level.ACCOUNT: Account,
    Level.BOT: TradingBot,
}
_KNOWN = frozenset(field.name for field in fields(BotSettings))


def finding(level: Level, ids: Many[str]) -> Find[dict[str, Layer]]:
    """Return the find of what these users, accounts, providers or bots have set, by id; who has set nothing is left out."""
    return Find(
        _DOCUMENTS[level],
        {"_id": {"$in": list(ids)}, "settings": {"$exists": True}},
        lambda rows: {row["_id"]: _layer(level, row["settings"]) for row in rows if row["settings"]},
        fields=("settings",),
    )


def find_many(level: Level, ids: Many[str]) -> dict[str, Layer]:
    """Read what several of them have set, by id; who has set nothing is left out."""
    return run(finding(level, ids))


def find(level: Level, owner_id: str) -> Layer:
    """Read what one of them has set."""
    return run(finding(level, [owner_id])).get(owner_id) or Layer(level, BotSettings(), ())


def in_force_for(bots: Sequence[BotTerms]) -> list[BotTerms]:
    """Return bots as they trade: with the settings in force for each."""
    suggested, of_users, of_accounts = run_together(
        finding(Level.PROVIDER, {bot.provider_id for bot in bots}),
        finding(Level.USER, {bot.user_id for bot in bots}),
        finding(Level.ACCOUNT, {bot.account_id for bot in bots}),
    )
    return [
        with_settings_in_force(
            bot,
            known(suggested.get(bot.provider_id), of_users.get(bot.user_id), of_accounts.get(bot.account_id)),
        )
        for bot in bots
    ]


def known(*layered: Layer | None) -> list[Layer]:
    """Leave out the levels that have set nothing."""
    return [layer for layer in layered if layer is not None]


def assign(level: Level, owner_id: str, values: Mapping[str, Any]) -> bool:
    """Set some values of a level; false where its owner is not there."""
    row = to_row(BotSettings(**values))
    change = {f"settings.{name}": row[name] for name in values}
    return rows_of(_DOCUMENTS[level]).update_one({"_id": owner_id}, {"$set": change}).matched_count == 1


def clear(level: Level, owner_id: str, names: Many[str]) -> bool:
    """Let a farther level say again what counts; false where the owner is not there."""
    change = {f"settings.{name}": "" for name in names}
    return rows_of(_DOCUMENTS[level]).update_one({"_id": owner_id}, {"$unset": change}).matched_count == 1


def _layer(level: Level, row: Row) -> Layer:
    # A value whose name is not known any more counts for nothing.
    known = {name: value for name, value in row.items() if name in _KNOWN}
    return Layer(level, from_row(BotSettings, known), tuple(known))

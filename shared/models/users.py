"""People, their communities and who belongs to them."""

from collections.abc import Collection as Many
from dataclasses import dataclass
from datetime import datetime

from mongoengine import fields
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.domain.day import Day, day_of
from shared.domain.plans import PLANS, Tier
from shared.models.base import BaseDocument, new_id
from shared.models.mapping import Row, rows_of
from shared.models.together import Find


class User(BaseDocument):
    """Owner: itself. Written by web (login, settings) and the command line."""

    user_id = fields.StringField(primary_key=True)
    discord_id = fields.StringField(required=True)
    name = fields.StringField(required=True)
    tier = fields.StringField(required=True, default="free", choices=("free", "basic", "pro", "premium"))
    is_admin = fields.BooleanField(default=False)
    is_disabled = fields.BooleanField(default=False)
    avatar = fields.StringField(null=True)
    last_login_at = fields.DateTimeField(null=True)
    time_zone = fields.StringField(default="UTC")
    display_currency = fields.StringField(default="USD")
    signals_today = fields.DictField()
    settings = fields.DictField()
    created_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "users",
        "indexes": [
            {"fields": ["discord_id"], "unique": True},
            {"fields": ["is_admin"], "partialFilterExpression": {"is_admin": True}},
        ],
    }


class Community(BaseDocument):
    """Owner: the Discord guild's owner. Written by the bot's set-up and the command line."""

    community_id = fields.StringField(primary_key=True)
    guild_id = fields.StringField(required=True)
    name = fields.StringField(required=True)
    owner_discord_id = fields.StringField(null=True)
    manager_discord_ids = fields.ListField(fields.StringField())
    created_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "communities",
        "indexes": [{"fields": ["guild_id"], "unique": True}],
    }


class Membership(BaseDocument):
    """Owner: the user. Written by web at login and by the daily check of rights."""

    membership_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    community_id = fields.StringField(required=True)
    role_ids = fields.ListField(fields.StringField())
    checked_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "memberships",
        "indexes": [{"fields": ["user_id", "community_id"], "unique": True}, ["community_id"]],
    }


@dataclass(frozen=True, slots=True)
class Arrival:
    """A user who comes from Discord; `is_first` until a login has been completed."""

    user_id: str
    is_first: bool
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What the gates need of a user: `day` is the one where the user lives, `copied` the signals counted in it."""

    user_id: str
    tier: Tier
    day: Day
    display_currency: str
    copied: frozenset[str]


def arrive(discord_id: str, name: str, avatar: str | None, now: datetime) -> Arrival:
    """Find the user of a Discord id, or create one, with the name and picture that Discord has now.

    Two arrivals at once are one user: the id is unique, and who comes second finds the first one's row.
    """
    born: Row = {
        "_id": new_id(),
        "tier": "free",
        "is_admin": False,
        "is_disabled": False,
        "time_zone": "UTC",
        "display_currency": "USD",
        "signals_today": {},
        "created_at": now,
    }
    change: Row = {"$set": {"name": name, "avatar": avatar}, "$setOnInsert": born}
    try:
        rows_of(User).update_one({"discord_id": discord_id}, change, upsert=True)
    except DuplicateKeyError:
        rows_of(User).update_one({"discord_id": discord_id}, {"$set": change["$set"]})
    row = rows_of(User).find_one({"discord_id": discord_id})
    if row is None:
        raise LookupError("the user was removed while signing in")
    return Arrival(row["_id"], row.get("last_login_at") is None, bool(row.get("is_disabled")))


def note_login(user_id: str, now: datetime) -> None:
    """Note that a user has signed in."""
    rows_of(User).update_one({"_id": user_id}, {"$set": {"last_login_at": now}})


def finding_people(user_ids: Many[str], now: datetime) -> Find[dict[str, Person]]:
    """Return the find of several users by id, without their communities."""
    return Find(
        User,
        {"_id": {"$in": list(user_ids)}},
        lambda rows: {row["_id"]: _person(row, now) for row in rows},
        fields=("tier", "time_zone", "display_currency", "signals_today"),
    )


def finding_roles(community_id: str, user_ids: Many[str]) -> Find[dict[str, frozenset[str]]]:
    """Return the find of the roles that a community's members among some users bear, by user."""
    return Find(
        Membership,
        {"user_id": {"$in": list(user_ids)}, "community_id": community_id},
        lambda rows: {row["user_id"]: frozenset(row.get("role_ids") or ()) for row in rows},
        fields=("user_id", "role_ids"),
    )


def keepers_of(community_id: str | None) -> set[str]:
    """List the users who answer for a community, its owner and managers, and the house's admins."""
    row = rows_of(Community).find_one({"_id": community_id}) if community_id else None
    names = [row.get("owner_discord_id"), *row.get("manager_discord_ids", ())] if row else []
    known = [name for name in names if name]
    keepers = {user["_id"] for user in rows_of(User).find({"is_admin": True}, {"_id": 1})}
    if known:
        keepers |= {user["_id"] for user in rows_of(User).find({"discord_id": {"$in": known}}, {"_id": 1})}
    return keepers


def take_signals(people: Many[Person], signal_id: str) -> set[str]:
    """Count a signal for the day of each of these users whose plan still copies one; return who has it counted.

    A set of ids and not a number: the same signal counts once, however often it is planned, and two signals at once
    never both take the last place.
    """
    writes: list[UpdateOne] = []
    for person in people:
        day, limit = person.day.name, PLANS[person.tier].signals_per_day
        of_today = {"_id": person.user_id, "signals_today.day": day}
        room = [] if limit is None else [{f"signals_today.ids.{limit - 1}": {"$exists": False}}]
        writes += [
            UpdateOne(
                {"_id": person.user_id, "signals_today.day": {"$ne": day}},
                {"$set": {"signals_today": {"day": day, "ids": []}}},
            ),
            UpdateOne(
                {**of_today, **({"$or": [{"signals_today.ids": signal_id}, *room]} if room else {})},
                {"$addToSet": {"signals_today.ids": signal_id}},
            ),
        ]
    if not writes:
        return set()
    rows_of(User).bulk_write(writes, ordered=True)
    query = {"_id": {"$in": [person.user_id for person in people]}, "signals_today.ids": signal_id}
    return {row["_id"] for row in rows_of(User).find(query, {"_id": 1})}


def give_signal_back(user_ids: Many[str], signal_id: str) -> None:
    """Take a signal out of the day's count of users who did not trade it after all."""
    if user_ids:
        change = {"$pull": {"signals_today.ids": signal_id}}
        rows_of(User).update_many({"_id": {"$in": list(user_ids)}}, change)


def _person(row: Row, now: datetime) -> Person:
    day = day_of(now, row.get("time_zone") or "UTC")
    counted = row.get("signals_today") or {}
    return Person(
        user_id=row["_id"],
        tier=Tier(row["tier"]),
        day=day,
        display_currency=row.get("display_currency") or "USD",
        copied=frozenset(counted["ids"]) if counted.get("day") == day.name else frozenset(),
    )

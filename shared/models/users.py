"""People, their communities and who belongs to them."""

from collections.abc import Collection as Many
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mongoengine import fields

from shared.domain.plans import PLANS, Tier
from shared.models.base import BaseDocument
from shared.models.signals import count_passed
from shared.models.together import Find


class User(BaseDocument):
    """Owner: itself. Written by web (login, settings) and the command line."""

    user_id = fields.StringField(primary_key=True)
    discord_id = fields.StringField(required=True)
    name = fields.StringField(required=True)
    tier = fields.StringField(required=True, default="free", choices=("free", "basic", "pro", "premium"))
    is_admin = fields.BooleanField(default=False)
    time_zone = fields.StringField(default="UTC")
    display_currency = fields.StringField(default="USD")
    signals_today = fields.DictField()
    created_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "users",
        "indexes": [{"fields": ["discord_id"], "unique": True}],
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
class Person:
    """What the gates need of a user."""

    user_id: str
    tier: Tier
    signals_today: int


def finding_tiers(user_ids: Many[str]) -> Find[dict[str, Tier]]:
    """Return the find of several users' tiers, by user."""
    return Find(
        User,
        {"_id": {"$in": list(user_ids)}},
        lambda rows: {row["_id"]: Tier(row["tier"]) for row in rows},
        fields=("tier",),
    )


def finding_roles(community_id: str, user_ids: Many[str]) -> Find[dict[str, frozenset[str]]]:
    """Return the find of the roles that a community's members among some users bear, by user."""
    return Find(
        Membership,
        {"user_id": {"$in": list(user_ids)}, "community_id": community_id},
        lambda rows: {row["user_id"]: frozenset(row.get("role_ids") or ()) for row in rows},
        fields=("user_id", "role_ids"),
    )


def find_people(tiers: Mapping[str, Tier], day_start: datetime) -> dict[str, Person]:
    """Read what the gates need of users whose tiers are known.

    The day's signals are counted only for tiers that have a limit: this is on the way of every signal.
    """
    limited = [user_id for user_id, tier in tiers.items() if PLANS[tier].signals_per_day is not None]
    passed = count_passed(limited, day_start)
    return {
        user_id: Person(user_id=user_id, tier=tier, signals_today=passed.get(user_id, 0))
        for user_id, tier in tiers.items()
    }

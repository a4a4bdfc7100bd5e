"""Providers: who may signal in which channels, and who may follow them."""

from collections.abc import Collection as Many
from dataclasses import dataclass

from mongoengine import fields

from shared.domain.following import Visibility
from shared.domain.profiles import ProviderProfile
from shared.domain.record import ProviderRecord
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, rows_of, to_row
from shared.models.together import Find

HOOK_AUTHOR = "hook:"
"""What the author of a hooked message begins with; Discord's ids are numbers."""


def hook_author_id(provider_id: str) -> str:
    """Return the author that the web writes to what came through a provider's signed hook."""
    return f"{HOOK_AUTHOR}{provider_id}"


@dataclass(frozen=True, slots=True)
class ProviderTerms:
    """What the pipeline needs of a provider; authors, webhooks and the roles that may follow are ids, never names."""

    provider_id: str
    name: str
    guild_id: str
    channel_ids: tuple[str, ...]
    author_ids: tuple[str, ...]
    webhook_ids: tuple[str, ...]
    community_id: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    role_ids: tuple[str, ...] = ()
    active: bool = True
    profile: ProviderProfile | None = None
    record: ProviderRecord | None = None

    @property
    def is_public(self) -> bool:
        """Whether anybody may follow."""
        return self.visibility is Visibility.PUBLIC

    def may_signal(self, author_id: str, *, is_webhook: bool) -> bool:
        """Tell whether an author or webhook is on the allow-list, or is this provider's own signed hook."""
        if is_webhook and author_id == hook_author_id(self.provider_id):
            return True
        return author_id in (self.webhook_ids if is_webhook else self.author_ids)


class Provider(BaseDocument):
    """Owner: a community. Written by the bot's set-up, web and the command line."""

    provider_id = fields.StringField(primary_key=True)
    name = fields.StringField(required=True)
    community_id = fields.StringField(null=True)
    guild_id = fields.StringField(required=True)
    channel_ids = fields.ListField(fields.StringField())
    author_ids = fields.ListField(fields.StringField())
    webhook_ids = fields.ListField(fields.StringField())
    hook = fields.DictField(null=True)
    visibility = fields.StringField(default=str(Visibility.PUBLIC), choices=tuple(map(str, Visibility)))
    role_ids = fields.ListField(fields.StringField())
    active = fields.BooleanField(default=True)
    record = fields.DictField()
    settings = fields.DictField()
    profile = fields.DictField(null=True)
    created_at = fields.DateTimeField(required=True)

    meta = {
        "collection": "providers",
        "indexes": [["channel_ids"], {"fields": ["name"], "unique": True}, ["community_id"]],
    }


def finding_of_channel(channel_id: str) -> Find[list[ProviderTerms]]:
    """Return the find of a channel's active providers; several may share one."""
    return Find(
        Provider,
        {"channel_ids": channel_id, "active": True},
        lambda rows: [_domain(row) for row in rows],
    )


def finding_many(provider_ids: Many[str]) -> Find[dict[str, ProviderTerms]]:
    """Return the find of several providers, by id."""
    return Find(
        Provider,
        {"_id": {"$in": list(provider_ids)}},
        lambda rows: {row["_id"]: _domain(row) for row in rows},
    )


def watched_channels() -> frozenset[str]:
    """List the channels of all active providers: what the bot records."""
    return frozenset(
        channel
        for row in rows_of(Provider).find({"active": True}, {"channel_ids": 1})
        for channel in row["channel_ids"]
    )


def find(provider_id: str) -> ProviderTerms | None:
    """Read one provider."""
    row = rows_of(Provider).find_one({"_id": provider_id})
    return _domain(row) if row else None


def of_community(community_id: str) -> list[str]:
    """List the ids of a community's providers."""
    return [row["_id"] for row in rows_of(Provider).find({"community_id": community_id}, {"_id": 1})]


def all_active() -> list[ProviderTerms]:
    """List every active provider."""
    return [_domain(row) for row in rows_of(Provider).find({"active": True}).sort("_id", 1)]


def store_profile(provider_id: str, profile: ProviderProfile) -> None:
    """Write a provider's habits over those that were known."""
    rows_of(Provider).update_one({"_id": provider_id}, {"$set": {"profile": to_row(profile)}})


def store_record(provider_id: str, record: ProviderRecord) -> None:
    """Write a provider's record over an older one; one that was computed later stays."""
    is_older = [{"record.computed_at": None}, {"record.computed_at": {"$lte": record.computed_at}}]
    query: Row = {"_id": provider_id, "$or": is_older}
    rows_of(Provider).update_one(query, {"$set": {"record": to_row(record)}})


def set_visibility(provider_id: str, visibility: Visibility, role_ids: Many[str]) -> None:
    """Say who may follow; `role_ids` count where the visibility is ROLE."""
    change = {"visibility": str(visibility), "role_ids": list(role_ids)}
    rows_of(Provider).update_one({"_id": provider_id}, {"$set": change})


def _domain(row: Row) -> ProviderTerms:
    return from_row(ProviderTerms, row, "provider_id")

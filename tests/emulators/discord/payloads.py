"""Discord's objects, each complete: discord.py ends its whole connection over one missing key."""

from datetime import datetime
from typing import Any

Json = dict[str, Any]

# View, send, embed, attach, read history, react, use commands, send in threads: @everyone in a fresh server.
EVERYONE_PERMISSIONS = (
    (1 << 10) | (1 << 11) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 6) | (1 << 31) | (1 << 38)
)
MANAGE_GUILD = 1 << 5
ALL_PERMISSIONS = (1 << 50) - 1

TEXT_CHANNEL, DM_CHANNEL, ANNOUNCEMENT_CHANNEL, PUBLIC_THREAD = 0, 1, 5, 11
DEFAULT_MESSAGE, REPLY_MESSAGE, COMMAND_MESSAGE = 0, 19, 20
FLAG_IS_CROSSPOST, FLAG_EPHEMERAL, FLAG_HAS_SNAPSHOT = 1 << 1, 1 << 6, 1 << 14


def timestamp(moment: datetime) -> str:
    """Return a moment as Discord writes it: ISO 8601 with microseconds and +00:00."""
    return moment.isoformat(timespec="microseconds")


def user(user_id: str, username: str, *, bot: bool = False, discriminator: str = "0") -> Json:
    """Return a user as others see it."""
    return {
        "id": user_id,
        "username": username,
        "discriminator": discriminator,
        "global_name": None if bot else username,
        "avatar": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "public_flags": 0,
        "bot": bot,
    }


def member(joined_at: datetime, role_ids: list[str]) -> Json:
    """Return a guild member without its user, the form inside a message."""
    return {
        "roles": role_ids,
        "joined_at": timestamp(joined_at),
        "nick": None,
        "avatar": None,
        "banner": None,
        "premium_since": None,
        "communication_disabled_until": None,
        "pending": False,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def role(role_id: str, name: str, permissions: int, *, position: int) -> Json:
    """Return a role; @everyone is the one whose id is the guild's."""
    return {
        "id": role_id,
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": position,
        "permissions": str(permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def guild(guild_id: str, name: str, owner_id: str, manager_role_id: str) -> Json:
    """Return a guild as GET /guilds/{id} does; GUILD_CREATE adds channels, members and threads."""
    nothing_set = (
        *("icon", "splash", "discovery_splash", "banner", "description", "vanity_url_code", "application_id"),
        *("afk_channel_id", "system_channel_id", "rules_channel_id", "public_updates_channel_id"),
        *("safety_alerts_channel_id", "widget_channel_id", "max_presences", "incidents_data"),
    )
    return {
        **dict.fromkeys(nothing_set),
        "id": guild_id,
        "name": name,
        "owner_id": owner_id,
        "region": "deprecated",
        "roles": [
            role(guild_id, "@everyone", EVERYONE_PERMISSIONS, position=0),
            role(manager_role_id, "Managers", EVERYONE_PERMISSIONS | MANAGE_GUILD, position=1),
        ],
        "emojis": [],
        "stickers": [],
        "features": [],
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "system_channel_flags": 0,
        "widget_enabled": False,
        "max_members": 500_000,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
    }


def channel(channel_id: str, guild_id: str, name: str, *, kind: int, position: int) -> Json:
    """Return a text or announcement channel."""
    return {
        "id": channel_id,
        "type": kind,
        "guild_id": guild_id,
        "name": name,
        "position": position,
        "permission_overwrites": [],
        "nsfw": False,
        "parent_id": None,
        "topic": None,
        "last_message_id": None,
        "last_pin_timestamp": None,
        "rate_limit_per_user": 0,
        "flags": 0,
    }


def thread(thread_id: str, parent: Json, name: str, owner_id: str, created_at: datetime) -> Json:
    """Return a public thread under a text channel."""
    return {
        "id": thread_id,
        "type": PUBLIC_THREAD,
        "guild_id": parent["guild_id"],
        "parent_id": parent["id"],
        "owner_id": owner_id,
        "name": name,
        "last_message_id": None,
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
        "rate_limit_per_user": 0,
        "flags": 0,
        "thread_metadata": {
            "archived": False,
            "archive_timestamp": timestamp(created_at),
            "auto_archive_duration": 1440,
            "create_timestamp": timestamp(created_at),
            "locked": False,
        },
    }


def dm_channel(channel_id: str, recipient: Json) -> Json:
    """Return the bot's direct channel with a user."""
    return {
        "id": channel_id,
        "type": DM_CHANNEL,
        "last_message_id": None,
        "flags": 0,
        "recipients": [recipient],
    }


def webhook(webhook_id: str, guild_id: str, channel_id: str, name: str, token: str) -> Json:
    """Return an incoming webhook of a channel."""
    return {
        "id": webhook_id,
        "type": 1,
        "guild_id": guild_id,
        "channel_id": channel_id,
        "name": name,
        "avatar": None,
        "application_id": None,
        "token": token,
    }


def webhook_author(hook: Json, username: str | None = None) -> Json:
    """Return the author of a webhook's message: the webhook's id, and whatever name the poster chose."""
    return user(hook["id"], username or hook["name"], bot=True, discriminator="0000")


def message(message_id: str, channel_id: str, author: Json, posted_at: datetime) -> Json:
    """Return an empty message as REST shows it; the caller puts the content in."""
    return {
        "id": message_id,
        "channel_id": channel_id,
        "type": DEFAULT_MESSAGE,
        "author": author,
        "content": "",
        "timestamp": timestamp(posted_at),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": 0,
    }


def application(application_id: str, name: str, owner: Json, flags: int) -> Json:
    """Return the bot's application as GET /oauth2/applications/@me does."""
    return {
        "id": application_id,
        "name": name,
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": flags,
        "owner": owner,
        "team": None,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "integration_types_config": {"0": {}},
        "tags": [],
    }


def command(command_id: str, application_id: str, guild_id: str | None, definition: Json) -> Json:
    """Return a registered application command made from what the bot sent."""
    completed = {
        "type": 1,
        "description": "",
        "options": [],
        "nsfw": False,
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "name_localizations": None,
        "description_localizations": None,
        **definition,
        "id": command_id,
        "application_id": application_id,
        "version": command_id,
    }
    if guild_id is not None:
        completed["guild_id"] = guild_id
    return completed

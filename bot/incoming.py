"""From discord.py's objects to inbox messages: facts and ids as Discord gives them, nothing judged.

Who may signal is the worker's question. A webhook is named by its id: its author's name and picture are
whatever the poster chose. A forward carries somebody else's text, so none of it is taken as the poster's.
"""

from typing import Any, cast

import discord

from shared.inbox import IncomingMessage


def incoming_from_message(message: discord.Message, guild_id: int, channel_id: str) -> IncomingMessage:
    """Describe a message as it now is: its original, or its newest edit.

    Parameters
    ----------
    channel_id
        The watched channel to record it under; a thread's parent for a message in a thread.
    """
    webhook_id = message.webhook_id
    return IncomingMessage(
        guild_id=str(guild_id),
        channel_id=channel_id,
        message_id=str(message.id),
        event="create" if message.edited_at is None else "edit",
        author_id=str(message.author.id if webhook_id is None else webhook_id),
        author_name=message.author.name,
        is_webhook=webhook_id is not None,
        content=message.content,
        embeds=[cast(dict[str, Any], embed.to_dict()) for embed in message.embeds],
        reply_to=_parent_id(message),
        posted_at=message.created_at,
        edited_at=message.edited_at,
    )


def incoming_from_deletion(message_id: int, guild_id: int, channel_id: str) -> IncomingMessage:
    """Describe that a message is gone; of who wrote it Discord says nothing."""
    return IncomingMessage(
        guild_id=str(guild_id),
        channel_id=channel_id,
        message_id=str(message_id),
        event="delete",
        posted_at=discord.utils.snowflake_time(message_id),
    )


def _parent_id(message: discord.Message) -> str | None:
    # Forwards, cross-posts and pins carry a reference too, and answer nothing.
    reference = message.reference
    if message.type is not discord.MessageType.reply or reference is None or reference.message_id is None:
        return None
    return str(reference.message_id)

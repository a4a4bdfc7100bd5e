"""Reads a recorded message: its content with its embeds, and what the message that it answers says."""

from dataclasses import replace

from shared.domain.signals import Action, Reading, Signal
from shared.models import messages, signals
from shared.models.messages import InboxMessage
from worker.parsing.embeds import flatten_embeds


def content_of(message: InboxMessage) -> str:
    """Return the text that the spans of a reading refer to."""
    return flatten_embeds(message.content, message.embeds)


def read_message(message: InboxMessage) -> Reading:
    """Return what a recorded message asks for; an update without a symbol takes its parent's."""
    # The parser takes half a second to import, and of eight kinds of worker only one parses (see worker.app).
    from worker.parsing.parser import ParseContext, parse_message  # noqa: PLC0415

    parent_text = parent_symbol = None
    if message.reply_to is not None:
        parents = messages.revisions(message.source, message.channel_id, message.reply_to)
        parent = signals.newest_of(message.source, message.channel_id, message.reply_to)
        parent_text = content_of(parents[-1]) if parents else None
        parent_symbol = parent.signal.symbol if parent is not None and parent.signal is not None else None
    reading = parse_message(
        content_of(message), ParseContext(parent_text=parent_text, parent_symbol=parent_symbol)
    )
    if isinstance(reading, Signal) and reading.action is not Action.OPEN and reading.symbol is None:
        return replace(reading, symbol=parent_symbol)
    return reading

"""Reads a recorded message: its content with its embeds, what it answers, and what its provider is used to."""

from dataclasses import replace

from shared.domain.profiles import ProviderProfile, rescaled
from shared.domain.signals import Action, Reading, Signal
from shared.models import messages, signals
from shared.models.messages import InboxMessage
from worker.parsing.embeds import flatten_embeds


def content_of(message: InboxMessage) -> str:
    """Return the text that the spans of a reading refer to."""
    return flatten_embeds(message.content, message.embeds)


def read_message(message: InboxMessage, profile: ProviderProfile | None = None) -> Reading:
    """Return what a recorded message asks for; an update without a symbol takes its parent's.

    What the message leaves unsaid is filled in from the provider's `profile`, and prices that this provider posts in a
    scale of its own are brought to the market's.
    """
    # The parser takes half a second to import, and of eight kinds of worker only one parses (see worker.app).
    from worker.parsing.parser import ParseContext, parse_message  # noqa: PLC0415

    parent_text = parent_symbol = None
    if message.reply_to is not None:
        parents = messages.revisions(message.source, message.channel_id, message.reply_to)
        parent = signals.newest_of(message.source, message.channel_id, message.reply_to)
        parent_text = content_of(parents[-1]) if parents else None
        parent_symbol = parent.signal.symbol if parent is not None and parent.signal is not None else None
    habits = profile or ProviderProfile()
    context = ParseContext(
        default_quote=habits.default_quote or ParseContext().default_quote,
        default_asset_class=habits.default_class,
        parent_text=parent_text,
        parent_symbol=parent_symbol,
    )
    reading = parse_message(content_of(message), context)
    if not isinstance(reading, Signal):
        return reading
    if reading.action is not Action.OPEN and reading.symbol is None:
        reading = replace(reading, symbol=parent_symbol)
    return rescaled(reading, habits.scales.get(reading.symbol or "", 0))

"""Same content twice: cross-posts and reposts within ten minutes are one signal."""

from datetime import timedelta
from hashlib import sha256

from shared.domain.money import to_plain
from shared.domain.signals import Signal
from shared.models import signals
from shared.models.messages import InboxMessage
from shared.models.providers import ProviderTerms

WINDOW = timedelta(minutes=10)


def duplicate_of(
    message: InboxMessage, terms: ProviderTerms, signal: Signal, *, wait: bool = True
) -> str | None:
    """Return the message that said the same first, or None if this one did; `wait` as in `shared.models.durable`."""
    key = content_key(terms.provider_id, signal)
    mine = f"{message.source}:{message.channel_id}:{message.message_id}"
    holder = signals.claim_content(key, mine, message.posted_at, WINDOW, wait=wait)
    return None if holder == mine else holder.rsplit(":", 1)[-1]


def content_key(provider_id: str, signal: Signal) -> str:
    """Hash what makes two signals the same: provider, instrument, side and all levels."""
    option = signal.option
    contract = (
        f"{option.underlying}/{option.expiry}/{option.strike}/{option.right}" if option else signal.symbol
    )
    levels = [*signal.entry, "stop", signal.stop_loss, "targets", *signal.take_profits]
    # Distances are levels too: without them any two signals at market of one symbol would be the same.
    levels += ["percent", signal.stop_loss_pct, *signal.take_profits_pct]
    levels += ["pips", signal.stop_loss_pips, *signal.take_profits_pips]
    text = "|".join(
        level if isinstance(level, str) else "-" if level is None else to_plain(level) for level in levels
    )
    return sha256(f"{provider_id}|{contract}|{signal.side}|{text}".encode()).hexdigest()

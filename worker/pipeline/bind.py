"""Which trades a close or an update means: its parent's, else the one open message of its symbol, never a guess."""

from dataclasses import dataclass

from shared.domain.signals import Action, Signal
from shared.domain.trades import Trade
from shared.models import signals, trades
from shared.models.messages import InboxMessage
from shared.models.providers import ProviderTerms
from shared.models.signals import BoundTo, SignalRecord

NOTHING_OPEN = "NOTHING_OPEN"
ALREADY_OVER = "ALREADY_OVER"


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why nobody but a person can say which trades are meant."""

    code: str
    detail: str


def bind_commands(
    message: InboxMessage, terms: ProviderTerms, record: SignalRecord
) -> tuple[BoundTo, ...] | Unclear:
    """Find for each command of a message the message whose trades it means, or why there are none.

    What an earlier pass has found counts: the trades that were meant may have ended since, and others opened.
    """
    if record.signal is None:
        return ()
    commands = (record.signal, *record.signal.also)
    before = signals.find(record.signal_id)
    if before is not None and len(before.bound_to) == len(commands):
        return before.bound_to
    bound: list[BoundTo] = []
    for command in commands:
        found = _bind(message, terms, command)
        if isinstance(found, Unclear):
            return found
        bound.append(found)
    return tuple(bound)


def trades_of(bound: BoundTo) -> list[Trade]:
    """Read the trades that a command means, those that are over too."""
    return [] if bound.code else trades.of_message(bound.source, bound.channel_id, bound.message_id)


def _bind(message: InboxMessage, terms: ProviderTerms, command: Signal) -> BoundTo | Unclear:
    if message.reply_to is not None:
        parent = BoundTo(message.source, message.channel_id, message.reply_to)
        found = trades_of(parent)
        if found:
            return BoundTo(code=ALREADY_OVER) if all(trade.is_over for trade in found) else parent
        if _opens(parent):
            # Nobody traded it: another trade of the symbol is not what was answered to.
            return BoundTo(code=NOTHING_OPEN)
    if command.symbol is None:
        return Unclear("UPDATE_WITHOUT_SYMBOL", "It names no symbol and replies to no signal.")
    meant = [
        said for said, symbol in trades.messages_alive(terms.provider_id) if _names(command.symbol, symbol)
    ]
    if len(set(meant)) > 1:
        return Unclear(
            "UPDATE_AMBIGUOUS", f"{len(set(meant))} open signals of {command.symbol} could be meant."
        )
    return meant[0] if meant else BoundTo(code=NOTHING_OPEN)


def _opens(parent: BoundTo) -> bool:
    record = signals.newest_of(parent.source, parent.channel_id, parent.message_id)
    return record is not None and record.signal is not None and record.signal.action is Action.OPEN


def _names(said: str, symbol: str) -> bool:
    # An option is closed by its underlying alone: `SPY` means `SPY261218C00600000`.
    is_option_of = symbol.startswith(said) and symbol[len(said) : len(said) + 6].isdecimal()
    return said == symbol or is_option_of

"""The newest messages of followed providers: what was said, how it was read, and what became of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from shared.domain.confirmations import AWAITS_CONFIRMATION
from shared.domain.money import HUNDRED, to_plain
from shared.domain.receipts import Receipt, Verdict
from shared.domain.signals import Action, Signal, Span, UpdateKind
from shared.domain.trades import Trade, TradeStatus
from shared.models.messages import InboxMessage, MessageStatus
from shared.models.signals import SignalRecord
from web.dashboard.reasons import explain_close, explain_message

EXCERPT_LENGTH = 420


class OutcomeKind(StrEnum):
    """What became of a message for this user; the page has one look for each."""

    READING = "reading"
    TRADED = "traded"
    WAITING = "waiting"
    CLOSED = "closed"
    CANCELED = "canceled"
    DENIED = "denied"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LOOK = "look"
    FAILED = "failed"
    QUIET = "quiet"


_LABELS = {
    OutcomeKind.READING: "Reading",
    OutcomeKind.TRADED: "Traded",
    OutcomeKind.WAITING: "Entry waiting",
    OutcomeKind.CLOSED: "Closed",
    OutcomeKind.CANCELED: "Not filled",
    OutcomeKind.DENIED: "Not traded",
    OutcomeKind.UPDATED: "Update",
    OutcomeKind.UNCHANGED: "Not carried out",
    OutcomeKind.LOOK: "Needs a look",
    OutcomeKind.FAILED: "Failed",
    OutcomeKind.QUIET: "No signal",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a message; `role` names what it was read as, empty for plain text."""

    text: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, in a word and in a sentence; `pnl` of a closed trade."""

    kind: OutcomeKind
    sentence: str
    pnl: Decimal | None = None

    @property
    def label(self) -> str:
        """The word on the chip."""
        return _LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One message with its reading and its outcome."""

    key: str
    row_id: str
    provider: str
    author: str
    posted_at: datetime
    segments: tuple[Segment, ...]
    reading: str
    confidence: Decimal | None
    habits: str
    outcome: Outcome
    is_edited: bool
    is_deleted: bool
    has_receipt: bool


@dataclass(frozen=True, slots=True)
class Context:
    """What rows are told from, read together: the user's receipts and trades, and all readings."""

    provider_names: Mapping[str, str]
    provider_habits: Mapping[str, str]
    channel_providers: Mapping[str, str]
    readings: Mapping[str, SignalRecord]
    receipts: Mapping[tuple[str, str], Sequence[Receipt]]
    trades: Mapping[str, Trade]


def signal_rows(messages: Sequence[InboxMessage], context: Context) -> list[SignalRow]:
    """Build one row a message from its revisions, newest message first."""
    revisions: dict[tuple[str, str], list[InboxMessage]] = defaultdict(list)
    for message in messages:
        revisions[message.channel_id, message.message_id].append(message)
    return [_row(sorted(group, key=lambda m: m.revision), context) for group in revisions.values()]


def segments_of(text: str, spans: Iterable[Span]) -> tuple[Segment, ...]:
    """Cut a text at the spans that were read; spans that overlap or lie outside are left out."""
    found: list[Segment] = []
    at = 0
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if span.start < at or span.end > len(text) or span.start >= span.end:
            continue
        if span.start > at:
            found.append(Segment(text[at : span.start]))
        found.append(Segment(text[span.start : span.end], span.role))
        at = span.end
    if at < len(text):
        found.append(Segment(text[at:]))
    return tuple(found)


def describe_reading(signal: Signal) -> str:
    """Write a reading as a sentence of its own parts."""
    what = _instrument(signal)
    if signal.action is not Action.OPEN:
        return _describe_update(signal, what)
    parts = [f"{'Sell' if signal.side == 'sell' else 'Buy'} {what}{_entry(signal)}"]
    if signal.stop_loss is not None:
        parts.append(f"stop {_level(signal.stop_loss)}")
    elif signal.stop_loss_pct is not None:
        parts.append(f"stop {_level(signal.stop_loss_pct)} % away")
    elif signal.stop_loss_pips is not None:
        parts.append(f"stop {_level(signal.stop_loss_pips)} pips away")
    else:
        parts.append("no stop named")
    if signal.take_profits:
        name = "target" if len(signal.take_profits) == 1 else "targets"
        parts.append(f"{name} {' / '.join(_level(p) for p in signal.take_profits)}")
    return ", ".join(parts)


def outcome_of(
    message: InboxMessage, signal: Signal | None, receipts: Sequence[Receipt], trades: Mapping[str, Trade]
) -> Outcome:
    """Say what became of a message, read as `signal`, for one user."""
    passed = [receipt for receipt in receipts if receipt.outcome is Verdict.PASSED]
    if receipts and signal is not None and signal.action is not Action.OPEN:
        kind = OutcomeKind.UPDATED if passed else OutcomeKind.UNCHANGED
        return Outcome(kind, (passed or receipts)[0].detail)
    if passed:
        return _outcome_of_trades([trades[r.trade_id] for r in passed if r.trade_id and r.trade_id in trades])
    if receipts:
        asking = [receipt for receipt in receipts if receipt.code == AWAITS_CONFIRMATION]
        kind = OutcomeKind.LOOK if asking else OutcomeKind.DENIED
        return Outcome(kind, (asking or receipts)[0].detail)
    text = _why(message)
    match message.status:
        case MessageStatus.PENDING:
            return Outcome(OutcomeKind.READING, "It was recorded and is being read.")
        case MessageStatus.NOISE:
            return Outcome(OutcomeKind.QUIET, text)
        case MessageStatus.QUARANTINED:
            return Outcome(OutcomeKind.LOOK, text)
        case MessageStatus.FAILED:
            return Outcome(OutcomeKind.FAILED, text)
        case MessageStatus.DONE:
            if message.reason == "PLANNED":
                return Outcome(OutcomeKind.QUIET, "No trading bot of yours was active for it.")
            return Outcome(OutcomeKind.UPDATED, text)


def _why(message: InboxMessage) -> str:
    """Say why a message ended as it did; a doubtful reading tells what speaks against it."""
    if message.reason == "LOW_CONFIDENCE" and message.detail:
        return f"Nothing was traded: {explain_message(message.detail)}"
    return explain_message(message.reason, message.detail)


def excerpt_of(message: InboxMessage) -> str:
    """Return the text of a message, or of its embeds where it has none, cut to what a row can hold."""
    text = message.content.strip("\n")
    if not text:
        pieces: list[str] = []
        for embed in message.embeds:
            pieces += [str(embed[name]) for name in ("title", "description") if embed.get(name)]
            pieces += [
                f"{field.get('name', '')}: {field.get('value', '')}" for field in embed.get("fields", ())
            ]
        text = "\n".join(pieces)
    return text if len(text) <= EXCERPT_LENGTH else f"{text[:EXCERPT_LENGTH].rstrip()}…"


def _row(revisions: Sequence[InboxMessage], context: Context) -> SignalRow:
    newest = revisions[-1]
    is_deleted = newest.event == "delete"
    written = [m for m in revisions if m.event != "delete"] or [newest]
    message = written[-1]
    record = context.readings.get(message.signal_id or "")
    reading = record.signal if record else None
    spans = record.signal.spans if record and record.signal else ()
    receipts = context.receipts.get((message.channel_id, message.message_id), ())
    outcome = outcome_of(message, reading, receipts, context.trades)
    if is_deleted and outcome.kind in {OutcomeKind.READING, OutcomeKind.QUIET, OutcomeKind.UPDATED}:
        outcome = Outcome(OutcomeKind.QUIET, explain_message("DELETED"))
    text = excerpt_of(message)
    provider_id = message.provider_id or context.channel_providers.get(message.channel_id, "")
    return SignalRow(
        key=f"{message.channel_id}-{message.message_id}",
        row_id=message.row_id,
        provider=context.provider_names.get(provider_id, "Provider"),
        author=message.author_name,
        posted_at=message.posted_at,
        segments=segments_of(text, spans if message.content == text else ()),
        reading=_reading(reading, outcome) if reading else "",
        confidence=reading.confidence * HUNDRED if reading else None,
        habits=context.provider_habits.get(provider_id, "") if reading else "",
        outcome=outcome,
        is_edited=len(written) > 1 or message.revision > 0,
        is_deleted=is_deleted,
        has_receipt=bool(receipts),
    )


def _reading(signal: Signal, outcome: Outcome) -> str:
    """A reading that nothing was done with, because it is doubtful, is a question."""
    said = describe_reading(signal)
    return f"Did you mean: {said}?" if outcome.kind is OutcomeKind.LOOK and signal.doubt else said


def _outcome_of_trades(trades: Sequence[Trade]) -> Outcome:
    if not trades:
        return Outcome(OutcomeKind.WAITING, "All gates passed; the order is on its way.")
    trade = min(trades, key=lambda t: list(TradeStatus).index(t.status))
    match trade.status:
        case TradeStatus.OPEN:
            price = f" at {_level(_short(trade.entry_average))}" if trade.entry_average else ""
            return Outcome(OutcomeKind.TRADED, f"Filled {_level(trade.entered)}{price}.")
        case TradeStatus.PENDING:
            return Outcome(OutcomeKind.WAITING, f"Waiting for {_level(trade.planned_entry)}.")
        case TradeStatus.CLOSED:
            how = explain_close(trade.close_reason)
            return Outcome(OutcomeKind.CLOSED, f"{how[:1].upper()}{how[1:]}.", trade.realised_pnl)
        case TradeStatus.CANCELED:
            return Outcome(OutcomeKind.CANCELED, f"Not filled: {explain_close(trade.close_reason)}.")


def _describe_update(signal: Signal, what: str) -> str:
    of = f" {what}" if what else ""
    match signal.update_kind:
        case UpdateKind.CLOSE_PARTIAL:
            share = f"{_level(signal.close_fraction * HUNDRED)} %" if signal.close_fraction else "a part"
            return f"Close {share} of{of}" if of else f"Close {share}"
        case UpdateKind.MOVE_STOP:
            to = f" to {_level(signal.stop_loss)}" if signal.stop_loss is not None else ""
            return f"Move the stop of{of}{to}" if of else f"Move the stop{to}"
        case UpdateKind.MOVE_STOP_TO_BREAKEVEN:
            return f"Move the stop of{of} to the entry" if of else "Move the stop to the entry"
        case UpdateKind.SET_TAKE_PROFIT:
            return f"Set targets{of} {' / '.join(_level(p) for p in signal.take_profits)}".strip()
        case UpdateKind.CANCEL:
            return f"Cancel the entry{of}"
        case _:
            return f"Close{of}"


def _instrument(signal: Signal) -> str:
    option = signal.option
    if option is None:
        return signal.symbol or ""
    right = {"C": "call", "P": "put"}.get((option.right or "")[:1].upper(), option.right or "")
    strike = _level(option.strike) if option.strike is not None else ""
    return " ".join(part for part in (option.underlying, strike, right, option.expiry or "") if part)


def _entry(signal: Signal) -> str:
    if not signal.entry:
        return " now"
    if signal.trigger is not None:
        return f" {signal.trigger} {_level(signal.entry[0])}"
    return f" at {' – '.join(_level(p) for p in signal.entry)}"


def _level(value: Decimal) -> str:
    whole, _, fraction = to_plain(value).partition(".")
    return f"{int(whole):,}" + (f".{fraction}" if fraction else "")


def _short(value: Decimal) -> Decimal:
    """Cut an average to eight significant digits: more is noise in a sentence."""
    return value.quantize(Decimal(1).scaleb(value.adjusted() - 7), ROUND_HALF_EVEN) if value else value

"""Follows every open signal on paper: begins with what was read, goes on with stored prices and what was said later.

A pass that dies anywhere is finished by the next one. What to begin with is found by when it was read and inserted if
absent; where a position stands is one write on its version, and what led there is computed from rows alone.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

from shared.domain.errors import TradeError
from shared.domain.identifiers import reference_id
from shared.domain.instruments import Instrument
from shared.domain.option_contracts import resolve_symbol
from shared.domain.reference import (
    MINUTE,
    MinuteCandle,
    Opening,
    ReferencePosition,
    minute_of,
    open_reference,
)
from shared.domain.reference_expiry import underlying_of
from shared.domain.reference_updates import CandlesOf, follow
from shared.logs import get_logger
from shared.models import counters, market, record_sources, references
from shared.models.signals import SignalRecord
from worker.context import Context
from worker.pipeline.content import WINDOW, content_key
from worker.pipeline.ingest import QUARANTINE_BELOW
from worker.pipeline.sayings import sayings_about

log = get_logger(__name__)

PAGE = 500
PASS_SECONDS = 20.0
SETTLED_AFTER = timedelta(seconds=60)
"""A minute is looked at so long after its end: by then its last price is stored and what was said in it was read."""

STEP = timedelta(days=1)
"""How far a provider is led on at once; whoever was left behind for longer needs several passes."""

LATE = timedelta(days=1)
"""What was said so long before is still heard, where it reached us late."""

_READ = "references.read"
# Readings are written a moment after the time that they carry; workers' clocks differ.
_OVERLAP = timedelta(minutes=2)
_PAPER = ("paper", "paper")
_FOLLOWERS_ASKED = 20


def follow_all(context: Context, now: datetime) -> str:
    """Begin to follow what was read since the last pass, then lead on the providers that are furthest behind."""
    began = monotonic()
    opened = open_new(context)
    horizon = minute_of(now - SETTLED_AFTER) - MINUTE
    moved = 0
    listed = references.providers_behind(horizon, PAGE)
    for provider_id in listed:
        if monotonic() - began > PASS_SECONDS:
            break
        try:
            moved += follow_one(provider_id, horizon)
        except (ValueError, ArithmeticError):
            # Numbers that cannot be counted with are one provider's trouble, not everybody's.
            log.exception("reference.not_followed", provider_id=provider_id)
    return f"{opened} begun, {moved} positions of {len(listed)} providers led on"


def follow_one(provider_id: str, horizon: datetime) -> int:
    """Lead a provider's positions on to a minute, a day at most; returns how many changed."""
    alive = references.alive_of(provider_id)
    if not alive:
        return 0
    behind = alive[0].seen_until
    until, heard_since = min(horizon, behind + STEP), behind - LATE
    around = references.ended_since(provider_id, heard_since)
    sayings = sayings_about(provider_id, alive, heard_since)
    after = follow([*alive, *around], _candles(alive, until), sayings, until)
    now_of = {position.reference_id: position for position in after}
    moved = [(read, now_of[read.reference_id]) for read in alive if now_of[read.reference_id] != read]
    references.store_many(moved)
    return len(moved)


def open_new(context: Context) -> int:
    """Begin to follow the open signals that were read since the last pass; returns how many were looked at anew."""
    read_until = datetime.fromtimestamp(counters.last_of(_READ) / 1000, UTC)
    since = max(read_until - _OVERLAP, datetime.fromtimestamp(0, UTC))
    opened = 0
    while True:
        page = record_sources.opens_read_since(since, PAGE)
        stuck_at = None
        known = references.existing([_id_of(record) for record in page])
        for record in sorted(page, key=lambda one: (one.posted_at, one.signal_id)):
            if _id_of(record) in known or not _is_opening(record):
                continue
            try:
                opened += _open(context, record)
            except (TradeError, TimeoutError) as error:
                # Its venue does not answer: the next pass begins here again.
                log.warning("reference.waits", signal_id=record.signal_id, error=str(error)[:200])
                stuck_at = min(stuck_at or record.read_at, record.read_at)
        newest = stuck_at or (page[-1].read_at if page else since)
        counters.raise_to(_READ, int(newest.timestamp() * 1000))
        if len(page) < PAGE or newest <= since:
            return opened
        since = newest


def _is_opening(record: SignalRecord) -> bool:
    """Tell whether a reading was acted on as a new signal: none that is held back, no edit of one."""
    signal = record.signal
    return (
        signal is not None
        and signal.confidence >= QUARANTINE_BELOW
        and not record_sources.was_read_before(record)
    )


def _open(context: Context, record: SignalRecord) -> bool:
    signal = record.signal
    if signal is None:
        raise ValueError("only an open is followed")
    key = content_key(record.provider_id, signal)
    if references.was_said_before(record.provider_id, key, record.posted_at, WINDOW):
        return False
    symbol = resolve_symbol(signal, record.posted_at.astimezone(UTC).date()) or ""
    (venue, environment), instrument = _where(context, record.provider_id, symbol)
    said = Opening(
        provider_id=record.provider_id,
        signal_id=record.signal_id,
        source=record.source,
        channel_id=record.channel_id,
        message_id=record.message_id,
        posted_at=record.posted_at,
        content_key=key,
        venue=venue,
        environment=environment,
        symbol=symbol,
    )
    references.create_many_once([open_reference(signal, said, instrument)])
    return True


def _where(context: Context, provider_id: str, symbol: str) -> tuple[tuple[str, str], Instrument | None]:
    """Choose whose prices count: the first venue of the provider's followers that trades the symbol, else paper's."""
    for place in (*record_sources.venues_of_followers(provider_id, _FOLLOWERS_ASKED), _PAPER):
        instrument = context.instruments(*place, [symbol]).get(symbol) if symbol else None
        if instrument is not None:
            return place, instrument
    return _PAPER, None


def _candles(alive: Sequence[ReferencePosition], until: datetime) -> dict[CandlesOf, list[MinuteCandle]]:
    after: dict[CandlesOf, datetime] = {}
    for position in alive:
        place = (position.venue, position.environment, position.symbol)
        after[place] = min(after.get(place, position.seen_until), position.seen_until)
        underlying = underlying_of(position)
        if underlying is not None and underlying[1] < until:
            place = (position.venue, position.environment, underlying[0])
            after[place] = min(after.get(place, underlying[1]), underlying[1])
    return {place: market.candles_between(*place, since, until) for place, since in after.items()}


def _id_of(record: SignalRecord) -> str:
    return reference_id(record.provider_id, record.source, record.channel_id, record.message_id)

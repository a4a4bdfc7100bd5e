"""A reference position: one signal followed on paper by ourselves, at the posted price and with fees.

It is independent of any follower. This file has what it is, how it begins and what it comes to; `reference_prices`
leads it along the candles, `reference_updates` through what the provider says later.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from shared.domain.bots import DEFAULT_STOP_PERCENT, BotSettings
from shared.domain.identifiers import reference_id
from shared.domain.instruments import AssetClass, Instrument, pip_size
from shared.domain.money import ONE, ZERO
from shared.domain.signals import Side, Signal, Trigger
from shared.domain.trades import Target
from shared.domain.values import changed

NOTIONAL = Decimal(100)
"""What every reference position is worth at its entry, in the quote asset: its result is a percentage too."""

FEE = Decimal("0.001")
"""The taker fee of one side, as a share of its value."""

MINUTE = timedelta(minutes=1)
_STEP = Decimal("0.00000001")
_BREAKOUT = {Side.BUY: Trigger.ABOVE, Side.SELL: Trigger.BELOW}


class ReferenceStatus(StrEnum):
    """PENDING waits for its entry; CANCELED never had one; UNPRICED is left out of the record."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"
    UNPRICED = "unpriced"


class EntryKind(StrEnum):
    """How it enters: at once, at a price or better, or once a price is passed."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class MinuteCandle:
    """One minute of stored prices, named by its start (aware UTC); `synthetic` where they are made up."""

    minute: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceExit:
    """A share of the whole position that left at a price."""

    at: datetime
    price: Decimal
    fraction: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The message that opened a position, and where its prices are taken from."""

    provider_id: str
    signal_id: str
    source: str
    channel_id: str
    message_id: str
    posted_at: datetime
    content_key: str
    venue: str
    environment: str
    symbol: str


@dataclass(frozen=True)
class ReferencePosition:
    """What was said, what became of it, and up to which minute prices were looked at.

    Distances, in percent or as prices, become levels at the entry. `remaining` is the share that is still held.
    `heard` lists what the provider said of it later. It ended at `ended_at`, by the saying `ended_by` or by a
    candle; `result` is money of `NOTIONAL` after fees, `r_multiple` the same in units of what the first stop risked.
    `unscored`: not yet part of the provider's record.
    """

    reference_id: str
    provider_id: str
    signal_id: str
    source: str
    channel_id: str
    message_id: str
    content_key: str
    venue: str
    environment: str
    symbol: str
    side: Side
    status: ReferenceStatus
    posted_at: datetime
    expires_at: datetime
    seen_until: datetime
    entry_kind: EntryKind
    version: int = 0
    entry_limit: Decimal | None = None
    stop_price: Decimal | None = None
    stop_percent: Decimal | None = None
    stop_distance: Decimal | None = None
    targets: tuple[Target, ...] = ()
    targets_percent: tuple[Decimal, ...] = ()
    targets_distance: tuple[Decimal, ...] = ()
    last_price: Decimal | None = None
    priced_at: datetime | None = None
    entry_price: Decimal | None = None
    entered_at: datetime | None = None
    initial_stop_price: Decimal | None = None
    remaining: Decimal = ZERO
    exits: tuple[ReferenceExit, ...] = ()
    heard: tuple[str, ...] = ()
    ended_at: datetime | None = None
    ended_by: str = ""
    close_reason: str = ""
    result: Decimal | None = None
    r_multiple: Decimal | None = None
    synthetic: bool = False
    unscored: bool = True

    @property
    def is_alive(self) -> bool:
        """Whether prices and the provider can still change it."""
        return self.ended_at is None


def minute_of(moment: datetime) -> datetime:
    """Return the start of the minute that a moment lies in."""
    return moment.replace(second=0, microsecond=0)


def open_reference(signal: Signal, said: Opening, instrument: Instrument | None) -> ReferencePosition:
    """Begin to follow an open signal; one whose instrument nobody trades ends at once as unpriced.

    Of a zone or ladder it enters at the edge that the market meets first, which is the dearest. A message without a
    stop has the default of its asset class.
    """
    side = signal.side or Side.BUY
    kind, limit = _entry_of(signal, side)
    pip = pip_size(instrument) if instrument is not None else None
    distance = None if pip is None or signal.stop_loss_pips is None else signal.stop_loss_pips * pip
    percent = signal.stop_loss_pct
    if percent is None and signal.stop_loss is None and distance is None:
        percent = DEFAULT_STOP_PERCENT[AssetClass.CRYPTO if instrument is None else instrument.asset_class]
    position = ReferencePosition(
        **{field.name: getattr(said, field.name) for field in fields(said)},
        reference_id=reference_id(said.provider_id, said.source, said.channel_id, said.message_id),
        side=side,
        status=ReferenceStatus.PENDING,
        expires_at=said.posted_at + timedelta(seconds=BotSettings().entry_valid_seconds),
        seen_until=minute_of(said.posted_at) - MINUTE,
        entry_kind=kind,
        entry_limit=limit,
        stop_price=signal.stop_loss,
        stop_percent=percent,
        stop_distance=distance,
        targets=tuple(Target(price, ZERO) for price in signal.take_profits),
        targets_percent=signal.take_profits_pct,
        targets_distance=() if pip is None else tuple(pips * pip for pips in signal.take_profits_pips),
    )
    if instrument is None:
        return end(position, ReferenceStatus.UNPRICED, "NO_INSTRUMENT", said.posted_at)
    return position


def end(
    position: ReferencePosition, status: ReferenceStatus, reason: str, at: datetime, by: str = ""
) -> ReferencePosition:
    """End a position for good; of a closed one the result is counted."""
    over = changed(position, status=status, close_reason=reason, ended_at=at, ended_by=by, unscored=True)
    if status is not ReferenceStatus.CLOSED:
        return over
    result = count_result(over)
    return changed(over, result=result, r_multiple=_r_multiple(over, result))


def leave(
    position: ReferencePosition,
    part: ReferenceExit,
    by: str = "",
    *,
    targets: tuple[Target, ...] | None = None,
) -> ReferencePosition:
    """Let a share leave, with the targets that are left; without anything remaining the position is closed."""
    after = changed(
        position,
        remaining=position.remaining - part.fraction,
        exits=(*position.exits, part),
        targets=position.targets if targets is None else targets,
    )
    if after.remaining > ZERO:
        return after
    return end(after, ReferenceStatus.CLOSED, part.reason, part.at, by)


def count_result(position: ReferencePosition) -> Decimal:
    """Count what the exits brought after the fees of both sides, in money of `NOTIONAL`, on eight places."""
    entry = _entered(position)
    sign = ONE if position.side is Side.BUY else -ONE
    moved = sum((part.fraction * (part.price / entry - ONE) for part in position.exits), ZERO)
    sold = sum((part.fraction * part.price / entry for part in position.exits), ZERO)
    return (NOTIONAL * (sign * moved - FEE * (ONE + sold))).quantize(_STEP, ROUND_HALF_EVEN)


def split_evenly(prices: Iterable[Decimal], whole: Decimal, side: Side) -> tuple[Target, ...]:
    """Share a part of the position evenly over targets, the nearest first; the last one takes what is left."""
    ordered = sorted(set(prices), reverse=side is Side.SELL)
    return tuple(Target(price, whole / len(ordered)) for price in ordered)


def _entry_of(signal: Signal, side: Side) -> tuple[EntryKind, Decimal | None]:
    if not signal.entry:
        return EntryKind.MARKET, None
    if signal.trigger is _BREAKOUT[side]:
        return EntryKind.STOP, signal.entry[0]
    return EntryKind.LIMIT, max(signal.entry) if side is Side.BUY else min(signal.entry)


def _r_multiple(position: ReferencePosition, result: Decimal) -> Decimal | None:
    entry, stop = _entered(position), position.initial_stop_price
    if stop is None:
        return None
    return (result / (NOTIONAL * abs(entry - stop) / entry)).quantize(_STEP, ROUND_HALF_EVEN)


def _entered(position: ReferencePosition) -> Decimal:
    if position.entry_price is None:
        raise ValueError("only a position that has entered has a result")
    return position.entry_price

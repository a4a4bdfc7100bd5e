"""What a provider says after a signal, bound to reference positions and carried out on them at stored prices.

A saying counts at the end of the minute in which it was said; a close sells at the newest price stored by then, and
never at a price that the provider claims. Which position is meant is decided by what was alive at that moment, not by
when we looked: following to noon and then to one o'clock ends like following to one o'clock.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.entry import percent_away
from shared.domain.listed_options import read_occ_symbol
from shared.domain.money import ONE, ZERO
from shared.domain.reference import (
    MinuteCandle,
    ReferenceExit,
    ReferencePosition,
    ReferenceStatus,
    end,
    leave,
    minute_of,
    split_evenly,
)
from shared.domain.reference_expiry import last_minute, settle
from shared.domain.reference_prices import see_until, stop_at
from shared.domain.signals import Action, Signal, UpdateKind
from shared.domain.stops import StopMove, judge_stop
from shared.domain.trades import Target
from shared.domain.values import changed

HALF = Decimal("0.5")
PROVIDER_CLOSED = "PROVIDER_CLOSED"

CandlesOf = tuple[str, str, str]
"""Venue, environment and symbol: what is asked of a sandbox says nothing of the market."""

Candles = Mapping[CandlesOf, Sequence[MinuteCandle]]


class SayingKind(StrEnum):
    """A close or update; an edit or the delete of the message that opened."""

    COMMAND = "command"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing that a provider said at a moment.

    `signal` is None where an edit leaves no signal; `before` is what the message said before an edit.
    """

    saying_id: str
    kind: SayingKind
    at: datetime
    source: str
    channel_id: str
    message_id: str
    reply_to: str | None = None
    signal: Signal | None = None
    before: Signal | None = None


def follow(
    positions: Sequence[ReferencePosition], candles: Candles, sayings: Sequence[Saying], until: datetime
) -> list[ReferencePosition]:
    """Lead all positions of one provider up to the minute `until`, through prices and what was said, in order.

    `positions` holds those that have ended lately too: they decide what a saying meant. `candles` are in order. Sayings that a position has heard, or that come later, change nothing.
    """
    current = {position.reference_id: position for position in positions}
    for saying in sorted(sayings, key=lambda said: (said.at, said.saying_id)):
        if minute_of(saying.at) > until:
            break
        for name, position in current.items():
            current[name] = _advance(position, candles, minute_of(saying.at))
        for position in meant_by(saying, list(current.values())):
            current[position.reference_id] = hear(position, saying)
    return [_advance(position, candles, until) for position in current.values()]


def meant_by(saying: Saying, positions: Sequence[ReferencePosition]) -> list[ReferencePosition]:
    """Return the positions that a saying is about: those of its message or parent, else the one of its symbol.

    None where two messages may be meant.
    """
    told = [position for position in positions if _was_alive(position, saying)]
    if saying.kind is not SayingKind.COMMAND:
        return [position for position in told if _is_of(position, saying, saying.message_id)]
    if saying.reply_to is not None and any(_is_of(p, saying, saying.reply_to) for p in positions):
        return [position for position in told if _is_of(position, saying, saying.reply_to)]
    symbol = saying.signal.symbol if saying.signal is not None else None
    named = [position for position in told if symbol is not None and _names(symbol, position.symbol)]
    return named if len(named) == 1 else []


def hear(position: ReferencePosition, saying: Saying) -> ReferencePosition:
    """Carry one saying out on the position that it means; heard twice it is carried out once."""
    if not position.is_alive or saying.saying_id in position.heard:
        return position
    heard = changed(position, heard=(*position.heard, saying.saying_id))
    match saying.kind:
        case SayingKind.DELETE:
            return _give_up(heard, saying, "DELETED")
        case SayingKind.EDIT:
            return _hear_edit(heard, saying)
        case SayingKind.COMMAND:
            return heard if saying.signal is None else _hear_command(heard, saying, saying.signal)


def _hear_edit(position: ReferencePosition, saying: Saying) -> ReferencePosition:
    before, after = saying.before, saying.signal
    if after is None or after.action is not Action.OPEN:
        return _give_up(position, saying, "EDITED_AWAY")
    if before is None:
        return position
    if (before.side, before.symbol, before.entry) != (after.side, after.symbol, after.entry):
        return _give_up(position, saying, "ENTRY_CHANGED")
    if after.stop_loss is not None and after.stop_loss != before.stop_loss:
        position = _move_stop(position, after.stop_loss)
    if after.take_profits and after.take_profits != before.take_profits:
        position = _set_targets(position, after.take_profits)
    return position


def _hear_command(position: ReferencePosition, saying: Saying, signal: Signal) -> ReferencePosition:
    match signal.update_kind or (UpdateKind.CLOSE_ALL if signal.action is Action.CLOSE else None):
        case UpdateKind.CLOSE_ALL:
            return _sell(position, saying, ONE)
        case UpdateKind.CLOSE_PARTIAL:
            return _sell(position, saying, signal.close_fraction or HALF)
        case UpdateKind.CANCEL:
            return _give_up(position, saying, "WITHDRAWN")
        case UpdateKind.MOVE_STOP_TO_BREAKEVEN if position.entry_price is not None:
            return _move_stop(position, position.entry_price)
        case UpdateKind.MOVE_STOP if signal.stop_loss is not None:
            return _move_stop(position, signal.stop_loss)
        case UpdateKind.MOVE_STOP if signal.stop_loss_pct is not None and position.entry_price is not None:
            away = percent_away(position.entry_price, signal.stop_loss_pct, position.side.opposite)
            return _move_stop(position, away)
        case UpdateKind.SET_TAKE_PROFIT if signal.take_profits:
            return _set_targets(position, signal.take_profits)
        case UpdateKind.SET_TAKE_PROFIT if signal.take_profits_pct and position.entry_price is not None:
            entry, side = position.entry_price, position.side
            return _set_targets(position, tuple(percent_away(entry, p, side) for p in signal.take_profits_pct))
        case _:
            return position


def _sell(position: ReferencePosition, saying: Saying, share: Decimal) -> ReferencePosition:
    """Let a share of what is held leave at the newest price; a full close gives up an entry that waits."""
    if position.status is ReferenceStatus.PENDING:
        return _give_up(position, saying, "WITHDRAWN") if share == ONE else position
    if position.last_price is None:
        raise ValueError("a position that has entered has seen a price")
    share = min(share, ONE)
    part = ReferenceExit(
        _heard_at(position, saying), position.last_price, position.remaining * share, PROVIDER_CLOSED
    )
    targets = tuple(Target(target.price, target.fraction * (ONE - share)) for target in position.targets)
    return leave(position, part, saying.saying_id, targets=targets)


def _give_up(position: ReferencePosition, saying: Saying, reason: str) -> ReferencePosition:
    if position.status is not ReferenceStatus.PENDING:
        return position
    at = _heard_at(position, saying)
    return end(position, ReferenceStatus.CANCELED, reason, at, saying.saying_id)


def _move_stop(position: ReferencePosition, price: Decimal) -> ReferencePosition:
    """Move the stop by the rule for followers, of whom none has given room for more risk: nearer, or not at all."""
    limit = position.entry_limit if position.status is ReferenceStatus.PENDING else None
    current = position.stop_price
    if current is None and limit is not None:
        current = stop_at(position, limit)
    entries = () if limit is None else (limit,)
    is_nearer = judge_stop(position.side, price, current, entries) is StopMove.NEARER
    return changed(position, stop_price=price) if is_nearer else position


def _set_targets(position: ReferencePosition, prices: tuple[Decimal, ...]) -> ReferencePosition:
    if position.status is ReferenceStatus.PENDING:
        return changed(position, targets=tuple(Target(price, ZERO) for price in prices))
    return changed(position, targets=split_evenly(prices, position.remaining, position.side))


def _heard_at(position: ReferencePosition, saying: Saying) -> datetime:
    # A saying that reached us late is carried out when it is heard: what was already seen stays as it was.
    return max(saying.at, position.seen_until)


def _was_alive(position: ReferencePosition, saying: Saying) -> bool:
    """Tell whether a position was there when something was said, by what is stored of its end."""
    if position.posted_at > saying.at:
        return False
    if position.ended_at is None or position.ended_at > saying.at:
        return True
    # Said in the moment that ended it, in the order in which sayings are heard.
    return position.ended_at == saying.at and position.ended_by >= saying.saying_id


def _is_of(position: ReferencePosition, saying: Saying, message_id: str) -> bool:
    place = (position.source, position.channel_id, position.message_id)
    return place == (saying.source, saying.channel_id, message_id)


def _names(said: str, symbol: str) -> bool:
    # An option is closed by its underlying alone: `SPY` means `SPY261218C00600000`.
    is_option_of = symbol.startswith(said) and symbol[len(said) : len(said) + 6].isdecimal()
    return said == symbol or is_option_of


def _advance(position: ReferencePosition, candles: Candles, until: datetime) -> ReferencePosition:
    if not position.is_alive or position.seen_until >= until:
        return position
    option = read_occ_symbol(position.symbol)
    if option is None or until < last_minute(option):
        return _see(position, candles, until)
    position = _see(position, candles, last_minute(option))
    underlying = candles.get((position.venue, position.environment, option.underlying), ())
    return settle(position, option, underlying) if position.is_alive else position


def _see(position: ReferencePosition, candles: Candles, until: datetime) -> ReferencePosition:
    listed = candles.get((position.venue, position.environment, position.symbol), ())
    first = bisect_right(listed, position.seen_until, key=lambda candle: candle.minute)
    last = bisect_right(listed, until, key=lambda candle: candle.minute)
    return see_until(position, listed[first:last], until)

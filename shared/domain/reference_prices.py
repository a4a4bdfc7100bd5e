"""Leads a reference position along minute candles.

Where candles leave the order of events open, the worse one is taken:
- The minute of the post only prices a market entry, at its close: part of it lay before the post.
- An entry price is a limit (or, for a breakout, a stop) that a later candle must touch. A limit fills at the posted
  price and never at a better one, a breakout at the candle's open where that is worse.
- In the candle of such a fill the stop counts and targets do not; in all others the stop comes before targets.
- A candle that opens beyond the stop sells at its open; a target never pays more than its price.
- Stop or first target reached before the entry: it is not entered.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.entry import percent_away
from shared.domain.money import ONE, ZERO
from shared.domain.reference import (
    EntryKind,
    MinuteCandle,
    ReferenceExit,
    ReferencePosition,
    ReferenceStatus,
    end,
    leave,
    minute_of,
    split_evenly,
)
from shared.domain.signals import Side
from shared.domain.values import changed

PRICELESS_AFTER = timedelta(hours=1)
"""Without a stored price for so long nobody knows what happened: the position ends as unpriced."""


def see_until(
    position: ReferencePosition, candles: Iterable[MinuteCandle], until: datetime
) -> ReferencePosition:
    """Fold the candles after the last one seen, in their order, up to the minute `until` and with it."""
    for candle in candles:
        if not position.is_alive:
            return position
        if position.seen_until < candle.minute <= until:
            position = _without_price(position, candle.minute)
            if position.is_alive:
                position = _see(position, candle)
    if position.is_alive and position.seen_until < until:
        position = _without_price(position, until)
        if position.is_alive:
            return changed(position, seen_until=until)
    return position


def _see(position: ReferencePosition, candle: MinuteCandle) -> ReferencePosition:
    is_first = position.priced_at is None
    seen = changed(
        position,
        seen_until=candle.minute,
        last_price=candle.close,
        priced_at=candle.minute,
        synthetic=position.synthetic or candle.synthetic,
    )
    if seen.status is ReferenceStatus.OPEN:
        return _meet_levels(seen, candle)
    if is_first:
        return _first_price(seen, candle)
    if candle.minute >= seen.expires_at:
        return end(seen, ReferenceStatus.CANCELED, "ENTRY_EXPIRED", candle.minute)
    return _wait_for_entry(seen, candle)


def _first_price(position: ReferencePosition, candle: MinuteCandle) -> ReferencePosition:
    """Enter at market, or see whether the market has passed the levels by before anything could be entered."""
    if position.entry_kind is EntryKind.MARKET:
        return _enter(position, candle.close, candle.minute)
    if _is_passed(position, candle.close, candle.close):
        return end(position, ReferenceStatus.CANCELED, "TARGET_BEFORE_ENTRY", candle.minute)
    return position


def _wait_for_entry(position: ReferencePosition, candle: MinuteCandle) -> ReferencePosition:
    limit = position.entry_limit
    if limit is None:
        raise ValueError("a position that waits has an entry price")
    is_buy = position.side is Side.BUY
    if position.entry_kind is EntryKind.LIMIT:
        is_touched, price = (candle.low <= limit if is_buy else candle.high >= limit), limit
    else:
        is_touched = candle.high >= limit if is_buy else candle.low <= limit
        price = max(candle.open, limit) if is_buy else min(candle.open, limit)
    if not is_touched:
        if _is_passed(position, candle.low, candle.high):
            return end(position, ReferenceStatus.CANCELED, "TARGET_BEFORE_ENTRY", candle.minute)
        return position
    entered = _enter(position, price, candle.minute)
    stop = entered.stop_price
    if entered.status is ReferenceStatus.OPEN and stop is not None and _reaches_stop(entered, candle):
        return leave(entered, ReferenceExit(candle.minute, stop, ONE, "STOP_HIT"))
    return entered


def _enter(position: ReferencePosition, price: Decimal, at: datetime) -> ReferencePosition:
    stop = position.stop_price if position.stop_price is not None else stop_at(position, price)
    is_buy = position.side is Side.BUY
    if stop <= ZERO or (stop >= price if is_buy else stop <= price):
        return end(position, ReferenceStatus.CANCELED, "STOP_WRONG_SIDE", at)
    targets = split_evenly(_target_prices(position, price), ONE, position.side)
    if targets and (targets[0].price <= price if is_buy else targets[0].price >= price):
        return end(position, ReferenceStatus.CANCELED, "TARGET_BEFORE_ENTRY", at)
    return changed(
        position,
        status=ReferenceStatus.OPEN,
        entry_price=price,
        entered_at=at,
        stop_price=stop,
        initial_stop_price=stop,
        targets=targets,
        remaining=ONE,
        unscored=True,
    )


def stop_at(position: ReferencePosition, price: Decimal) -> Decimal:
    """Return the stop that a distance means for an entry at `price`."""
    if position.stop_distance is not None:
        return price - position.stop_distance if position.side is Side.BUY else price + position.stop_distance
    return percent_away(price, position.stop_percent or ZERO, position.side.opposite)


def _target_prices(position: ReferencePosition, price: Decimal) -> list[Decimal]:
    if position.targets:
        return [target.price for target in position.targets]
    if position.targets_percent:
        return [percent_away(price, percent, position.side) for percent in position.targets_percent]
    sign = ONE if position.side is Side.BUY else -ONE
    return [price + sign * distance for distance in position.targets_distance]


def _meet_levels(position: ReferencePosition, candle: MinuteCandle) -> ReferencePosition:
    stop, is_buy = position.stop_price, position.side is Side.BUY
    if stop is not None and _reaches_stop(position, candle):
        price = min(candle.open, stop) if is_buy else max(candle.open, stop)
        return leave(position, ReferenceExit(candle.minute, price, position.remaining, "STOP_HIT"))
    for target in position.targets:
        if not position.is_alive or (candle.high < target.price if is_buy else candle.low > target.price):
            break
        left = position.targets[1:]
        share = min(target.fraction, position.remaining) if left else position.remaining
        part = ReferenceExit(candle.minute, target.price, share, "TARGET_HIT")
        position = leave(position, part, targets=left)
    return position


def _reaches_stop(position: ReferencePosition, candle: MinuteCandle) -> bool:
    stop = position.stop_price
    return stop is not None and (candle.low <= stop if position.side is Side.BUY else candle.high >= stop)


def _is_passed(position: ReferencePosition, low: Decimal, high: Decimal) -> bool:
    """Tell whether prices between `low` and `high` reach the stop or the first target."""
    entry = position.entry_limit or low
    prices = _target_prices(position, entry)
    stop = position.stop_price if position.stop_price is not None else stop_at(position, entry)
    if position.side is Side.BUY:
        return low <= stop or (bool(prices) and high >= min(prices))
    return high >= stop or (bool(prices) and low <= max(prices))


def _without_price(position: ReferencePosition, minute: datetime) -> ReferencePosition:
    """End a position that no price was stored for between the last one and a minute, if that was too long."""
    last = position.priced_at or minute_of(position.posted_at)
    if minute - last <= PRICELESS_AFTER:
        return position
    return end(position, ReferenceStatus.UNPRICED, "NO_PRICE", last + PRICELESS_AFTER)

"""Ends reference positions in options that are held to their end, at what the contract is worth then.

That is its intrinsic value by the last stored price of its underlying within the hour before. Without such a price
nobody knows what it came to: the position ends as unpriced, and is part of no figure.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from shared.domain.listed_options import ListedOption, read_occ_symbol
from shared.domain.reference import (
    MINUTE,
    MinuteCandle,
    ReferenceExit,
    ReferencePosition,
    ReferenceStatus,
    end,
    leave,
)
from shared.domain.reference_prices import PRICELESS_AFTER
from shared.domain.values import changed

EXPIRED = "OPTION_EXPIRED"
EXPIRED_UNPRICED = "OPTION_EXPIRED_UNPRICED"


def last_minute(option: ListedOption) -> datetime:
    """Return the last minute (aware UTC) in which an option is traded."""
    return option.ends_at.astimezone(UTC) - MINUTE


def underlying_of(position: ReferencePosition) -> tuple[str, datetime] | None:
    """Return whose prices say what a position's option is worth at its end, and after which minute they count.

    None for what is no option.
    """
    option = read_occ_symbol(position.symbol)
    return None if option is None else (option.underlying, last_minute(option) - PRICELESS_AFTER)


def settle(
    position: ReferencePosition, option: ListedOption, underlying: Sequence[MinuteCandle]
) -> ReferencePosition:
    """End a position whose option has ended, by the candles of its underlying, which are in order."""
    at = last_minute(option)
    if position.status is ReferenceStatus.PENDING:
        return end(position, ReferenceStatus.CANCELED, EXPIRED, max(at, position.posted_at))
    last = next((c for c in reversed(underlying) if at - PRICELESS_AFTER < c.minute <= at), None)
    if last is None:
        return end(position, ReferenceStatus.UNPRICED, EXPIRED_UNPRICED, at)
    value = option.intrinsic(last.close)
    priced = changed(position, last_price=value, priced_at=at, synthetic=position.synthetic or last.synthetic)
    return leave(priced, ReferenceExit(at, value, position.remaining, EXPIRED))

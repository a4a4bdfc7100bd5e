"""When exchanges are open, holidays and short days included: from exchange-calendars, loaded when a bot first asks.

The library brings pandas (measured: 0.9 s and 60 MB), so a process whose bots keep to no exchange never loads it.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.domain.facts import Session

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

_AHEAD = timedelta(days=370)
_BEHIND = timedelta(days=30)


class UnknownExchangeError(ValueError):
    """Raised for a code that no calendar is known of."""


def session_of(exchange: str, now: datetime) -> Session:
    """Return whether an exchange trades now, and when that changes; an exchange nobody knows is never open."""
    try:
        calendar = _calendar(exchange, now.year)
    except UnknownExchangeError:
        return Session(exchange, is_open=False, opens_at=None, closes_at=None)
    is_open = bool(calendar.is_open_on_minute(now, ignore_breaks=False))
    return Session(
        exchange,
        is_open=is_open,
        opens_at=None if is_open else _moment(calendar.next_open(now)),
        closes_at=_moment(calendar.next_close(now)) if is_open else None,
    )


@lru_cache(maxsize=32)
def _calendar(exchange: str, year: int) -> "ExchangeCalendar":
    from exchange_calendars import get_calendar  # noqa: PLC0415 - it takes a second to import
    from exchange_calendars.errors import InvalidCalendarName  # noqa: PLC0415

    first = datetime(year, 1, 1, tzinfo=UTC)
    span = {
        "start": (first - _BEHIND).date().isoformat(),
        "end": (first + _AHEAD + _BEHIND).date().isoformat(),
    }
    try:
        return get_calendar(exchange, **span)
    except InvalidCalendarName:
        raise UnknownExchangeError(exchange) from None


def _moment(stamp: Any) -> datetime:
    moment: datetime = stamp.to_pydatetime()
    return moment.astimezone(UTC)

"""The trading day: from midnight to midnight where the user lives, daylight-saving changes included."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Day:
    """One day in a time zone; `name` is its date (`2026-11-30`), the moments are aware UTC, `ends_at` not part of it."""

    name: str
    starts_at: datetime
    ends_at: datetime


def day_of(now: datetime, zone: str) -> Day:
    """Return the day of a moment in a time zone; it has 23 or 25 hours where clocks are moved.

    Where midnight itself is skipped, the day begins at the first moment that there is.

    Raises
    ------
    zoneinfo.ZoneInfoNotFoundError
        If no zone has that name.
    """
    local = ZoneInfo(zone)
    date = now.astimezone(local).date()
    starts_at = datetime.combine(date, time(), local).astimezone(UTC)
    ends_at = datetime.combine(date + timedelta(days=1), time(), local).astimezone(UTC)
    return Day(date.isoformat(), starts_at, ends_at)

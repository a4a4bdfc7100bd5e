"""Trading hours: times of day by weekday, as a user writes them.

`09:30-16:00` is every day, `Mon-Fri 09:30-16:00; Sat,Sun 10:00-12:00` says which; `22:00-06:00` goes on into the
next morning and belongs to the day on which it begins.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?:(?P<days>[A-Za-z,\- ]+?)\s+)?(?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")
_MOST_SPANS = 14


@dataclass(frozen=True, slots=True)
class Span:
    """From one time of day to another on some weekdays (0 is Monday); `closes` is not part of it."""

    days: frozenset[int]
    opens: time
    closes: time

    def has(self, local: datetime) -> bool:
        """Tell whether a moment, in the zone of the hours, lies in it."""
        at, day = local.time(), local.weekday()
        if self.opens < self.closes:
            return day in self.days and self.opens <= at < self.closes
        # Over midnight, or round the clock where both are the same.
        return (day in self.days and at >= self.opens) or ((day - 1) % 7 in self.days and at < self.closes)


def parse_hours(text: str) -> tuple[Span, ...]:
    """Read trading hours; none for an empty text, which is always.

    Raises
    ------
    ValueError
        With one sentence, if a part is no time of day or no weekday.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if len(parts) > _MOST_SPANS:
        raise ValueError(f"takes at most {_MOST_SPANS} spans, not {len(parts)}")
    return tuple(_parse_span(part) for part in parts)


def is_within(spans: tuple[Span, ...], local: datetime) -> bool:
    """Tell whether a moment, in the zone of the hours, lies in one of the spans; always where there are none."""
    return not spans or any(span.has(local) for span in spans)


def _parse_span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"must be HH:MM-HH:MM or Mon-Fri HH:MM-HH:MM, not {text[:40]!r}")
    return Span(_parse_days(found["days"]), _parse_time(found["opens"]), _parse_time(found["closes"]))


def _parse_time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time of day") from None


def _parse_days(text: str | None) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start, end = _parse_day(first), _parse_day(last or first)
        days |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return frozenset(days)


def _parse_day(text: str) -> int:
    name = text.strip().lower()[:3]
    if name not in WEEKDAYS:
        raise ValueError(f"{text.strip()[:20]!r} is no weekday (Mon, Tue, ...)")
    return WEEKDAYS.index(name)

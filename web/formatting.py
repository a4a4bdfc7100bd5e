"""How numbers and times are written on pages; templates format with these and compute nothing."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, g

from shared.domain.money import to_plain
from shared.settings import Settings

MINUS = "−"
NO_NUMBER = "–"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def bind(app: Flask, _settings: Settings) -> None:
    """Give templates their filters and the moment of the request."""
    for filter_ in (money, signed, price, quantity, percent, multiple, duration, words):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.filters["ago"] = lambda at: relative(at, moment())
    app.jinja_env.filters["exact"] = lambda at: exact(at, _zone_name())
    app.jinja_env.globals["moment"] = moment
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def moment() -> datetime:
    """Return the moment of this request, the same one for everything on the page."""
    if "moment" not in g:
        g.moment = datetime.now(UTC)
    now: datetime = g.moment
    return now


def money(amount: Decimal | None, decimals: int = 2) -> str:
    """Write an amount with thousands separated: `1,234.50`; a dash for none."""
    if amount is None:
        return NO_NUMBER
    rounded = _rounded(amount, decimals)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,.{decimals}f}"


def signed(amount: Decimal | None, decimals: int = 2) -> str:
    """Write an amount with its sign, zero without one: `+12.40`, `−3.10`, `0.00`."""
    text = money(amount, decimals)
    if amount is None or text.startswith(MINUS) or _rounded(amount, decimals) == 0:
        return text
    return f"+{text}"


def price(amount: Decimal | None, decimals: int) -> str:
    """Write a price with as many decimals as its instrument has."""
    return money(amount, decimals)


def quantity(amount: Decimal | None) -> str:
    """Write a quantity as it is, thousands separated, without trailing zeros."""
    if amount is None:
        return NO_NUMBER
    whole, _, fraction = to_plain(abs(amount)).partition(".")
    text = f"{int(whole):,}" + (f".{fraction}" if fraction else "")
    return f"{MINUS}{text}" if amount < 0 else text


def percent(value: Decimal | None, decimals: int = 2) -> str:
    """Write a signed percentage: `+1.20 %`."""
    return NO_NUMBER if value is None else f"{signed(value, decimals)} %"


def multiple(value: Decimal | None) -> str:
    """Write a multiple of the initial risk: `+0.42 R`."""
    return NO_NUMBER if value is None else f"{signed(value)} R"


def duration(seconds: Decimal | float | int) -> str:
    """Write a span of time in its largest unit: `12 s`, `4 min`, `3 h`, `2 d`."""
    whole = max(int(seconds), 0)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} d"


def relative(at: datetime | None, now: datetime) -> str:
    """Write how long ago, or in how long, a moment is; the page's script writes it the same way."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    if seconds < -1:
        return f"in {duration(-seconds)}"
    return "just now" if seconds < 2 else f"{duration(seconds)} ago"


def exact(at: datetime | None, zone_name: str) -> str:
    """Write a moment in full, in the user's zone."""
    if at is None:
        return ""
    return at.astimezone(zone_of(zone_name)).strftime("%-d %b %Y %H:%M:%S %Z")


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by name, UTC where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def words(code: str) -> str:
    """Turn a code into words: `STOP_WRONG_SIDE` and `stop_wrong_side` become `Stop wrong side`."""
    return code.replace("_", " ").strip().capitalize()


def decimals_of(*values: Decimal | None) -> int:
    """Return the most decimals that any of the values carries, between 2 and 10."""
    found = 2
    for value in values:
        if value is not None:
            exponent = value.as_tuple().exponent
            found = max(found, -exponent if isinstance(exponent, int) else 0)
    return min(found, 10)


def _rounded(amount: Decimal, decimals: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def _zone_name() -> str:
    return g.follower.time_zone if "follower" in g else "UTC"

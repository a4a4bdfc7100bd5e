"""A trading bot's settings from text: what each means, which values it takes, read with clear errors.

The command line and the pages share this list, so a limit is explained and checked in one way.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.domain.bots import BotSettings, MissingStop, WiderStops
from shared.domain.exchanges import read_exchange
from shared.domain.hours import parse_hours
from shared.domain.instruments import AssetClass
from shared.domain.money import parse_decimal
from shared.domain.signals import Side

_MOST_WEIGHTS = 10
_LARGEST_WEIGHT = 1000
_SYMBOL = re.compile(r"[A-Z0-9./-]{1,32}")


class YesNo(StrEnum):
    """How a setting that is on or off is written."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class SettingTerms:
    """One setting for people: how a value looks, the default as text, and what it does."""

    name: str
    form: str
    default: str
    meaning: str


_MEANINGS: dict[str, str] = {
    "max_open_positions": "positions open or about to be, on the account, at most",
    "max_per_symbol": "of those, in one symbol",
    "max_daily_loss_percent": "no entry once the account has lost so much of what it began the day with, realised and open",
    "max_user_loss_percent": "the same for all accounts of the user together",
    "max_portfolio_risk_percent": "what all stops together may lose, of the equity, with what is reserved",
    "flatten_on_loss": "close what is open when a daily loss is reached",
    "max_signal_age_seconds": "an older signal is not traded",
    "max_drift_r": "how far the price may have run since the message, in distances to the stop; 0 = any",
    "min_confidence": "the parser's confidence a signal needs",
    "entry_valid_seconds": "an unfilled entry is cancelled after this time",
    "missing_stop": "for a signal without a stop: default = take one by asset class, deny = do not trade",
    "default_stop_percent": "distance of that stop from the entry; 0 = the table by asset class",
    "max_position_percent": "one position's value of the equity, at most",
    "entry_split": "weights of the legs of a zone or ladder, from the lowest price up; empty = even",
    "target_split": "weights of the targets in their order, the last one repeated; empty = even",
    "break_even_after": "the stop moves to the entry once so many targets are reached; 0 = never",
    "trailing_stop_percent": "the stop follows the price at this distance, and never goes back; 0 = it does not",
    "max_leverage": "where positions are held on margin: the provider's leverage, up to this",
    "option_min_days": "an option without an expiry: the nearest weekly contract that runs so many days; 0 = not traded",
    "wider_stops": "a provider's stop further away: deny = leave it, allow = follow it where the bot would risk as much",
    "allowed_symbols": "only these symbols; empty = all",
    "blocked_symbols": "never these symbols",
    "asset_classes": "only these asset classes; empty = all",
    "sides": "only these sides; empty = both",
    "confirm_seconds": "ask before each trade and wait so long for a yes; 0 = trade without asking",
    "trading_hours": "entries only between these times of day (Mon-Fri 09:30-16:00; Sat 10:00-12:00); empty = always",
    "exchange": "entries only while this exchange is open, by its own calendar (XNYS, XLON, XETR); empty = always",
    "time_zone": "the zone of trading_hours",
}
_RANGES: dict[str, tuple[Decimal, Decimal]] = {
    "max_open_positions": (Decimal(1), Decimal(1000)),
    "max_per_symbol": (Decimal(1), Decimal(100)),
    "max_daily_loss_percent": (Decimal("0.1"), Decimal(100)),
    "max_user_loss_percent": (Decimal("0.1"), Decimal(100)),
    "max_portfolio_risk_percent": (Decimal("0.1"), Decimal(100)),
    "max_signal_age_seconds": (Decimal(1), Decimal(86_400)),
    "max_drift_r": (Decimal(0), Decimal(10)),
    "min_confidence": (Decimal(0), Decimal(1)),
    "entry_valid_seconds": (Decimal(1), Decimal(30 * 86_400)),
    "default_stop_percent": (Decimal(0), Decimal(99)),
    "max_position_percent": (Decimal("0.01"), Decimal(100)),
    "break_even_after": (Decimal(0), Decimal(10)),
    "trailing_stop_percent": (Decimal(0), Decimal(50)),
    "max_leverage": (Decimal(1), Decimal(125)),
    "option_min_days": (Decimal(0), Decimal(60)),
    "confirm_seconds": (Decimal(0), Decimal(86_400)),
}


def list_settings() -> tuple[SettingTerms, ...]:
    """List all settings in the order of their declaration."""
    hints = get_type_hints(BotSettings)
    return tuple(
        SettingTerms(
            name=field.name,
            form=_form(field.name, hints[field.name]),
            default=write_setting(field.default),
            meaning=_MEANINGS[field.name],
        )
        for field in fields(BotSettings)
    )


def apply_settings(settings: BotSettings, assignments: Iterable[str]) -> BotSettings:
    """Change settings by `NAME=VALUE` texts; a later one wins; raises as `read_settings`."""
    return replace(settings, **read_settings(assignments))


def read_settings(assignments: Iterable[str]) -> dict[str, Any]:
    """Read `NAME=VALUE` texts; a later one wins.

    Raises
    ------
    ValueError
        With one sentence, if a name is unknown or a value cannot be taken.
    """
    hints = get_type_hints(BotSettings)
    changes: dict[str, Any] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise ValueError(f"a setting is NAME=VALUE, not {assignment[:60]!r}")
        if name not in hints:
            raise ValueError(f"no setting is called {name[:60]!r}; there are {', '.join(hints)}")
        try:
            changes[name] = _read(name, text.strip(), hints[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return changes


def write_setting(value: object) -> str:
    """Write a setting's value as `apply_settings` reads it."""
    if isinstance(value, bool):
        return str(YesNo.YES if value else YesNo.NO)
    return ",".join(str(item) for item in value) if isinstance(value, tuple) else str(value)


def _read(name: str, text: str, kind: Any) -> object:
    if kind is int or kind is Decimal:
        return _read_number(name, text, whole=kind is int)
    if kind is bool:
        return _read_choice(YesNo, text.lower()) is YesNo.YES
    if kind == tuple[Side, ...]:
        return tuple(_read_choice(Side, word) for word in _words(text))
    if kind in {MissingStop, WiderStops}:
        return _read_choice(kind, text)
    if kind == tuple[AssetClass, ...]:
        return tuple(_read_choice(AssetClass, word) for word in _words(text))
    if kind == tuple[Decimal, ...]:
        return _read_weights(_words(text))
    if kind == tuple[str, ...]:
        return tuple(_read_symbol(word) for word in _words(text))
    if name == "exchange":
        return read_exchange(text)
    return _read_hours(text) if name == "trading_hours" else _read_zone(text)


def _read_number(name: str, text: str, *, whole: bool) -> int | Decimal:
    value = parse_decimal(text)
    low, high = _RANGES[name]
    if not low <= value <= high:
        raise ValueError(f"must be between {low} and {high}, not {text[:40]}")
    if not whole:
        return value
    if value != int(value):
        raise ValueError(f"must be a whole number, not {text[:40]}")
    return int(value)


def _read_choice(kind: type[StrEnum], text: str) -> StrEnum:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"must be one of {', '.join(kind)}, not {text[:40]!r}") from None


def _read_symbol(text: str) -> str:
    symbol = text.upper()
    if not _SYMBOL.fullmatch(symbol):
        raise ValueError(f"{text[:40]!r} is no symbol (BTC/USDT, AAPL)")
    return symbol


def _read_weights(words: list[str]) -> tuple[Decimal, ...]:
    if len(words) > _MOST_WEIGHTS:
        raise ValueError(f"takes at most {_MOST_WEIGHTS} weights, not {len(words)}")
    weights = tuple(parse_decimal(word) for word in words)
    if not all(Decimal(0) < weight <= _LARGEST_WEIGHT for weight in weights):
        raise ValueError(f"every weight must be above 0 and at most {_LARGEST_WEIGHT}")
    return weights


def _read_hours(text: str) -> str:
    parse_hours(text)
    return text


def _read_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{text[:40]!r} is no time zone (Europe/Berlin, America/New_York, UTC)") from None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _form(name: str, kind: Any) -> str:
    if name in _RANGES:
        low, high = _RANGES[name]
        return f"{'whole number' if kind is int else 'number'}, {low} to {high}"
    if kind is bool:
        return " or ".join(YesNo)
    if kind == tuple[Side, ...]:
        return f"list of {', '.join(Side)}"
    if kind in {MissingStop, WiderStops}:
        return " or ".join(kind)
    if kind == tuple[AssetClass, ...]:
        return f"list of {', '.join(AssetClass)}"
    if kind == tuple[Decimal, ...]:
        return "weights, separated by commas (50,30,20)"
    if kind == tuple[str, ...]:
        return "list, separated by commas"
    forms = {"trading_hours": "Mon-Fri HH:MM-HH:MM; ...", "exchange": "code of an exchange"}
    return forms.get(name, "name of a time zone")

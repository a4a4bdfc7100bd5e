"""Which contract a message means, and which one a bot's rule takes where the message does not say until when it runs."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta

from shared.domain.instruments import AssetClass, OptionContract, occ_symbol
from shared.domain.listed_options import read_occ_symbol
from shared.domain.signals import Signal

WEEKS = 5
"""How many Fridays are looked at: where an underlying has no weekly contracts, a monthly one is among them."""

_WEEK = timedelta(days=7)
_FRIDAY = 4


def resolve_symbol(signal: Signal, today: date) -> str | None:
    """Return our symbol for what a message named; None for an option whose contract is not decided."""
    if signal.asset_class is AssetClass.OPTION or signal.option is not None:
        return _option_symbol(signal.option, today) if signal.option is not None else None
    return signal.symbol


def may_mean(signal: Signal, symbol: str, today: date) -> bool:
    """Tell whether a message can mean this symbol of ours: what it names, or a contract that a bot's rule took for it."""
    named = resolve_symbol(signal, today)
    option, contract = signal.option, read_occ_symbol(symbol)
    if named is not None or option is None or contract is None or option.expiry is not None:
        return symbol == (named or "")
    said = (option.underlying, option.strike, option.right)
    return said == (contract.underlying, contract.strike, contract.right)


def weekly_contracts(signal: Signal, today: date, least_days: int) -> tuple[str, ...]:
    """Return the contracts that a bot's rule takes, the nearest first, where a message names no expiry.

    They end on Fridays, `least_days` from today at least; after each comes the one that ends a day before, which is
    listed where the exchange is closed on that Friday. Nothing where the bot has no rule (0 days), or where strike or
    right is missing too: those are nobody's to choose.
    """
    option = signal.option
    if option is None or option.expiry is not None or option.strike is None or option.right is None:
        return ()
    if least_days < 1:
        return ()
    ends = _ends(today + timedelta(days=least_days))
    return tuple(occ_symbol(option.underlying, end.isoformat(), option.strike, option.right) for end in ends)


def _ends(first: date) -> Iterator[date]:
    friday = first + timedelta(days=(_FRIDAY - first.weekday()) % 7)
    for week in range(WEEKS):
        end = friday + week * _WEEK
        yield end
        if end - timedelta(days=1) >= first:
            yield end - timedelta(days=1)


def _option_symbol(option: OptionContract, today: date) -> str | None:
    if option.strike is None or option.right is None or option.expiry is None:
        return None
    expiry = _expiry_date(option.expiry, today)
    return occ_symbol(option.underlying, expiry.isoformat(), option.strike, option.right) if expiry else None


def _expiry_date(text: str, today: date) -> date | None:
    if text.endswith("DTE"):
        days = text.removesuffix("DTE")
        return today + timedelta(days=int(days)) if days.isdecimal() and len(days) < 4 else None
    try:
        if len(text) != len("MM-DD"):
            return date.fromisoformat(text)
        month, day = (int(part) for part in text.split("-"))
    except ValueError:
        return None
    return _next_day_named(month, day, today)


def _next_day_named(month: int, day: int, today: date) -> date | None:
    for year in (today.year, today.year + 1):
        with suppress(ValueError):  # 29 February is in one year and not in the other
            if (named := date(year, month, day)) >= today:
                return named
    return None

"""Which contract a message means, and which one a bot's rule takes where it does not say."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instruments import AssetClass, OptionContract
from shared.domain.listed_options import read_occ_symbol
from shared.domain.option_contracts import may_mean, resolve_symbol, weekly_contracts
from shared.domain.signals import Signal
from tests.unit.shared.domain.builders import NOW, make_signal

MONDAY = date(2026, 7, 20)


def option_signal(expiry: str | None, strike: str | None = "600", right: str | None = "C") -> Signal:
    contract = OptionContract("SPY", expiry, None if strike is None else Decimal(strike), right)
    return make_signal(symbol="SPY", asset_class=AssetClass.OPTION, option=contract)


@pytest.mark.parametrize(
    ("expiry", "today", "symbol"),
    [
        ("2026-12-18", "2026-07-20", "SPY261218C00600000"),
        ("12-18", "2026-07-20", "SPY261218C00600000"),
        # Today is still to come; yesterday is meant for the next year.
        ("07-20", "2026-07-20", "SPY260720C00600000"),
        ("07-19", "2026-07-20", "SPY270719C00600000"),
        ("01-02", "2026-12-31", "SPY270102C00600000"),
        ("0DTE", "2026-07-20", "SPY260720C00600000"),
        ("1DTE", "2026-12-31", "SPY270101C00600000"),
        # The leap day: this year's, the next year's where this year has none, and no other year's.
        ("02-29", "2028-02-01", "SPY280229C00600000"),
        ("02-29", "2027-12-01", "SPY280229C00600000"),
        ("02-29", "2026-07-20", None),
        ("0DTE", "2028-02-29", "SPY280229C00600000"),
        ("2027-02-29", "2026-07-20", None),
        ("13-01", "2026-07-20", None),
        ("DTE", "2026-07-20", None),
        ("-1DTE", "2026-07-20", None),
        ("9999DTE", "2026-07-20", None),
        ("1-2-3", "2026-07-20", None),
        ("soon!", "2026-07-20", None),
        (None, "2026-07-20", None),
    ],
)
def test_an_expiry_is_the_next_day_of_that_name_or_undecided(
    expiry: str | None, today: str, symbol: str | None
):
    assert resolve_symbol(option_signal(expiry), date.fromisoformat(today)) == symbol


@pytest.mark.parametrize(("strike", "right"), [(None, "C"), ("600", None)])
def test_an_option_without_strike_or_right_is_undecided(strike: str | None, right: str | None):
    assert resolve_symbol(option_signal("12-18", strike, right), NOW.date()) is None


def test_an_option_is_never_traded_as_its_underlying():
    assert resolve_symbol(make_signal(symbol="SPY", asset_class=AssetClass.OPTION), NOW.date()) is None
    assert resolve_symbol(make_signal(symbol="SPY", asset_class=AssetClass.STOCK), NOW.date()) == "SPY"


@pytest.mark.parametrize(
    ("days", "first"),
    [
        (1, "SPY260724C00600000"),
        (4, "SPY260724C00600000"),
        # One day more than until Friday: the next week's.
        (5, "SPY260731C00600000"),
        (11, "SPY260731C00600000"),
        (12, "SPY260807C00600000"),
    ],
)
def test_the_rule_takes_the_nearest_friday_that_is_far_enough(days: int, first: str) -> None:
    assert weekly_contracts(option_signal(None), MONDAY, days)[0] == first


def test_after_each_friday_comes_the_day_before_it_where_that_is_far_enough() -> None:
    found = weekly_contracts(option_signal(None), MONDAY, 4)
    # Thursday the 23rd is three days away only.
    assert found[:3] == ("SPY260724C00600000", "SPY260731C00600000", "SPY260730C00600000")
    assert len(found) == 9


@pytest.mark.parametrize(
    ("signal", "days"),
    [
        (option_signal(None), 0),
        (option_signal("12-18"), 7),
        (option_signal(None, strike=None), 7),
        (option_signal(None, right=None), 7),
        (make_signal(symbol="SPY", asset_class=AssetClass.STOCK), 7),
    ],
)
def test_there_is_no_rule_for_what_a_message_says_or_nobody_may_choose(signal: Signal, days: int) -> None:
    assert weekly_contracts(signal, MONDAY, days) == ()


@given(st.dates(date(2026, 1, 1), date(2035, 1, 1)), st.integers(1, 60))
def test_every_contract_of_the_rule_runs_long_enough_and_none_much_longer(today: date, days: int) -> None:
    for symbol in weekly_contracts(option_signal(None), today, days):
        contract = read_occ_symbol(symbol)
        assert contract is not None
        assert contract.expiry.weekday() in {3, 4}
        assert days <= (contract.expiry - today).days < days + 7 * 5


def test_a_message_can_mean_what_it_names_or_what_a_rule_took_for_it() -> None:
    assert may_mean(option_signal("12-18"), "SPY261218C00600000", MONDAY)
    assert not may_mean(option_signal("12-18"), "SPY260724C00600000", MONDAY)
    assert may_mean(option_signal(None), "SPY260724C00600000", MONDAY)
    assert not may_mean(option_signal(None), "SPY260724P00600000", MONDAY)
    assert not may_mean(option_signal(None), "SPY260724C00610000", MONDAY)
    assert may_mean(make_signal(symbol="BTC/USDT"), "BTC/USDT", MONDAY)

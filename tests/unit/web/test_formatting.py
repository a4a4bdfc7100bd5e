"""How numbers and times are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from web.formatting import (
    decimals_of,
    duration,
    exact,
    money,
    multiple,
    percent,
    price,
    quantity,
    relative,
    signed,
    words,
)

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234567.891", "1,234,567.89"),
        ("-3.1", "−3.10"),
        ("0", "0.00"),
        ("-0.001", "0.00"),
        ("0.005", "0.00"),
    ],
)
def test_money_is_rounded_to_the_cent_and_separated(amount: str, text: str) -> None:
    assert money(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("12.4", "+12.40"), ("-3.1", "−3.10"), ("0", "0.00"), ("0.001", "0.00"), ("-0.004", "0.00")],
)
def test_a_result_carries_its_sign_unless_it_is_zero(amount: str, text: str) -> None:
    assert signed(Decimal(amount)) == text


def test_what_is_not_known_is_a_dash_and_never_a_zero() -> None:
    assert (
        money(None)
        == signed(None)
        == quantity(None)
        == percent(None)
        == multiple(None)
        == price(None, 2)
        == "–"
    )


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.03910", "0.0391"),
        ("6100", "6,100"),
        ("1234.50", "1,234.5"),
        ("1E+3", "1,000"),
        ("-2.0", "−2"),
        ("1E-8", "0.00000001"),
    ],
)
def test_a_quantity_is_written_as_it_is_without_trailing_zeros(amount: str, text: str) -> None:
    assert quantity(Decimal(amount)) == text


def test_a_price_has_as_many_decimals_as_its_instrument() -> None:
    assert price(Decimal("67250"), 2) == "67,250.00"
    assert price(Decimal("0.00001184"), 8) == "0.00001184"


def test_decimals_are_read_off_the_prices_themselves() -> None:
    assert decimals_of(Decimal("67250.10"), None) == 2
    assert decimals_of(Decimal("0.6120"), Decimal("0.61")) == 4
    assert decimals_of() == 2
    assert decimals_of(Decimal("1E-30")) == 10


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (172799, "47 h"),
        (172800, "2 d"),
        (-5, "0 s"),
    ],
)
def test_a_span_of_time_is_written_in_its_largest_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "just now"), (12, "12 s ago"), (-1, "just now"), (-7200, "in 2 h"), (90, "1 min ago")],
)
def test_a_moment_is_written_relative_to_now(seconds: float, text: str) -> None:
    assert relative(NOON - timedelta(seconds=seconds), NOON) == text


def test_the_exact_time_is_in_the_users_zone_and_an_unknown_zone_is_utc() -> None:
    assert exact(NOON, "Europe/Berlin") == "23 Nov 2026 13:00:00 CET"
    assert exact(NOON, "No/Such") == "23 Nov 2026 12:00:00 UTC"
    assert exact(NOON, "../../etc/passwd") == "23 Nov 2026 12:00:00 UTC"
    assert exact(None, "UTC") == ""


def test_a_code_becomes_words() -> None:
    assert words("STOP_WRONG_SIDE") == "Stop wrong side"


def test_percent_and_multiples_carry_sign_and_unit() -> None:
    assert percent(Decimal("1.2")) == "+1.20 %"
    assert multiple(Decimal("-0.5")) == "−0.50 R"

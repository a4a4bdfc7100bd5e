"""Decimal arithmetic of the domain."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import ceil_to, floor_to, parse_decimal, round_to, to_plain

STEPS = st.sampled_from([Decimal(text) for text in ("1", "0.5", "0.25", "0.01", "0.00001", "1E-8", "10")])
AMOUNTS = st.decimals(min_value="-1000000", max_value="1000000", places=9)


@given(AMOUNTS, STEPS)
def test_floor_and_ceil_enclose_a_value_by_multiples_of_the_step(value: Decimal, step: Decimal):
    low, high = floor_to(value, step), ceil_to(value, step)
    assert low % step == high % step == 0
    assert abs(low) <= abs(value) <= abs(high)
    assert abs(high) - abs(low) in {0, step}


@given(AMOUNTS, STEPS)
def test_rounding_takes_the_nearest_multiple(value: Decimal, step: Decimal):
    nearest = round_to(value, step)
    assert nearest % step == 0
    assert abs(nearest - value) <= step / 2


def test_half_way_goes_to_the_even_multiple():
    assert round_to(Decimal("0.5"), Decimal(1)) == 0
    assert round_to(Decimal("1.5"), Decimal(1)) == 2


@pytest.mark.parametrize("step", [Decimal(0), Decimal("-0.1")])
def test_a_step_that_is_not_positive_is_refused(step: Decimal):
    with pytest.raises(ValueError, match="step must be positive"):
        floor_to(Decimal(1), step)


@given(AMOUNTS)
def test_what_is_written_plainly_reads_back_equal_without_exponent(value: Decimal):
    text = to_plain(value)
    assert parse_decimal(text) == value
    assert "E" not in text.upper()
    assert not ("." in text and text.endswith("0"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.00010", "0.0001"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("0.0", "0"),
        ("5.", "5"),
    ],
)
def test_plain_text_has_no_exponent_and_no_trailing_zeros(value: str, text: str):
    assert to_plain(Decimal(value)) == text


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "sNaN", "Infinity", "-inf", "0x10", "1 2"])
def test_what_is_no_finite_number_is_refused_in_one_short_sentence(text: str):
    with pytest.raises(ValueError, match="not a") as caught:
        parse_decimal(text)
    assert len(str(caught.value)) < 80


def test_a_long_wrong_text_is_not_repeated_whole():
    with pytest.raises(ValueError, match="not a number") as caught:
        parse_decimal("x" * 10_000)
    assert len(str(caught.value)) < 80


@given(AMOUNTS)
def test_parsing_keeps_every_digit_whatever_the_precision_in_force(value: Decimal):
    with localcontext() as context:
        context.prec = 3
        assert str(parse_decimal(f" {value} ")) == str(value)

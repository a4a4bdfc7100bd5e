"""A trading bot's sizing from text, and its default stops."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import (
    DEFAULT_STOP_PERCENT,
    BotSettings,
    MissingStop,
    Sizing,
    SizingMethod,
    parse_sizing,
)
from shared.domain.instruments import AssetClass


@pytest.mark.parametrize(
    ("text", "sizing"),
    [
        ("fixed:100", Sizing(SizingMethod.FIXED, Decimal(100))),
        ("fixed:0.5", Sizing(SizingMethod.FIXED, Decimal("0.5"))),
        ("percent:2", Sizing(SizingMethod.PERCENT, Decimal(2))),
        ("risk:100", Sizing(SizingMethod.RISK, Decimal(100))),
        ("kelly", Sizing(SizingMethod.KELLY)),
    ],
)
def test_each_method_is_read_and_written_back(text: str, sizing: Sizing):
    assert parse_sizing(text) == sizing
    assert str(sizing) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "sizing must be"),
        ("all-in:100", "sizing must be"),
        ("Fixed:100", "sizing must be"),
        ("fixed", "needs a positive amount"),
        ("fixed:", "needs a positive amount"),
        ("fixed:0", "needs a positive amount"),
        ("risk:-1", "needs a positive amount"),
        ("risk:NaN", "not a finite number"),
        ("percent:Infinity", "not a finite number"),
        ("percent:two", "not a number"),
        ("percent:100.1", "at most 100 percent"),
        ("risk:101", "at most 100 percent"),
        ("kelly:1", "kelly takes no amount"),
    ],
)
def test_a_wrong_sizing_is_named_in_one_sentence(text: str, complaint: str):
    with pytest.raises(ValueError, match=complaint) as caught:
        parse_sizing(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_no_text_at_all_gives_a_size_of_nothing_or_below(text: str):
    try:
        sizing = parse_sizing(text)
    except ValueError:
        return
    assert sizing.method is SizingMethod.KELLY or sizing.amount > 0


def test_every_asset_class_has_a_default_stop_that_a_bot_may_replace():
    assert set(DEFAULT_STOP_PERCENT) == set(AssetClass)
    assert all(0 < percent < 100 for percent in DEFAULT_STOP_PERCENT.values())
    assert BotSettings().stop_percent(AssetClass.OPTION) == 30
    assert BotSettings(default_stop_percent=Decimal(7)).stop_percent(AssetClass.OPTION) == 7


def test_the_defaults_are_the_designs():
    settings = BotSettings()
    assert (settings.max_open_positions, settings.max_per_symbol) == (3, 1)
    assert (settings.entry_valid_seconds, settings.max_signal_age_seconds) == (14_400, 120)
    assert settings.missing_stop is MissingStop.DEFAULT

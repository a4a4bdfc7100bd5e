"""Settings of a trading bot, read from text."""

import re
from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bot_settings import apply_settings, list_settings, write_setting
from shared.domain.bots import BotSettings, MissingStop
from shared.domain.instruments import AssetClass

DEFAULTS = BotSettings()


def test_each_type_is_read():
    settings = apply_settings(
        DEFAULTS,
        [
            "max_open_positions=5",
            "min_confidence=0.75",
            "missing_stop=deny",
            "allowed_symbols=btc/usdt, AAPL",
            "asset_classes=crypto,option",
            "trading_hours=09:30-16:00",
            "time_zone=America/New_York",
        ],
    )
    assert settings.max_open_positions == 5
    assert settings.min_confidence == Decimal("0.75")
    assert settings.missing_stop is MissingStop.DENY
    assert settings.allowed_symbols == ("BTC/USDT", "AAPL")
    assert settings.asset_classes == (AssetClass.CRYPTO, AssetClass.OPTION)
    assert (settings.trading_hours, settings.time_zone) == ("09:30-16:00", "America/New_York")


def test_every_field_is_listed_with_its_meaning_and_its_default_can_be_set():
    listed = list_settings()
    assert [terms.name for terms in listed] == [field.name for field in fields(BotSettings)]
    assert all(terms.meaning and terms.form for terms in listed)
    assert apply_settings(DEFAULTS, [f"{terms.name}={terms.default}" for terms in listed]) == DEFAULTS


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("max_open_positions", "NAME=VALUE"),
        ("leverage=3", "no setting is called 'leverage'"),
        ("max_open_positions=NaN", "max_open_positions: not a finite number"),
        ("max_open_positions=1.5", "whole number"),
        ("max_open_positions=0", "between 1 and 1000"),
        ("max_open_positions=1e999999", "between"),
        ("min_confidence=-Infinity", "finite"),
        ("min_confidence=2", "between 0 and 1"),
        ("min_confidence=", "not a number"),
        ("missing_stop=maybe", "one of default, deny"),
        ("asset_classes=crypto,gold", "crypto, stock, option, forex"),
        ("allowed_symbols=BTC;DROP", "no symbol"),
        ("trading_hours=9-17", "HH:MM-HH:MM"),
        ("trading_hours=09:30-24:00", "no time of day"),
        ("trading_hours=Someday 09:30-16:00", "no weekday"),
        ("exchange=New York", "no exchange"),
        ("flatten_on_loss=maybe", "yes, no"),
        ("sides=up", "buy, sell"),
        ("max_daily_loss_percent=0", "between"),
        ("time_zone=Mars/Base", "no time zone"),
        ("time_zone=", "no time zone"),
        ("time_zone=../../etc/passwd", "no time zone"),
        ("time_zone=Europe", "no time zone"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(assignment: str, complaint: str):
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        apply_settings(DEFAULTS, [assignment])
    assert "\n" not in str(caught.value)


@given(name=st.sampled_from([field.name for field in fields(BotSettings)]), text=st.text(max_size=60))
def test_whatever_is_taken_can_be_written_and_read_again(name: str, text: str):
    try:
        settings = apply_settings(DEFAULTS, [f"{name}={text}"])
    except ValueError:
        return
    assert apply_settings(DEFAULTS, [f"{name}={write_setting(getattr(settings, name))}"]) == settings

"""Settings in layers: the nearer level counts, and every value says where it comes from."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import BotSettings
from shared.domain.layers import Layer, Level, in_force, layer_of, sources, with_settings_in_force
from tests.unit.shared.domain.builders import make_bot

NAMES = [field.name for field in fields(BotSettings)]


def layer(level: Level, **values: Any) -> Layer:
    return Layer(level, BotSettings(**values), tuple(values))


def test_what_nobody_has_set_is_the_platforms():
    assert in_force([]) == BotSettings()
    assert set(sources([]).values()) == {Level.PLATFORM}


def test_the_nearest_level_that_has_set_a_value_counts():
    layers = [
        layer(Level.PROVIDER, max_open_positions=9, min_confidence=Decimal("0.9")),
        layer(Level.USER, max_open_positions=5, max_per_symbol=2),
        layer(Level.ACCOUNT, max_per_symbol=4),
        layer(Level.BOT, max_open_positions=1),
    ]
    settings, said = in_force(layers), sources(layers)
    assert (settings.max_open_positions, said["max_open_positions"]) == (1, Level.BOT)
    assert (settings.max_per_symbol, said["max_per_symbol"]) == (4, Level.ACCOUNT)
    assert (settings.min_confidence, said["min_confidence"]) == (Decimal("0.9"), Level.PROVIDER)
    assert said["max_drift_r"] is Level.PLATFORM


def test_a_value_set_to_the_platforms_own_still_hides_a_farther_one():
    default = BotSettings().max_open_positions
    layers = [layer(Level.USER, max_open_positions=9), layer(Level.BOT, max_open_positions=default)]
    assert in_force(layers).max_open_positions == default


def test_a_bot_trades_with_what_farther_levels_say_where_it_has_set_nothing():
    bot = make_bot(settings=BotSettings(max_per_symbol=2), own=("max_per_symbol",))
    ready = with_settings_in_force(bot, [layer(Level.USER, max_per_symbol=7, max_open_positions=8)])
    assert (ready.settings.max_per_symbol, ready.settings.max_open_positions) == (2, 8)
    assert layer_of(ready).names == ("max_per_symbol",)


def test_a_bot_that_has_set_all_hears_nobody():
    bot = make_bot(settings=BotSettings(), own=None)
    assert with_settings_in_force(bot, [layer(Level.USER, max_open_positions=8)]) == bot


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(list(Level)[1:])), max_size=30))
def test_a_values_level_is_the_nearest_that_names_it(named: list[tuple[str, Level]]):
    by_level = {level: sorted({name for name, said in named if said is level}) for level in list(Level)[1:]}
    layers = [Layer(level, BotSettings(), tuple(names)) for level, names in by_level.items()]
    for name, level in sources(layers).items():
        naming = [said for said, names in by_level.items() if name in names]
        assert level is (naming[-1] if naming else Level.PLATFORM)

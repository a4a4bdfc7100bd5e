"""A provider's habits: what people set wins over what is learnt, and a scale moves every price."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instruments import AssetClass
from shared.domain.profiles import Habit, ProviderProfile, keep_what_is_set, rescaled
from shared.domain.signals import Action, Side, Signal, UpdateKind

LEARNT = ProviderProfile(quote=Habit("USDT", 9, 10), language=Habit("en", 8, 8), posts=20)


def test_what_people_have_set_is_not_learnt_over() -> None:
    before = ProviderProfile(quote=Habit("USDC", by_hand=True), language=Habit("de", 5, 5))
    after = keep_what_is_set(LEARNT, before)
    assert (after.quote, after.language, after.posts) == (Habit("USDC", by_hand=True), Habit("en", 8, 8), 20)


def test_without_anything_before_what_is_learnt_stands() -> None:
    assert keep_what_is_set(LEARNT, None) == LEARNT


def test_habits_are_given_as_defaults() -> None:
    known = ProviderProfile(quote=Habit("USDC", 5, 5), asset_class=Habit("stock", 5, 5))
    assert (known.default_quote, known.default_class) == ("USDC", AssetClass.STOCK)
    assert (ProviderProfile().default_quote, ProviderProfile().default_class) == (None, None)


@given(st.integers(-6, 6))
def test_a_scale_moves_every_price_and_back(power: int) -> None:
    update = Signal(Action.CLOSE, "BTC/USDT", update_kind=UpdateKind.CLOSE_ALL, exit_price=Decimal("66.1"))
    signal = Signal(
        Action.OPEN,
        "BTC/USDT",
        side=Side.BUY,
        entry=(Decimal("64.5"), Decimal(65)),
        stop_loss=Decimal("62.1"),
        take_profits=(Decimal(70),),
        leverage=Decimal(5),
        also=(update,),
    )
    moved = rescaled(signal, power)
    factor = Decimal(10) ** power
    assert moved.entry == tuple(price * factor for price in signal.entry)
    assert (moved.stop_loss, moved.take_profits[0]) == (Decimal("62.1") * factor, 70 * factor)
    assert moved.also[0].exit_price == Decimal("66.1") * factor
    assert moved.leverage == 5
    assert rescaled(moved, -power) == signal


@pytest.mark.parametrize("power", [0, 3])
def test_prices_that_are_not_given_stay_so(power: int) -> None:
    signal = Signal(Action.UPDATE, "BTC/USDT", update_kind=UpdateKind.MOVE_STOP_TO_BREAKEVEN)
    assert rescaled(signal, power) == signal

"""Instruments: steps of price and quantity, and the names of options."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instruments import occ_symbol
from tests.unit.shared.domain.builders import make_instrument

BITCOIN = make_instrument()
PRICES = st.decimals(min_value="0.000001", max_value="200000", places=6)


@given(PRICES)
def test_a_rounded_price_is_a_whole_number_of_ticks_and_never_zero(price: Decimal):
    rounded = BITCOIN.round_price(price)
    assert rounded % BITCOIN.tick == 0
    assert rounded >= BITCOIN.tick
    assert abs(rounded - price) <= BITCOIN.tick


@given(PRICES)
def test_a_price_is_rounded_up_by_less_than_a_tick(price: Decimal):
    assert 0 <= BITCOIN.ceil_price(price) - price < BITCOIN.tick


@given(st.decimals(min_value=0, max_value=1000, places=8))
def test_a_floored_quantity_is_whole_lots_and_never_more(quantity: Decimal):
    floored = BITCOIN.floor_quantity(quantity)
    assert floored % BITCOIN.lot == 0
    assert 0 <= quantity - floored < BITCOIN.lot


def test_an_option_contract_is_worth_its_multiplier():
    option = make_instrument(multiplier=Decimal(100))
    assert option.notional(Decimal(2), Decimal("1.5")) == 300


@pytest.mark.parametrize(
    ("strike", "symbol"),
    [("600", "SPY261218C00600000"), ("7.5", "SPY261218C00007500"), ("0.125", "SPY261218C00000125")],
)
def test_an_option_is_named_as_the_occ_names_it(strike: str, symbol: str):
    assert occ_symbol("SPY", "2026-12-18", Decimal(strike), "C") == symbol

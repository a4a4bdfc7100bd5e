"""A quantity split over legs: legal legs, never more than the whole, and no leg dropped in vain."""

from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instruments import Instrument
from shared.domain.ladder import is_tradable, split_quantity
from tests.unit.shared.domain.builders import make_instrument

INSTRUMENTS = st.builds(
    make_instrument,
    lot=st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("0.001")]),
    minimum_notional=st.sampled_from([Decimal(0), Decimal(5), Decimal(100)]),
    multiplier=st.sampled_from([Decimal(1), Decimal(100)]),
)
TOTALS = st.decimals(min_value=0, max_value=40, places=3)
PRICES = st.lists(st.integers(1, 200).map(Decimal), min_size=1, max_size=3).map(tuple)


@given(TOTALS, PRICES, INSTRUMENTS)
def test_the_legs_are_tradable_or_dropped_and_never_sum_to_more(
    total: Decimal, prices: tuple[Decimal, ...], instrument: Instrument
):
    sizes = split_quantity(total, prices, instrument)
    assert len(sizes) == len(prices)
    assert sum(sizes) <= total
    for size, price in zip(sizes, prices, strict=True):
        assert size % instrument.lot == 0
        assert size == 0 or is_tradable(instrument, size, price)


@given(TOTALS, PRICES, INSTRUMENTS)
def test_less_than_a_lot_is_left_over_when_anything_is_traded(
    total: Decimal, prices: tuple[Decimal, ...], instrument: Instrument
):
    sizes = split_quantity(total, prices, instrument)
    if any(sizes):
        assert total - sum(sizes) < instrument.lot


@given(st.integers(0, 12), PRICES, st.sampled_from([0, 50, 300]))
def test_nothing_is_refused_that_any_split_at_all_could_trade(
    total: int, prices: tuple[Decimal, ...], minimum: int
):
    instrument = make_instrument(lot=Decimal(1), minimum_notional=Decimal(minimum))
    possible = any(
        0 < sum(split) <= total
        and all(not n or is_tradable(instrument, Decimal(n), p) for n, p in zip(split, prices, strict=True))
        for split in product(range(total + 1), repeat=len(prices))
    )
    assert any(split_quantity(Decimal(total), prices, instrument)) is possible


def test_an_even_split_is_even():
    prices = (Decimal(90), Decimal(95), Decimal(100))
    assert split_quantity(Decimal(6), prices, make_instrument()) == (2, 2, 2)


def test_the_cheap_leg_goes_and_the_dear_one_that_the_venue_takes_stays():
    instrument = make_instrument(lot=Decimal(1), minimum_notional=Decimal(300))
    assert split_quantity(Decimal(3), (Decimal(50), Decimal(100)), instrument) == (0, 3)
    assert split_quantity(Decimal(3), (Decimal(100), Decimal(50)), instrument) == (3, 0)


def test_an_order_worth_exactly_the_minimum_is_taken():
    instrument = make_instrument(minimum_notional=Decimal(100))
    assert is_tradable(instrument, Decimal(1), Decimal(100))
    assert not is_tradable(instrument, Decimal(1), Decimal("99.99"))
    assert not is_tradable(make_instrument(minimum_notional=Decimal(0)), Decimal(0), Decimal(100))


def test_weights_divide_by_their_share():
    sizes = split_quantity(
        Decimal(10), (Decimal(90), Decimal(100)), make_instrument(), (Decimal(1), Decimal(4))
    )
    assert sizes == (2, 8)


def test_what_a_dropped_leg_held_goes_to_those_that_stay():
    instrument = make_instrument(lot=Decimal(1), minimum_notional=Decimal(100))
    assert split_quantity(Decimal(4), (Decimal(10), Decimal(100)), instrument) == (0, 4)


def test_everything_is_dropped_where_the_whole_is_too_small():
    prices = (Decimal(1), Decimal(2), Decimal(3))
    assert split_quantity(Decimal(1), prices, make_instrument()) == (0, 0, 0)

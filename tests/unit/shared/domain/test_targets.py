"""Targets: every unit of a position has one target, and weights say which."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.targets import split_targets, target_quantities
from tests.unit.shared.domain.builders import even_targets, make_instrument

BITCOIN = make_instrument()
TEN = Decimal(10)
TARGETS = even_targets((Decimal(105), Decimal(110)))


def test_a_share_below_the_minimum_joins_the_next():
    assert target_quantities(TARGETS, Decimal("0.08"), BITCOIN) == (0, Decimal("0.08"))


@given(
    st.integers(1, 5000).map(lambda lots: lots * BITCOIN.lot),
    st.lists(st.integers(101, 200).map(Decimal), min_size=1, max_size=5, unique=True),
)
def test_shares_sum_to_the_position_or_to_nothing(held: Decimal, prices: list[Decimal]):
    sizes = target_quantities(even_targets(tuple(prices)), held, BITCOIN)
    assert sum(sizes) in {0, held}
    for size, price in zip(sizes, prices, strict=True):
        assert size == 0 or (size % BITCOIN.lot == 0 and size * price >= BITCOIN.minimum_notional)


@given(
    st.lists(st.integers(101, 200).map(Decimal), min_size=1, max_size=6, unique=True),
    st.lists(st.integers(1, 100).map(Decimal), max_size=4),
)
def test_weighted_shares_are_the_whole_and_the_last_weight_goes_on(
    prices: list[Decimal], weights: list[Decimal]
):
    targets = split_targets(tuple(prices), tuple(weights))
    assert abs(sum(target.fraction for target in targets) - 1) < Decimal("1E-20")
    given_weights = [weights[min(i, len(weights) - 1)] for i in range(len(prices))] if weights else []
    for target, weight in zip(targets, given_weights, strict=False):
        assert abs(target.fraction * sum(given_weights) - weight) < Decimal("1E-20")


def test_a_split_is_by_the_weights_in_order():
    shares = target_quantities(
        split_targets((Decimal(105), Decimal(110)), (Decimal(75), Decimal(25))), TEN, BITCOIN
    )
    assert shares == (Decimal("7.5"), Decimal("2.5"))

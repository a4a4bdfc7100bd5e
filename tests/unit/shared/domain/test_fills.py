"""Fills folded into a trade's result, held against counting money in and money out with fractions."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fills import Fill, TradeFold, fold_fills, missing_fills
from shared.domain.order_status import OrderStatus
from shared.domain.signals import Side
from tests.unit.shared.domain.builders import NOW, make_fill, make_instrument, make_order

BITCOIN = make_instrument()
TINY = Fraction(1, 10**15)
QUANTITIES = st.decimals(min_value="0.001", max_value="1000", places=3)
PRICES = st.decimals(min_value="0.01", max_value="99999", places=2)
FEES = st.decimals(min_value=0, max_value="0.5", places=6)
FILLS = st.lists(
    st.builds(
        make_fill,
        is_entry=st.booleans(),
        quantity=QUANTITIES,
        price=PRICES,
        commission=FEES,
        commission_asset=st.sampled_from(["BTC", "USDT"]),
        at=st.integers(0, 1000).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    ),
    max_size=7,
)


def exact(value: Decimal) -> Fraction:
    return Fraction(value)


def oracle(fills: list[Fill], side: Side, multiplier: int) -> tuple[Fraction, Fraction, Fraction]:
    """Held and realised P&L by booking every exit at the average entry, in whole fractions."""
    entered = sum((exact(f.quantity) for f in fills if f.is_entry), Fraction())
    paid = sum((exact(f.quantity) * exact(f.price) for f in fills if f.is_entry), Fraction())
    average = paid / entered if entered else Fraction()
    base_fees = sum((exact(f.commission) for f in fills if f.commission_asset == "BTC"), Fraction())
    profit, exited = Fraction(), Fraction()
    for fill in fills:
        if not fill.is_entry:
            exited += exact(fill.quantity)
            gain = exact(fill.price) - average if entered else Fraction()
            profit += (gain if side is Side.BUY else -gain) * exact(fill.quantity) * multiplier
    costs = sum((exact(f.commission) for f in fills if f.commission_asset != "BTC"), Fraction())
    return entered - exited - base_fees, profit - costs - base_fees * average * multiplier, average


@given(FILLS, st.sampled_from(Side), st.sampled_from([1, 100]))
def test_the_fold_equals_booking_every_fill_alone(fills: list[Fill], side: Side, multiplier: int):
    fold = fold_fills(fills, side, make_instrument(multiplier=Decimal(multiplier)))
    held, profit, average = oracle(fills, side, multiplier)
    assert exact(fold.held) == held
    assert abs(exact(fold.realised_pnl) - profit) <= TINY * (abs(profit) + 10**6)
    if fold.entry_average is not None:
        assert abs(exact(fold.entry_average) - average) <= TINY * average


@given(FILLS, st.randoms(use_true_random=False))
def test_the_order_in_which_fills_arrive_does_not_matter(fills: list[Fill], random: object):
    shuffled = list(fills)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold_fills(fills, Side.BUY, BITCOIN) == fold_fills(shuffled, Side.BUY, BITCOIN)


@given(QUANTITIES, PRICES, PRICES, FEES)
def test_a_round_trip_earns_what_came_back_less_what_went_out(
    quantity: Decimal, bought_at: Decimal, sold_at: Decimal, fee: Decimal
):
    bought = make_fill(
        "in", quantity=quantity, price=bought_at, commission=fee / 1000, commission_asset="BTC"
    )
    left = quantity - bought.commission
    sold = make_fill("out", is_entry=False, side=Side.SELL, quantity=left, price=sold_at, commission=fee)
    fold = fold_fills([bought, sold], Side.BUY, BITCOIN)
    assert fold.held == 0
    earned = exact(left) * exact(sold_at) - exact(fee) - exact(quantity) * exact(bought_at)
    assert abs(exact(fold.realised_pnl) - earned) <= TINY * 10**9


def test_no_fills_are_nothing():
    nothing = fold_fills([], Side.BUY, BITCOIN)
    assert nothing == TradeFold(*[Decimal(0)] * 2, None, None, *[Decimal(0)] * 3, None, None)


def test_a_short_earns_when_the_price_falls():
    fills = [make_fill(side=Side.SELL), make_fill("out", is_entry=False, price=Decimal(90))]
    assert fold_fills(fills, Side.SELL, BITCOIN).realised_pnl == 10
    assert fold_fills(fills, Side.BUY, BITCOIN).realised_pnl == -10


def test_only_the_part_that_was_exited_is_realised():
    fills = [make_fill(quantity=Decimal(4)), make_fill("out", is_entry=False, price=Decimal(110))]
    fold = fold_fills(fills, Side.BUY, BITCOIN)
    assert (fold.held, fold.realised_pnl) == (3, 10)


def test_the_times_are_the_first_entrys_and_the_last_exits():
    moments = [NOW + timedelta(seconds=seconds) for seconds in range(4)]
    fills = [
        make_fill("b", at=moments[1]),
        make_fill("a", at=moments[0]),
        make_fill("d", is_entry=False, at=moments[3]),
        make_fill("c", is_entry=False, at=moments[2]),
    ]
    fold = fold_fills(fills, Side.BUY, BITCOIN)
    assert (fold.first_entry_at, fold.last_exit_at) == (moments[0], moments[3])


class TestQuantityWithoutExecutions:
    order = make_order(
        status=OrderStatus.FILLED, filled_quantity=Decimal(10), average_fill_price=Decimal(101)
    )

    def test_what_the_venue_has_counted_and_not_told_is_one_provisional_fill(self):
        [fill] = missing_fills([self.order], [])
        assert (fill.quantity, fill.price, fill.is_entry) == (10, 101, True)

    def test_executions_take_its_place_as_they_come(self):
        known = make_fill(quantity=Decimal(4), price=Decimal(100))
        [fill] = missing_fills([self.order], [known])
        assert fill.quantity == 6
        assert fill.price * 6 + 400 == 1010
        assert missing_fills([self.order], [known, make_fill("b", quantity=Decimal(6))]) == []

    def test_executions_before_the_venues_count_are_facts_already(self):
        assert missing_fills([make_order()], [make_fill()]) == []

    @given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.data())
    def test_in_whatever_order_they_come_the_position_is_the_venues_count(
        self, parts: list[int], data: st.DataObject
    ):
        fills = [make_fill(f"f{n}", quantity=Decimal(part)) for n, part in enumerate(parts)]
        total = Decimal(sum(parts))
        order = make_order(
            status=OrderStatus.FILLED, quantity=total, filled_quantity=total, average_fill_price=Decimal(100)
        )
        told = data.draw(st.lists(st.sampled_from(fills), unique_by=lambda fill: fill.fill_id))
        fold = fold_fills([*told, *missing_fills([order], told)], Side.BUY, BITCOIN)
        assert (fold.entered, fold.entry_average) == (total, 100)

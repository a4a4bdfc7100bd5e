"""A reference position: what of a signal it keeps, and what it comes to after fees."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instruments import AssetClass
from shared.domain.reference import (
    EntryKind,
    ReferenceExit,
    ReferencePosition,
    ReferenceStatus,
    count_result,
    end,
    leave,
    minute_of,
    open_reference,
    split_evenly,
)
from shared.domain.signals import Side, Signal, Trigger
from shared.domain.values import changed
from tests.unit.shared.domain.builders import NOW, make_instrument, make_signal
from tests.unit.shared.domain.reference_builders import make_opening, make_reference

PRICES = st.decimals(min_value="0.01", max_value=10_000, places=2)


def entered(side: Side, entry: Decimal | int, stop: Decimal | int) -> ReferencePosition:
    return changed(
        make_reference(side=side),
        status=ReferenceStatus.OPEN,
        entry_price=Decimal(entry),
        stop_price=Decimal(stop),
        initial_stop_price=Decimal(stop),
        remaining=Decimal(1),
    )


@pytest.mark.parametrize(
    ("signal", "kind", "limit"),
    [
        (make_signal(), EntryKind.MARKET, None),
        (make_signal(entry=(Decimal(98),)), EntryKind.LIMIT, 98),
        (make_signal(entry=(Decimal(96), Decimal(98))), EntryKind.LIMIT, 98),
        (make_signal(entry=(Decimal(96), Decimal(98)), side=Side.SELL), EntryKind.LIMIT, 96),
        (make_signal(entry=(Decimal(102),), trigger=Trigger.ABOVE), EntryKind.STOP, 102),
        (make_signal(entry=(Decimal(98),), trigger=Trigger.BELOW), EntryKind.LIMIT, 98),
        (make_signal(entry=(Decimal(98),), trigger=Trigger.BELOW, side=Side.SELL), EntryKind.STOP, 98),
    ],
)
def test_of_a_zone_it_enters_at_the_edge_that_the_market_meets_first(
    signal: Signal, kind: EntryKind, limit: int | None
):
    position = make_reference(signal)
    assert (position.entry_kind, position.entry_limit) == (kind, limit)


def test_it_is_followed_from_the_minute_of_its_post_and_gives_its_entry_up_after_four_hours():
    posted = NOW + timedelta(seconds=17)
    position = make_reference(opening=make_opening(posted_at=posted))
    assert minute_of(posted) == NOW
    assert position.seen_until == NOW - timedelta(minutes=1)
    assert position.expires_at == posted + timedelta(hours=4)


def test_a_message_without_a_stop_has_the_default_of_its_asset_class():
    stock = make_instrument(asset_class=AssetClass.STOCK)
    assert make_reference(stop_loss=None).stop_percent == 5
    assert make_reference(make_signal(stop_loss=None), instrument=stock).stop_percent == 4
    assert make_reference(stop_loss=None, stop_loss_pct=Decimal(3)).stop_percent == 3
    assert make_reference().stop_percent is None


def test_pips_become_a_distance_where_the_instrument_has_them():
    pair = make_instrument(asset_class=AssetClass.FOREX, base="EUR", quote="USD")
    said = make_signal(stop_loss=None, stop_loss_pips=Decimal(20), take_profits_pips=(Decimal(30),))
    position = make_reference(said, instrument=pair)
    assert (position.stop_distance, position.targets_distance) == (Decimal("0.0020"), (Decimal("0.0030"),))
    assert make_reference(said).stop_percent == 5


def test_what_nobody_trades_is_unpriced_from_the_beginning():
    position = open_reference(make_signal(), make_opening(), None)
    assert (position.status, position.close_reason, position.ended_at) == (
        ReferenceStatus.UNPRICED,
        "NO_INSTRUMENT",
        NOW,
    )


@pytest.mark.parametrize(
    ("side", "price", "result", "multiple"),
    [
        # Bought at 100, sold at 110: 10 less 0.1 and 0.11 of fees; five were at risk.
        (Side.BUY, 110, "9.79", "1.958"),
        (Side.BUY, 95, "-5.195", "-1.039"),
        (Side.SELL, 90, "9.81", "1.962"),
        (Side.SELL, 105, "-5.205", "-1.041"),
    ],
)
def test_a_result_is_what_moved_less_the_fees_of_both_sides(
    side: Side, price: int, result: str, multiple: str
):
    position = entered(side, 100, 95 if side is Side.BUY else 105)
    closed = leave(position, ReferenceExit(NOW, Decimal(price), Decimal(1), "TARGET_HIT"))
    assert (closed.status, closed.close_reason) == (ReferenceStatus.CLOSED, "TARGET_HIT")
    assert (closed.result, closed.r_multiple) == (Decimal(result), Decimal(multiple))
    assert closed.unscored


def test_a_part_that_leaves_closes_nothing():
    half = leave(entered(Side.BUY, 100, 95), ReferenceExit(NOW, Decimal(110), Decimal("0.5"), "TARGET_HIT"))
    assert (half.status, half.remaining, half.result) == (ReferenceStatus.OPEN, Decimal("0.5"), None)


@given(PRICES, PRICES, PRICES)
def test_leaving_in_two_parts_comes_to_the_mean_of_leaving_at_each(
    entry: Decimal, one: Decimal, two: Decimal
):
    position = entered(Side.BUY, entry, entry / 2)

    def at(*parts: tuple[Decimal, str]) -> Decimal:
        exits = tuple(ReferenceExit(NOW, price, Decimal(share), "X") for price, share in parts)
        return count_result(changed(position, exits=exits))

    mean = (at((one, "1")) + at((two, "1"))) / 2
    assert abs(at((one, "0.5"), (two, "0.5")) - mean) <= Decimal("0.00000002")


def test_only_what_has_entered_has_a_result():
    with pytest.raises(ValueError, match="entered"):
        end(make_reference(), ReferenceStatus.CLOSED, "TARGET_HIT", NOW)


@given(st.lists(PRICES, min_size=1, max_size=6), st.sampled_from(Side))
def test_targets_are_even_and_the_nearest_comes_first(prices: list[Decimal], side: Side):
    targets = split_evenly(prices, Decimal(1), side)
    listed = [target.price for target in targets]
    assert listed == sorted(set(prices), reverse=side is Side.SELL)
    assert len({target.fraction for target in targets}) == 1

"""Along candles: entries that must be touched, the worse order within a minute, and no price made up."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instruments import AssetClass
from shared.domain.reference import MinuteCandle, ReferencePosition, ReferenceStatus
from shared.domain.reference_prices import see_until
from shared.domain.signals import Side, Trigger
from tests.unit.shared.domain.builders import make_instrument, make_signal
from tests.unit.shared.domain.reference_builders import bars, make_reference, minute, seen

S = ReferenceStatus
D = Decimal


def story(candles: list[MinuteCandle], **signal: Any) -> ReferencePosition:
    return seen(make_reference(**signal), candles)


def exits(position: ReferencePosition) -> list[tuple[Decimal, str]]:
    return [(part.price, part.reason) for part in position.exits]


class TestEntries:
    def test_a_market_entry_takes_the_close_of_the_minute_of_the_post_and_no_level_of_it(self):
        position = story(bars((100, 130, 90, 101)), take_profits=(D(120),))
        assert (position.status, position.entry_price, position.entered_at) == (S.OPEN, 101, minute(0))

    def test_without_a_price_in_that_minute_the_next_stored_one_counts(self):
        position = seen(make_reference(), bars(103, start=7))
        assert (position.entry_price, position.entered_at) == (103, minute(7))

    def test_a_limit_waits_until_a_later_candle_touches_it_and_fills_at_its_own_price(self):
        candles = bars((100, 101, 97, 100), (100, 100, 99, 99), (99, 99, 97, 98))
        assert story(candles[:2], entry=(D(98),)).status is S.PENDING
        position = story(candles, entry=(D(98),))
        assert (position.status, position.entry_price, position.entered_at) == (S.OPEN, 98, minute(2))

    def test_a_limit_that_the_market_is_already_better_than_fills_at_the_posted_price(self):
        assert story(bars(97, 97), entry=(D(98),)).entry_price == 98

    def test_a_breakout_fills_where_it_is_passed_or_at_a_worse_open(self):
        over = {"entry": (D(102),), "trigger": Trigger.ABOVE}
        assert story(bars(100, (100, 103, 100, 101)), **over).entry_price == 102
        assert story(bars(100, (104, 105, 103, 104)), **over).entry_price == 104

    def test_a_short_is_the_mirror_of_a_long(self):
        candles = bars(100, (100, 102, 100, 101), (101, 101, 90, 92))
        position = story(
            candles, side=Side.SELL, entry=(D(102),), stop_loss=D(107), take_profits=(D(95), D(91))
        )
        assert exits(position) == [(95, "TARGET_HIT"), (91, "TARGET_HIT")]

    @pytest.mark.parametrize(
        ("candles", "signal"),
        [
            # The first target, and the stop, before anything was entered.
            (bars(100, (100, 111, 99, 110)), {"entry": (D(98),), "take_profits": (D(110),)}),
            (bars(112), {"entry": (D(98),), "take_profits": (D(110),)}),
            (bars(94), {"entry": (D(98),)}),
            (bars(100, (100, 100, 94, 96)), {"entry": (D(102),), "trigger": Trigger.ABOVE}),
            (bars(111), {"take_profits": (D(110),)}),
        ],
    )
    def test_what_the_market_has_passed_by_is_not_entered(
        self, candles: list[MinuteCandle], signal: dict[str, Any]
    ):
        position = story(candles, **signal)
        assert (position.status, position.close_reason) == (S.CANCELED, "TARGET_BEFORE_ENTRY")
        assert position.result is None

    def test_a_stop_on_the_wrong_side_is_never_entered(self):
        assert story(bars(94)).close_reason == "STOP_WRONG_SIDE"

    def test_an_entry_is_given_up_after_four_hours(self):
        candles = bars(*[100] * 242)
        position = story(candles, entry=(D(98),))
        assert (position.status, position.close_reason) == (S.CANCELED, "ENTRY_EXPIRED")
        assert position.ended_at == minute(240)
        assert story(candles[:240], entry=(D(98),)).status is S.PENDING

    def test_distances_become_levels_at_the_entry(self):
        said = {"stop_loss": None, "stop_loss_pct": D(10), "take_profits_pct": (D(5), D(20))}
        position = story(bars(200), **said)
        assert position.initial_stop_price == position.stop_price == 180
        assert [target.price for target in position.targets] == [210, 240]

    def test_pips_become_levels_at_the_entry_of_either_side(self):
        pair = make_instrument(asset_class=AssetClass.FOREX, base="EUR", quote="USD")
        for side, stop, target in ((Side.BUY, "1.0980", "1.1030"), (Side.SELL, "1.1020", "1.0970")):
            said = make_signal(side=side, stop_loss=None, stop_loss_pips=D(20), take_profits_pips=(D(30),))
            position = seen(make_reference(said, instrument=pair), bars("1.1"))
            assert (position.stop_price, position.targets[0].price) == (D(stop), D(target))


class TestExits:
    def test_in_the_candle_of_a_fill_the_stop_counts_and_targets_do_not(self):
        wide = bars(100, (100, 120, 94, 110))
        assert exits(story(wide, entry=(D(98),))) == [(95, "STOP_HIT")]
        touched = bars(100, (100, 109, 97, 109), (109, 112, 109, 112))
        position = story(touched, entry=(D(98),), take_profits=(D(108),))
        assert (exits(position), position.ended_at) == ([(108, "TARGET_HIT")], minute(2))

    def test_of_stop_and_target_in_one_candle_the_stop_comes_first(self):
        assert exits(story(bars(100, (100, 120, 94, 110)), take_profits=(D(110),))) == [(95, "STOP_HIT")]

    def test_a_candle_that_opens_beyond_the_stop_sells_at_its_open(self):
        assert exits(story(bars(100, (92, 93, 91, 93)))) == [(92, "STOP_HIT")]

    def test_a_candle_that_opens_beyond_the_target_pays_the_target(self):
        assert exits(story(bars(100, (115, 116, 114, 115)), take_profits=(D(110),))) == [(110, "TARGET_HIT")]

    def test_targets_share_the_position_evenly_and_the_last_one_takes_what_is_left(self):
        targets = (D(101), D(102), D(103))
        position = story(bars(100, (100, 102, 100, 102), (102, 104, 102, 104)), take_profits=targets)
        assert exits(position) == [(101, "TARGET_HIT"), (102, "TARGET_HIT"), (103, "TARGET_HIT")]
        assert (position.remaining, sum(part.fraction for part in position.exits)) == (0, 1)

    def test_what_is_left_after_a_target_still_meets_the_stop(self):
        position = story(bars(100, (100, 105, 100, 104), (104, 104, 94, 95)), take_profits=(D(105), D(110)))
        assert exits(position) == [(105, "TARGET_HIT"), (95, "STOP_HIT")]
        # Half at +5, half at -5, and the fees.
        assert position.result == D("-0.2")


class TestMissingPrices:
    def test_an_hour_without_a_price_ends_it_unpriced_and_nothing_is_counted(self):
        position = see_until(make_reference(), bars(100), minute(61))
        assert (position.status, position.close_reason) == (S.UNPRICED, "NO_PRICE")
        assert (position.ended_at, position.result) == (minute(60), None)

    def test_an_hour_less_a_minute_is_not_too_long(self):
        assert see_until(make_reference(), bars(100), minute(60)).status is S.OPEN
        assert seen(make_reference(), [*bars(100), *bars(94, start=60)]).status is S.CLOSED

    def test_a_price_after_the_gap_changes_nothing(self):
        assert seen(make_reference(), [*bars(100), *bars(120, start=61)]).status is S.UNPRICED
        assert seen(make_reference(), bars(120, start=61)).status is S.UNPRICED

    def test_made_up_prices_are_remembered(self):
        candle = MinuteCandle(minute(0), D(100), D(100), D(100), D(100), synthetic=True)
        assert seen(make_reference(), [candle]).synthetic
        assert not seen(make_reference(), bars(100)).synthetic


STEPS = st.lists(st.integers(-3, 3), min_size=4, max_size=60)


@given(STEPS, st.booleans(), st.sampled_from(Side))
def test_a_position_never_leaves_more_than_it_is_and_loses_no_more_than_its_stop_and_gaps_say(
    steps: list[int], waits: bool, side: Side
):
    candles, price = [], 100
    for number, step in enumerate(steps):
        bar = (price, max(price, price + step), min(price, price + step), price + step)
        candles += bars(bar, start=number)
        price += step
    sign = 1 if side is Side.BUY else -1
    position = seen(
        make_reference(
            side=side,
            entry=(D(100 - sign),) if waits else (),
            stop_loss=D(100 - 6 * sign),
            take_profits=(D(100 + 4 * sign), D(100 + 7 * sign)),
        ),
        candles,
    )
    left = sum(part.fraction for part in position.exits)
    assert left + position.remaining == (1 if position.entry_price else 0)
    assert (position.result is None) == (position.status is not S.CLOSED)
    # Candles join without a gap, so a stop sells where it stands.
    if position.r_multiple is not None:
        assert position.r_multiple >= D("-1.3")

"""A ladder is drawn to scale, with profit to the right."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.signals import Side
from web.dashboard.ladder import Ladder, Level, MarkKind, draw_ladder


def levels(stop: str, entry: str, now: str, *targets: str) -> list[Level]:
    made = [Level(MarkKind.STOP, "Stop", Decimal(stop)), Level(MarkKind.ENTRY, "Entry", Decimal(entry))]
    made += [Level(MarkKind.TARGET, f"Target {i + 1}", Decimal(t)) for i, t in enumerate(targets)]
    return [*made, Level(MarkKind.NOW, "Now", Decimal(now))]


def drawn(side: Side, *prices: str) -> Ladder:
    ladder = draw_ladder(side, levels(*prices), 2)
    assert ladder is not None
    return ladder


def test_a_long_trade_goes_from_its_stop_to_its_last_target() -> None:
    ladder = drawn(Side.BUY, "90", "100", "105", "110", "120")
    assert [mark.name for mark in ladder.marks] == ["Stop", "Entry", "Now", "Target 1", "Target 2"]
    assert ladder.marks[0].x == Decimal("3.00")
    assert ladder.marks[-1].x == Decimal("97.00")
    assert ladder.marks[3].x == Decimal("65.67")  # two thirds of the way
    assert ladder.is_gaining


def test_a_short_trade_is_mirrored_so_that_profit_is_to_the_right_too() -> None:
    ladder = drawn(Side.SELL, "110", "100", "105", "90")
    assert [mark.name for mark in ladder.marks] == ["Stop", "Now", "Entry", "Target 1"]
    assert not ladder.is_gaining


def test_zones_reach_from_stop_to_entry_and_from_entry_to_the_last_target() -> None:
    ladder = drawn(Side.BUY, "90", "100", "95", "110")
    assert ladder.loss is not None
    assert ladder.profit is not None
    assert ladder.way is not None
    assert ladder.loss.x + ladder.loss.width == ladder.profit.x == Decimal("50.00")
    assert ladder.way.x + ladder.way.width == ladder.profit.x


def test_labels_that_would_touch_are_left_out_but_never_the_stop_or_the_last_target() -> None:
    ladder = drawn(Side.BUY, "90.00", "100.00", "100.50", "100.10", "100.20", "100.30", "110.00")
    labelled = {mark.name for mark in ladder.marks if mark.label}
    assert {"Stop", "Entry", "Target 4"} <= labelled
    assert len({"Target 1", "Target 2", "Target 3"} & labelled) == 1


def test_there_is_nothing_to_draw_where_all_prices_are_one() -> None:
    assert draw_ladder(Side.BUY, [Level(MarkKind.ENTRY, "Entry", Decimal(5))], 2) is None
    assert draw_ladder(Side.BUY, [], 2) is None


PRICES = st.decimals(min_value="0.00000001", max_value="1000000", places=8)


@given(st.sampled_from(Side), PRICES, PRICES, PRICES, st.lists(PRICES, max_size=8))
def test_whatever_the_prices_every_mark_is_inside_and_in_order(
    side: Side, stop: Decimal, entry: Decimal, now: Decimal, targets: list[Decimal]
) -> None:
    ladder = draw_ladder(side, levels(str(stop), str(entry), str(now), *(str(t) for t in targets)), 8)
    if ladder is not None:
        places = [mark.x for mark in ladder.marks]
        assert places == sorted(places)
        assert all(3 <= x <= 97 for x in places)

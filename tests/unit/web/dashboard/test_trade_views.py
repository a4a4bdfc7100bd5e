"""Cover is judged by what stands at the venue; risk and value follow side and size."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.signals import Side
from shared.domain.trades import StopSource, Trade, TradeStatus
from web.dashboard.book import multiplier_of
from web.dashboard.money_views import draw_curve, realised_of_day, value_trade
from web.dashboard.queries import DayFills
from web.dashboard.trade_views import CoverState, cover_of

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
TRADE = Trade(
    trade_id="t",
    user_id="u",
    account_id="a",
    trading_bot_id="b",
    provider_id="p",
    signal_id="s",
    source="discord",
    channel_id="c",
    message_id="m",
    venue="binance",
    environment="paper",
    symbol="BTC/USDT",
    side=Side.BUY,
    status=TradeStatus.OPEN,
    planned_quantity=Decimal(2),
    planned_entry=Decimal(100),
    stop_source=StopSource.MESSAGE,
    created_at=NOON,
    stop_price=Decimal(90),
    entered=Decimal(2),
    entry_average=Decimal(100),
    held=Decimal(2),
    coverable=Decimal(2),
    resting=Decimal(2),
)


def test_a_position_whose_stop_rests_whole_is_covered() -> None:
    assert cover_of(TRADE, NOON).state is CoverState.COVERED
    managed = replace(TRADE, resting=Decimal(0), managed=Decimal(2))
    assert cover_of(managed, NOON).text == "Stop watched by us"


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, CoverState.COVERING), (9, CoverState.COVERING), (10, CoverState.NAKED)]
)
def test_without_its_stop_it_is_covering_for_ten_seconds_and_naked_after(
    seconds: int, state: CoverState
) -> None:
    bare = replace(TRADE, resting=Decimal(0), naked_since=NOON)
    assert cover_of(bare, NOON + timedelta(seconds=seconds)).state is state


def test_a_part_without_a_stop_is_not_covered() -> None:
    part = replace(TRADE, resting=Decimal("1.5"), naked_since=NOON - timedelta(minutes=1))
    assert cover_of(part, NOON).state is CoverState.NAKED
    assert cover_of(part, NOON).text == "No stop for 0.5"


def test_what_is_too_small_to_cover_is_dust() -> None:
    assert (
        cover_of(replace(TRADE, held=Decimal("0.0001"), coverable=Decimal(0)), NOON).state is CoverState.DUST
    )


def test_a_long_loses_from_its_entry_down_to_its_stop() -> None:
    valued = value_trade(TRADE, Decimal(110))
    assert (valued.value, valued.open_pnl, valued.risk, valued.locked) == (220, 20, 20, 0)


def test_a_stop_beyond_the_entry_locks_money_in() -> None:
    valued = value_trade(replace(TRADE, stop_price=Decimal(104)), Decimal(110))
    assert (valued.risk, valued.locked) == (0, 8)


def test_a_short_gains_as_the_price_falls() -> None:
    short = replace(TRADE, side=Side.SELL, stop_price=Decimal(105))
    assert value_trade(short, Decimal(95)).open_pnl == 10
    assert value_trade(short, Decimal(95)).risk == 10


def test_without_a_price_the_result_is_unknown_and_not_zero() -> None:
    assert value_trade(TRADE, None).open_pnl is None


def test_an_option_counts_a_hundred_times() -> None:
    assert multiplier_of("SPY261218C00600000") == 100
    assert multiplier_of("SPY") == multiplier_of("BTC/USDT") == 1


def fills_of_day(*, is_entry: bool, value: str, commission: str = "0", asset: str = "USDT") -> DayFills:
    paid = Decimal(commission)
    return DayFills("t", is_entry, asset, Decimal(1), Decimal(value), paid, paid * Decimal(value))


def test_the_days_result_is_what_exits_earned_less_the_days_commission() -> None:
    day = [
        fills_of_day(is_entry=True, value="100", commission="0.1"),
        fills_of_day(is_entry=False, value="112", commission="0.2"),
    ]
    assert realised_of_day(day, {"t": TRADE}) == Decimal("11.7")
    short = replace(TRADE, side=Side.SELL)
    assert realised_of_day([fills_of_day(is_entry=False, value="95")], {"t": short}) == 5


def test_commission_in_the_base_asset_is_counted_at_its_price() -> None:
    day = [fills_of_day(is_entry=True, value="100", commission="0.001", asset="BTC")]
    assert realised_of_day(day, {"t": TRADE}) == Decimal("-0.1")


def test_fills_of_a_trade_that_is_not_the_users_count_for_nothing() -> None:
    assert realised_of_day([fills_of_day(is_entry=False, value="500")], {}) == 0


def test_a_curve_needs_two_points_and_is_thinned_to_its_ends() -> None:
    assert draw_curve([(NOON, Decimal(1))]) is None
    points = [(NOON + timedelta(minutes=i), Decimal(i)) for i in range(1440)]
    curve = draw_curve(points)
    assert curve is not None
    assert curve.change == 1439
    assert 50 <= len(curve.points.split()) <= 70
    assert curve.points.startswith("0.0,52.0 ")
    assert curve.points.endswith(" 240.0,4.0")
    flat = draw_curve([(NOON, Decimal(5)), (NOON, Decimal(5))])
    assert flat is not None
    assert flat.change == 0

"""Options that are held to their end: at intrinsic value by the underlying's price of the hour before, else unpriced."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.listed_options import read_occ_symbol
from shared.domain.reference import MinuteCandle, ReferencePosition, ReferenceStatus
from shared.domain.reference_expiry import last_minute, underlying_of
from shared.domain.reference_updates import follow
from tests.unit.shared.domain.builders import NOW
from tests.unit.shared.domain.reference_builders import make_opening, make_reference

S, D = ReferenceStatus, Decimal
MINUTE = timedelta(minutes=1)
CALL = f"SPY{NOW:%y%m%d}C00600000"
OPTION = read_occ_symbol(CALL)
assert OPTION is not None
LAST = last_minute(OPTION)
POSTED = LAST - timedelta(minutes=30)
UNDERLYING = ("paper", "paper", "SPY")


def candle(at: datetime, price: str, *, synthetic: bool = False) -> MinuteCandle:
    return MinuteCandle(at, *(D(price),) * 4, synthetic=synthetic)


def held(*underlying: MinuteCandle, until: datetime = LAST + MINUTE, **signal: object) -> ReferencePosition:
    """Buy the call at 4 half an hour before its end, with the stop at 1, and follow it past the end."""
    opening = make_opening(symbol=CALL, posted_at=POSTED)
    said = {"stop_loss": D(1), **signal}
    own = [candle(POSTED, "4"), candle(LAST - 5 * MINUTE, "4.5"), candle(LAST + MINUTE, "0.01")]
    candles = {("paper", "paper", CALL): own, UNDERLYING: list(underlying)}
    (position,) = follow([make_reference(opening=opening, **said)], candles, [], until)
    return position


def test_it_leaves_at_what_it_is_worth_then_by_the_newest_price_of_its_underlying() -> None:
    position = held(candle(LAST - 9 * MINUTE, "700"), candle(LAST, "606"), candle(LAST + MINUTE, "650"))
    assert [(part.at, part.price, part.fraction, part.reason) for part in position.exits] == [
        (LAST, 6, 1, "OPTION_EXPIRED")
    ]
    assert (position.status, position.ended_at) == (S.CLOSED, LAST)
    # From 4 to 6 is a half, less 0.1 % of what was paid and 0.1 % of what came back.
    assert position.result == D("49.75")


def test_out_of_the_money_everything_is_lost() -> None:
    position = held(candle(LAST, "599.99"))
    assert (position.status, position.result) == (S.CLOSED, D("-100.1"))


@pytest.mark.parametrize(
    ("age", "status", "reason"),
    [(59, S.CLOSED, "OPTION_EXPIRED"), (60, S.UNPRICED, "OPTION_EXPIRED_UNPRICED")],
)
def test_a_price_of_the_underlying_counts_for_an_hour(age: int, status: ReferenceStatus, reason: str) -> None:
    position = held(candle(LAST - age * MINUTE, "606"))
    assert (position.status, position.close_reason) == (status, reason)


def test_until_its_end_it_goes_on_and_its_own_levels_come_first() -> None:
    assert held(candle(LAST, "606"), until=LAST - MINUTE).status is S.OPEN
    assert held(candle(LAST, "606"), take_profits=(D("4.5"),)).close_reason == "TARGET_HIT"


def test_an_entry_that_waits_ends_with_its_option() -> None:
    position = held(candle(LAST, "606"), entry=(D(2),))
    assert (position.status, position.close_reason) == (S.CANCELED, "OPTION_EXPIRED")


def test_a_made_up_price_of_the_underlying_makes_it_synthetic() -> None:
    assert held(candle(LAST, "606", synthetic=True)).synthetic
    assert not held(candle(LAST, "606")).synthetic


def test_whose_prices_are_needed_is_told_of_options_alone() -> None:
    option = make_reference(opening=make_opening(symbol=CALL))
    assert underlying_of(option) == ("SPY", LAST - timedelta(hours=1))
    assert underlying_of(make_reference()) is None


def test_led_on_in_steps_it_ends_the_same() -> None:
    at_once = held(candle(LAST, "606"))
    opening = make_opening(symbol=CALL, posted_at=POSTED)
    own = [candle(POSTED, "4"), candle(LAST - 5 * MINUTE, "4.5")]
    candles = {("paper", "paper", CALL): own, UNDERLYING: [candle(LAST, "606")]}
    position = make_reference(opening=opening, stop_loss=D(1))
    until = POSTED
    while until <= LAST + MINUTE:
        (position,) = follow([position], candles, [], until)
        until += MINUTE
    assert position == at_once

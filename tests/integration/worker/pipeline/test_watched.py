"""Levels that we watch: what the prices job notes of them, and a stop that trails at the venue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.bots import BotSettings
from shared.domain.commands import CommandKind
from shared.domain.halts import HaltState
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.domain.trades import StopSource, Trade
from shared.models import halts, watched
from shared.models.messages import InboxMessage
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import ask
from worker.pipeline.prices import refresh_prices
from worker.pipeline.protect import protect

TRAILING = replace(BotSettings(), trailing_stop_percent=Decimal(4), max_signal_age_seconds=600)


@pytest.fixture
def trailing(driver: Driver) -> InboxMessage:
    """A message whose trade is open at the paper venue, its stop five percent away and trailing at four."""
    driver.add_follower(driver.add_provider(), settings=TRAILING)
    price = driver.quote("BTC/USDT").ask
    return driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {price * Decimal('0.95'):.2f}")


def mark(trade: Trade, bid: Decimal) -> list[str]:
    prices = {trade.symbol: (bid, bid + Decimal("0.02"))}
    return watched.mark_touched(
        trade.venue, trade.environment, prices, datetime.now(UTC) + timedelta(seconds=5)
    )


def resting(driver: Driver, message: InboxMessage) -> list[Decimal | None]:
    return [
        o.stop_price
        for o in driver.orders(message)
        if o.purpose is Purpose.STOP and o.status is OrderStatus.ACCEPTED
    ]


def test_a_price_that_comes_far_enough_moves_the_stop_at_the_venue(
    driver: Driver, trailing: InboxMessage
) -> None:
    trade = driver.trade(trailing)
    assert trade.trail_percent == 4
    assert trade.watch_above is not None
    touched = mark(trade, trade.watch_above)
    assert touched == [trade.trade_id]
    protect(driver.context, touched)
    driver.answer_bells()
    after = driver.trade(trailing)
    assert after.stop_price is not None
    assert trade.stop_price is not None
    assert after.stop_price > trade.stop_price
    assert (after.stop_source, after.touched_price, after.needs_cover) == (StopSource.TRAILING, None, False)
    assert resting(driver, trailing) == [after.stop_price]
    assert after.watch_above is not None
    assert after.watch_above > trade.watch_above


def test_a_price_short_of_it_touches_nothing(driver: Driver, trailing: InboxMessage) -> None:
    trade = driver.trade(trailing)
    assert trade.watch_above is not None
    assert mark(trade, trade.watch_above - Decimal("0.01")) == []
    assert driver.trade(trailing).touched_price is None


def test_the_first_touch_is_kept_though_the_price_comes_back_and_the_bell_is_lost(
    driver: Driver, trailing: InboxMessage
) -> None:
    trade = driver.trade(trailing)
    level = trade.watch_above
    assert level is not None
    mark(trade, level)
    # Back below and up again: the touch that was noted stands, and both looks tell who still waits.
    assert mark(trade, level * Decimal("0.99")) == mark(trade, level * Decimal("1.01")) == [trade.trade_id]
    noted = driver.trade(trailing)
    assert (noted.touched_price, noted.needs_cover) == (level, True)
    refresh_prices(driver.context)
    driver.answer_bells()
    after = driver.trade(trailing)
    assert (after.touched_price, after.stop_source) == (None, StopSource.TRAILING)


def test_while_halted_the_stop_stays_where_it_is(driver: Driver, trailing: InboxMessage) -> None:
    trade = driver.trade(trailing)
    assert trade.watch_above is not None
    halts.set_halt(f"provider:{trade.provider_id}", HaltState.HALTED, "test", datetime.now(UTC))
    protect(driver.context, mark(trade, trade.watch_above))
    after = driver.trade(trailing)
    assert (after.stop_price, after.touched_price) == (trade.stop_price, None)


def test_a_stop_that_its_follower_has_moved_trails_no_more(driver: Driver, trailing: InboxMessage) -> None:
    trade = driver.trade(trailing)
    assert trade.stop_price is not None
    ask(trade, CommandKind.MOVE_STOP, trade.stop_price * Decimal("0.99"))
    driver.answer_bells()
    after = driver.trade(trailing)
    assert (after.trail_percent, after.is_watched, after.watch_above) == (None, False, None)

"""A stop that the venue trails and one that we trail, on the same tapes: both sell at the same step, or neither does."""

import random
from decimal import Decimal

from shared.domain.signals import Side
from tests.unit.emulators.binance_futures.futures_trader import FuturesTrader
from tests.unit.shared.domain.builders import make_instrument, make_open_trade
from tests.unit.shared.domain.tapes import managed, walk

TAPES = 300
START = Decimal(100)


def at_the_venue(prices: list[Decimal], side: Side, percent: Decimal) -> int | None:
    """Let the venue trail, and return the step at which the position was closed."""
    trader = FuturesTrader()
    opens, closes = ("BUY", "SELL") if side is Side.BUY else ("SELL", "BUY")
    trader.order(opens, "1")
    trader.wait(closes, "TRAILING_STOP_MARKET", "1", callbackRate=str(percent), reduceOnly="true")
    for place, price in enumerate(prices):
        trader.price(str(price))
        if not trader.position.quantity:
            return place
    return None


def test_the_venues_own_trailing_stop_and_ours_sell_at_the_same_step() -> None:
    chance, ended = random.Random(20261201), 0
    instrument = make_instrument()
    for number in range(TAPES):
        side = Side.BUY if number % 2 else Side.SELL
        percent = Decimal(chance.randrange(5, 60)) / 10
        prices = walk(chance)
        begin = (
            instrument.floor_price(START * (1 - percent / 100))
            if side is Side.BUY
            else instrument.ceil_price(START * (1 + percent / 100))
        )
        trade = make_open_trade(10, side=side, stop_price=begin, trail_percent=percent)
        ours, _ = managed(prices, trade)
        assert ours == at_the_venue(prices, side, percent), (number, side, percent)
        ended += ours is not None
    assert TAPES / 10 < ended < TAPES

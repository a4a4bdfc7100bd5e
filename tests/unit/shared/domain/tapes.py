"""Random tapes, and our own trailing stop on them, looked at as the prices job does."""

import random
from dataclasses import replace
from decimal import Decimal

from shared.domain.cover import CoverStyle, CoverTerms
from shared.domain.order_status import OrderStatus
from shared.domain.signals import Side
from shared.domain.trades import Trade
from shared.domain.values import changed
from shared.domain.watching import act_on_touch, watched_levels
from tests.unit.shared.domain.builders import make_instrument, make_order

_INSTRUMENT = make_instrument()
_ENTRY = make_order("entry", status=OrderStatus.FILLED, filled_quantity=Decimal(10))
_TERMS = CoverTerms(CoverStyle.MANAGED)


def walk(chance: random.Random) -> list[Decimal]:
    price = 10_000
    prices = []
    for _ in range(40):
        price = max(price + chance.randrange(-150, 151), 100)
        prices.append(Decimal(price) / 100)
    return prices


def managed(prices: list[Decimal], trade: Trade) -> tuple[int | None, Decimal]:
    """Ours on the same tape, looked at as the prices job does; the stop never moves against the position."""
    assert trade.stop_price is not None
    for place, price in enumerate(prices):
        trade = changed(
            trade, **watched_levels(trade, (_ENTRY,), _INSTRUMENT, _TERMS).by_direction(trade.side)
        )
        below, above = trade.watch_below, trade.watch_above
        if not ((below is not None and price <= below) or (above is not None and price >= above)):
            continue
        before = trade.stop_price
        done = act_on_touch(replace(trade, touched_price=price), (_ENTRY,), _INSTRUMENT, _TERMS)
        if "exit_cause" in done:
            return place, before
        trade = changed(trade, **done)
        moved = trade.stop_price - before
        assert moved >= 0 if trade.side is Side.BUY else moved <= 0
    return None, trade.stop_price

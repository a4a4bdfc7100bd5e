"""Trades whose levels we watch ourselves: the prices job writes down which of them were touched, once."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from shared.domain.signals import Side
from shared.models.mapping import Row, raw_rows_of
from shared.models.trades import Trade

Prices = Mapping[str, tuple[Decimal, Decimal]]

# What one look at a symbol finds; the next one is a second away.
MOST_TOUCHED = 2000


def mark_touched(venue: str, environment: str, prices: Prices, cover_check_at: datetime) -> list[str]:
    """Note the first price that has touched a trade's level; return all trades whose touch was not acted on yet.

    `prices` holds each symbol's (bid, ask): a long position is left at the bid, a short one at the ask.
    """
    rows = raw_rows_of(Trade)
    place: Row = {"is_watched": True, "venue": venue, "environment": environment}
    watched = set(rows.distinct("symbol", place)) & prices.keys()
    for symbol in watched:
        for side, price in zip((Side.BUY, Side.SELL), prices[symbol], strict=True):
            touched: Row = {
                **place,
                "symbol": symbol,
                "side": str(side),
                "touched_price": None,
                "$or": [{"watch_below": {"$gte": price}}, {"watch_above": {"$lte": price}}],
            }
            noted = {"touched_price": price, "needs_cover": True, "cover_check_at": cover_check_at}
            rows.update_many(touched, {"$set": noted, "$inc": {"version": 1}})
    if not watched:
        return []
    waiting = {**place, "symbol": {"$in": sorted(watched)}, "touched_price": {"$ne": None}}
    return [row["_id"] for row in rows.find(waiting, {"_id": 1}).limit(MOST_TOUCHED)]

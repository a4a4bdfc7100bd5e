"""Orders of both kinds as one list: those that wait for a price and those that work, each order told once."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.brokers.ccxt import binance_history
from shared.brokers.ccxt.binance_futures_reports import as_of_algo, read_actual_id, read_algo, read_listed
from shared.brokers.ccxt.binance_history import Kind, Rows, ask
from shared.brokers.ccxt.binance_listings import Listings, venue_symbol
from shared.brokers.ccxt.binance_place import Session
from shared.brokers.http import HttpAnswer, read_answer
from shared.domain.orders import OrderReport

_WEEK = timedelta(days=7)
ORDERS = Kind("allOrders", "orderId", "orderId", _WEEK)
ALGOS = Kind("allAlgoOrders", "algoId", "algoId", _WEEK)
TRADES = Kind("userTrades", "fromId", "id", _WEEK)


async def list_open(
    session: Session, symbol: str | None, listings: Listings | None, now: datetime
) -> tuple[OrderReport, ...]:
    """List open orders of one symbol, or of all with their listings."""
    params = {} if symbol is None else {"symbol": venue_symbol(symbol)}
    orders, algos = await _ask_both(session, params)
    return _merge(orders, algos, symbol, listings, now)


async def list_since(
    session: Session, symbol: str, since: datetime, now: datetime
) -> tuple[OrderReport, ...]:
    """List orders of a symbol made since a moment, and all that are open."""
    name = venue_symbol(symbol)
    made, waited, (orders, algos) = await asyncio.gather(
        binance_history.list_since(session, ORDERS, name, since, now),
        binance_history.list_since(session, ALGOS, name, since, now),
        _ask_both(session, {"symbol": name}),
    )
    return _merge(_newest(made, orders), _newest(waited, algos), symbol, None, now)


async def _ask_both(session: Session, params: Mapping[str, str]) -> tuple[Rows, Rows]:
    orders, algos = await asyncio.gather(
        ask(session, "openOrders", params, lambda rows: {int(row["orderId"]): row for row in rows}),
        ask(session, "openAlgoOrders", params, lambda rows: {int(row["algoId"]): row for row in rows}),
    )
    return orders, algos


def _newest(made: Rows, still_open: Rows) -> Rows:
    # Asked at the same time, either list may be the newer one.
    return made | {
        number: row
        for number, row in still_open.items()
        if number not in made or row["updateTime"] > made[number]["updateTime"]
    }


def _merge(
    orders: Rows, algos: Rows, symbol: str | None, listings: Listings | None, now: datetime
) -> tuple[OrderReport, ...]:
    def name(row: Any) -> str:
        if symbol is not None:
            return symbol
        return row["symbol"] if listings is None else listings.symbol_of(row["symbol"])

    def read(rows: tuple[Rows, Rows]) -> Iterable[OrderReport]:
        orders, algos = rows
        parents = {actual: row for row in algos.values() if (actual := read_actual_id(row)) is not None}
        for number, row in orders.items():
            report = read_listed(row, name(row))
            parent = parents.pop(str(number), None)
            yield report if parent is None else as_of_algo(report, parent)
        for row in algos.values():
            # One that has become an order is told by that; where it is on no list yet, the next look finds it.
            if read_actual_id(row) is None and row["algoStatus"] != "FINISHED":
                yield read_algo(row, name(row), now)

    return read_answer(HttpAnswer(200, (orders, algos)), lambda rows: tuple(read(rows)), is_write=False)

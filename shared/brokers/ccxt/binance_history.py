"""Lists that Binance hands out in pages: by time for some days at once at most, by id for as many as there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.brokers.ccxt.binance_place import Session
from shared.brokers.ccxt.binance_reports import milliseconds
from shared.brokers.http import read_answer

T = TypeVar("T")

_PAGE = 1000
_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)

Rows = dict[int, Any]
"""Rows by their id, so that each counts once."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A list: its path, the parameter that says from which id on, and where a row has its id.

    `span` is the longest time that one page may be asked for.
    """

    path: str
    parameter: str
    name: str
    span: timedelta = _DAY


ORDERS = Kind("allOrders", "orderId", "orderId")
TRADES = Kind("myTrades", "fromId", "id")


async def list_since(session: Session, kind: Kind, symbol: str, since: datetime, now: datetime) -> Rows:
    """List what is new on one of the venue's symbols since a moment: span by span, by ids once a page is full."""
    rows: Rows = {}
    begins = since
    while True:
        params = {"symbol": symbol, "startTime": str(milliseconds(begins))}
        ends = begins + kind.span - _MILLISECOND
        is_last = ends >= now
        if not is_last:
            params["endTime"] = str(milliseconds(ends))
        page, is_full = await _page(session, kind, params)
        rows |= page
        if is_full:
            return rows | await _list_after(session, kind, {"symbol": symbol}, max(page))
        if is_last:
            return rows
        begins = ends + _MILLISECOND


async def list_trades_of(session: Session, symbol: str, order_id: str, kind: Kind = TRADES) -> Rows:
    """List all executions of one order."""
    params = {"symbol": symbol, "orderId": order_id}
    page, is_full = await _page(session, kind, params)
    return page | await _list_after(session, kind, params, max(page)) if is_full else page


async def ask(
    session: Session,
    path: str,
    params: Mapping[str, str],
    read: Callable[[Any], T],
    *,
    api: str | None = None,
) -> T:
    """Ask something of an account and read the answer; raises like any read."""
    answer = await session.send("GET", path, dict(params), api=api)
    if answer.is_ok:
        return read_answer(answer, read, is_write=False)
    raise session.family.words.failure(answer, is_write=False)


async def _list_after(session: Session, kind: Kind, params: Mapping[str, str], last: int) -> Rows:
    rows: Rows = {}
    is_full = True
    while is_full:
        page, is_full = await _page(session, kind, {**params, kind.parameter: str(last + 1)})
        rows |= page
        last = max(page, default=last)
    return rows


async def _page(session: Session, kind: Kind, params: Mapping[str, str]) -> tuple[Rows, bool]:
    def read(said: Any) -> tuple[Rows, bool]:
        return {int(row[kind.name]): row for row in said}, len(said) == _PAGE

    return await ask(session, kind.path, {**params, "limit": str(_PAGE)}, read)

"""Lists that Alpaca hands out in pages: orders by the time they came, executions by the last one's id."""

from datetime import datetime, timedelta
from typing import Any

from shared.brokers.alpaca.place import Session
from shared.brokers.alpaca.reports import moment
from shared.brokers.alpaca.symbols import same_symbol
from shared.brokers.codes import Doubt
from shared.domain.errors import RetryableError

ORDERS_PAGE, FILLS_PAGE = 500, 100
# Beyond these an account is not one of a follower; a list that is cut off must not look whole.
_MOST_PAGES = 100
# Orders come in steps finer than our clock: the last ones of a page are asked for again.
_OVERLAP = timedelta(microseconds=1)

Rows = dict[str, Any]
"""Rows by their id, so that each counts once."""


async def list_orders_since(session: Session, symbol: str, since: datetime) -> Rows:
    """List all orders of a symbol that came after a moment, whatever became of them."""
    rows: Rows = {}
    begins = since
    for _ in range(_MOST_PAGES):
        query = _orders_query("all", symbol) | {"after": write_moment(begins)}
        page = await session.ask("/orders", query, _by_id)
        is_new = not page.keys() <= rows.keys()
        rows |= page
        if len(page) < ORDERS_PAGE or not is_new:
            return rows
        begins = max(moment(row["submitted_at"]) for row in page.values()) - _OVERLAP
    raise _too_many("orders")


async def list_open_orders(session: Session, symbol: str | None) -> Rows:
    """List open orders, of one symbol where given."""
    rows: Rows = await session.ask("/orders", _orders_query("open", symbol), _by_id)
    if len(rows) >= ORDERS_PAGE:
        raise _too_many("open orders")
    return rows


async def list_fills_since(session: Session, symbol: str, since: datetime) -> list[Any]:
    """List executions of a symbol since a moment; the venue lists those of all symbols together."""
    found: list[Any] = []
    query = {"after": write_moment(since), "direction": "asc", "page_size": str(FILLS_PAGE)}
    for _ in range(_MOST_PAGES):
        page = await session.ask("/account/activities/FILL", query, list)
        found += [row for row in page if same_symbol(row["symbol"], symbol)]
        if len(page) < FILLS_PAGE:
            return found
        query = query | {"page_token": page[-1]["id"]}
    raise _too_many("executions")


def write_moment(at: datetime) -> str:
    """Write a time as the venue does."""
    return at.isoformat().replace("+00:00", "Z")


def _orders_query(status: str, symbol: str | None) -> dict[str, str]:
    query = {"status": status, "limit": str(ORDERS_PAGE), "direction": "asc", "nested": "false"}
    return query if symbol is None else query | {"symbols": symbol}


def _by_id(rows: Any) -> Rows:
    return {row["id"]: row for row in rows}


def _too_many(what: str) -> RetryableError:
    return RetryableError(Doubt.UNREADABLE_ANSWER, f"the venue lists more {what} than can be read")

"""Lists that Coinbase hands out in pages, each of which names the next by a cursor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.brokers.ccxt.coinbase_place import Session
from shared.brokers.ccxt.coinbase_reports import write_moment
from shared.brokers.codes import Doubt
from shared.domain.errors import RetryableError

# Beyond these an account is not one of a follower; a list that is cut off must not look whole.
_MOST_PAGES = 100

Rows = dict[str, Any]
"""Rows by their id, so that each counts once."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A list: its path, the name of its rows, where a row has its id, and how many a page holds."""

    path: str
    rows: str
    name: str
    page: int


ORDERS = Kind("orders/historical/batch", "orders", "order_id", 100)
FILLS = Kind("orders/historical/fills", "fills", "entry_id", 100)
ACCOUNTS = Kind("accounts", "accounts", "uuid", 250)


async def list_orders_since(session: Session, product: str, since: datetime) -> Rows:
    """List the orders of a product that came since a moment, whatever became of them."""
    return await _list_all(session, ORDERS, {"product_ids": [product], "start_date": write_moment(since)})


async def list_open_orders(session: Session, product: str | None) -> Rows:
    """List open orders, of one product where given; the venue lists them by no moment, and with no others."""
    wanted = {"order_status": ["OPEN"], "product_type": "SPOT"}
    return await _list_all(
        session, ORDERS, wanted if product is None else wanted | {"product_ids": [product]}
    )


async def list_fills_since(session: Session, product: str, since: datetime) -> Rows:
    """List the executions of a product since a moment."""
    wanted = {"product_ids": [product], "start_sequence_timestamp": write_moment(since)}
    return await _list_all(session, FILLS, wanted)


async def list_fills_of(session: Session, order_id: str) -> Rows:
    """List all executions of one order."""
    return await _list_all(session, FILLS, {"order_ids": [order_id]})


async def list_accounts(session: Session) -> Rows:
    """List what an account holds, one row for each asset."""
    return await _list_all(session, ACCOUNTS, {})


async def _list_all(session: Session, kind: Kind, params: Mapping[str, Any]) -> Rows:
    def read(said: Any) -> tuple[Rows, str]:
        return {row[kind.name]: row for row in said[kind.rows]}, _next_cursor(said)

    rows: Rows = {}
    query = {**params, "limit": str(kind.page)}
    for _ in range(_MOST_PAGES):
        page, cursor = await session.ask(kind.path, query, read)
        is_new = not page.keys() <= rows.keys()
        rows |= page
        if not cursor or not is_new:
            return rows
        query = {**params, "limit": str(kind.page), "cursor": cursor}
    raise RetryableError(Doubt.UNREADABLE_ANSWER, f"the venue lists more {kind.rows} than can be read")


def _next_cursor(said: Any) -> str:
    """Read where the next page begins, empty after the last; executions do not say whether there is one."""
    cursor = said.get("cursor") or ""
    if not isinstance(cursor, str):
        raise TypeError("a cursor is text")
    return cursor if said.get("has_next", True) else ""

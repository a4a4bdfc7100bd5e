"""Lists that KuCoin hands out in pages: ended orders and executions from the last one back, stops by page number."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.brokers.ccxt.kucoin_orders import PLAIN_PATH, STOP_PATH
from shared.brokers.ccxt.kucoin_place import Session
from shared.brokers.ccxt.kucoin_reports import milliseconds
from shared.brokers.codes import Doubt
from shared.domain.errors import RetryableError

PAGE, STOPS_PAGE = 100, 50
# Beyond these an account is not one of a follower; a list that is cut off must not look whole.
_MOST_PAGES = 100
# A question reaches no further, and answers a longer one in part without a word.
_SPAN = timedelta(days=7)
# What is older the venue has put away.
_REACH = timedelta(days=182)
# What is listed is stamped by the venue's clock.
_CLOCKS_APART = timedelta(minutes=1)

Row = Mapping[str, Any]


async def list_ended(session: Session, symbol: str, since: datetime, now: datetime) -> list[Row]:
    """List orders of one of the venue's symbols that have ended, made since a moment."""
    return await _list_spans(session, f"{PLAIN_PATH}/done", symbol, since, now)


async def list_fills(session: Session, symbol: str, since: datetime, now: datetime) -> list[Row]:
    """List executions on one of the venue's symbols since a moment."""
    return await _list_spans(session, "hf/fills", symbol, since, now)


async def list_fills_of(session: Session, symbol: str, order_id: str) -> list[Row]:
    """List all executions of one order."""
    return await _list_back(session, "hf/fills", {"symbol": symbol, "orderId": order_id})


async def list_active(session: Session, symbol: str) -> list[Row]:
    """List the orders that work on one of the venue's symbols; it hands them out at once."""
    # Where there is none, nothing stands for the empty list.
    return await session.ask(f"{PLAIN_PATH}/active", {"symbol": symbol}, lambda rows: list(rows or ()))


async def list_active_symbols(session: Session) -> list[str]:
    """List the venue's symbols on which orders work."""
    return await session.ask(
        f"{PLAIN_PATH}/active/symbols", {}, lambda said: list((said or {}).get("symbols") or ())
    )


async def list_stops(session: Session, symbol: str | None) -> list[Row]:
    """List the orders that wait for their stop, of one of the venue's symbols or of all."""
    rows: list[Row] = []
    query = {"pageSize": str(STOPS_PAGE)} | ({} if symbol is None else {"symbol": symbol})
    for number in range(1, _MOST_PAGES + 1):
        page = await session.ask(
            STOP_PATH, {**query, "currentPage": str(number)}, lambda said: list(said["items"] or ())
        )
        rows += page
        if len(page) < STOPS_PAGE:
            return rows
    raise _too_many("stops")


async def _list_spans(session: Session, path: str, symbol: str, since: datetime, now: datetime) -> list[Row]:
    rows: dict[str, Row] = {}
    begins, end = max(since, now - _REACH), now + _CLOCKS_APART
    while begins < end:
        ends = min(begins + _SPAN, end)
        query = {
            "symbol": symbol,
            "startAt": str(milliseconds(begins)),
            "endAt": str(milliseconds(ends)),
        }
        rows |= {str(row["id"]): row for row in await _list_back(session, path, query)}
        begins = ends
    return list(rows.values())


async def _list_back(session: Session, path: str, query: Mapping[str, str]) -> list[Row]:
    rows: dict[str, Row] = {}
    asked = {**query, "limit": str(PAGE)}
    for _ in range(_MOST_PAGES):
        page, last = await session.ask(path, asked, _read_page)
        known = len(rows)
        rows |= {str(row["id"]): row for row in page}
        if len(page) < PAGE or len(rows) == known:
            return list(rows.values())
        asked["lastId"] = last
    raise _too_many("rows")


def _read_page(said: Any) -> tuple[list[Row], str]:
    return list(said["items"] or ()), str(said["lastId"])


def _too_many(what: str) -> RetryableError:
    return RetryableError(Doubt.UNREADABLE_ANSWER, f"the venue lists more {what} than can be read")

"""One account at Alpaca behind the broker protocol.

The venue answers a new order before it has worked it, so whoever sends one that may fill at once asks for it once
more. A report of one order bears the fills that the venue lists for it; lists of orders come without them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from shared.brokers.alpaca import history
from shared.brokers.alpaca.orders import needs_instrument, order_body
from shared.brokers.alpaca.place import Place, Session
from shared.brokers.alpaca.refusals import NOT_FOUND, code_of, failure
from shared.brokers.alpaca.reports import moment, read_balances, read_fills, read_order
from shared.brokers.alpaca.symbols import same_symbol
from shared.brokers.base import Balance, NotFound
from shared.brokers.http import HttpAnswer, read_answer
from shared.domain.errors import TradeError
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.orders import FillReport, OrderLookup, OrderReport, OrderRequest, OrderType

T = TypeVar("T")

ORDER_ENDPOINT = "GET /v2/orders:by_client_order_id"
_CANNOT_CANCEL = 422
_MAY_FILL_AT_ONCE = frozenset({OrderType.MARKET, OrderType.LIMIT})
# Executions may be stamped by another clock of the venue's than orders.
_BEFORE_ORDER = timedelta(seconds=5)


class AlpacaBroker:
    """One account; its session bears its key alone, the place is shared."""

    def __init__(self, place: Place, session: Session) -> None:
        self._place = place
        self._session = session

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """POST one order, once."""
        instrument = await self._instrument(request)
        body = order_body(request, self._place.now(), instrument)
        answer = await self._session.trade("POST", "/orders", body)
        if not answer.is_ok:
            raise failure(answer, is_write=True, request=request)
        placed = read_answer(
            answer, lambda row: read_order(row, request.symbol, request.client_order_id), is_write=True
        )
        return await self._complete_placed(placed, request)

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """DELETE an order by the venue's id; one that has ended is reported as it is.

        The venue says only that it has heard: what became of the order is asked for afterwards, and a failure from
        there on is a failed read.
        """
        venue_order_id = lookup.venue_order_id
        if venue_order_id is None:
            known = await self.fetch_order(lookup)
            if isinstance(known, NotFound):
                return known
            venue_order_id = known.venue_order_id
        answer = await self._session.trade("DELETE", f"/orders/{venue_order_id}")
        if code_of(answer) == NOT_FOUND:
            return NotFound(ORDER_ENDPOINT)
        if not answer.is_ok and answer.status != _CANNOT_CANCEL:
            raise failure(answer, is_write=True)
        return await self.fetch_order(lookup)

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """GET one order by our id, and its executions if it has any."""
        query = {"client_order_id": lookup.client_order_id}
        answer = await self._session.trade("GET", "/orders:by_client_order_id", query)
        if code_of(answer) == NOT_FOUND:
            return NotFound(ORDER_ENDPOINT)
        if not answer.is_ok:
            raise failure(answer, is_write=False)
        report = read_answer(
            answer, lambda row: read_order(row, lookup.symbol, lookup.client_order_id), is_write=False
        )
        return await self._with_fills(report)

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List orders of a symbol made since a moment, and all that are open, without their fills."""
        made, still_open = await asyncio.gather(
            history.list_orders_since(self._session, symbol, since),
            history.list_open_orders(self._session, symbol),
        )
        return _read_rows(
            # Asked at the same time, either list may be the newer one.
            [*made.values(), *still_open.values()],
            lambda rows: tuple(read_order(row, symbol) for row in _newest(rows, symbol)),
        )

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders, without their fills."""
        found = await history.list_open_orders(self._session, symbol)
        wanted = [row for row in found.values() if symbol is None or same_symbol(row["symbol"], symbol)]
        return _read_rows(
            wanted, lambda rows: tuple(read_order(row, symbol or row["symbol"]) for row in rows)
        )

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one instrument since a moment; they name the venue's order ids only."""
        found = await history.list_fills_since(self._session, symbol, since)
        return _read_rows(found, lambda rows: read_fills(rows, symbol))

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read the cash and all positions."""
        account, positions = await asyncio.gather(
            self._session.ask("/account", {}, dict), self._session.ask("/positions", {}, list)
        )
        return _read_rows(positions, lambda rows: read_balances(account, rows))

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

    async def _instrument(self, request: OrderRequest) -> Instrument | None:
        if not needs_instrument(request):
            return None
        pairs = await self._place.pairs(self._session, request.symbol)
        return next((pair for pair in pairs if pair.symbol == request.symbol), None)

    async def _complete_placed(self, placed: OrderReport, request: OrderRequest) -> OrderReport:
        if request.order_type not in _MAY_FILL_AT_ONCE and not placed.filled_quantity:
            return placed
        # The order is there, whatever becomes of the question about it.
        try:
            found = await self.fetch_order(OrderLookup(request.client_order_id, request.symbol))
        except TradeError:
            return placed
        return placed if isinstance(found, NotFound) else found

    async def _with_fills(self, report: OrderReport) -> OrderReport:
        if not report.filled_quantity or report.accepted_at is None:
            return report
        listed = await history.list_fills_since(
            self._session, report.symbol, report.accepted_at - _BEFORE_ORDER
        )
        own = [row for row in listed if row["order_id"] == report.venue_order_id]
        fills = _read_rows(own, lambda rows: read_fills(rows, report.symbol, report.client_order_id))
        if _total(fills) > report.filled_quantity:
            # The list is newer than the order: who asks again is told both.
            return report
        # What the venue has counted and does not list yet is asked for again by whoever keeps the order.
        return replace(report, fills=fills)


def _newest(rows: Sequence[Any], symbol: str) -> Sequence[Any]:
    found: dict[str, Any] = {}
    for row in rows:
        known = found.get(row["id"])
        if same_symbol(row["symbol"], symbol) and (
            known is None or moment(row["updated_at"]) > moment(known["updated_at"])
        ):
            found[row["id"]] = row
    return list(found.values())


def _read_rows(rows: Sequence[Any], read: Callable[[Sequence[Any]], T]) -> T:
    return read_answer(HttpAnswer(200, rows), read, is_write=False)


def _total(fills: Sequence[FillReport]) -> Decimal:
    return sum((fill.quantity for fill in fills), ZERO)

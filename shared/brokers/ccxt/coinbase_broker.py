"""One account at Coinbase behind the broker protocol.

The venue answers a new order with its id alone, and a second use of one of our ids with the order that bears it: so
each new order is looked up at once, and one that was there before is told from ours by its time. Orders cannot be
asked for by our ids; they are looked for in lists. A report of one order bears its fills, lists come without them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from shared.brokers.base import Balance, KeyRights, NotFound
from shared.brokers.ccxt import coinbase_history as history
from shared.brokers.ccxt.coinbase_listings import our_symbol
from shared.brokers.ccxt.coinbase_orders import check_time, order_body, venue_product
from shared.brokers.ccxt.coinbase_place import Place, Session
from shared.brokers.ccxt.coinbase_refusals import failure, is_not_found, refusal_of_order
from shared.brokers.ccxt.coinbase_reports import (
    check_is_new,
    read_balances,
    read_cancel,
    read_fills,
    read_order,
    read_placed,
    read_rights,
)
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import HttpAnswer, doubt, read_answer
from shared.brokers.rows.coinbase import STOP_LIMIT_PERCENT
from shared.domain.errors import PermanentError, TradeError
from shared.domain.money import HUNDRED, ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderLookup, OrderReport, OrderRequest, OrderType

T = TypeVar("T")

ORDER_ENDPOINT = "GET /api/v3/brokerage/orders/historical/{order_id}"
LIST_ENDPOINT = "GET /api/v3/brokerage/orders/historical/batch"
# How far back an order is looked for of which only our id is known.
LOOK_BACK = timedelta(days=7)
_BEYOND = STOP_LIMIT_PERCENT / HUNDRED
# The order rests no more, or never did: it is reported as it is.
_TOO_LATE = frozenset(
    {"UNKNOWN_CANCEL_ORDER", "DUPLICATE_CANCEL_REQUEST", "ORDER_IS_FULLY_FILLED", "INVALID_CANCEL_REQUEST"}
)


class CoinbaseBroker:
    """One account; its session signs with its key alone, the place is shared."""

    def __init__(self, place: Place, session: Session) -> None:
        self._place = place
        self._session = session

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """POST one order, once, and look it up."""
        body = order_body(request, tick=await self._tick(request), beyond=_BEYOND)
        clock = self._place.clock
        await clock.be_known()
        # The venue takes no expiry, so nobody looks after this.
        check_time(request, self._place.now())
        passed = clock.passed()
        answer = await self._session.send("POST", "orders", body)
        if not answer.is_ok:
            raise failure(answer, is_write=True)
        refusal = refusal_of_order(answer.payload, request)
        if refusal is not None:
            raise refusal
        product = venue_product(request.symbol)
        order_id = read_answer(
            answer, lambda said: read_placed(said, request.client_order_id, product), is_write=True
        )
        report = await self._complete_placed(request, order_id)
        if report.accepted_at is not None:
            check_is_new(report, passed)
            clock.note(report.accepted_at)
        return report

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """Cancel an order by the venue's id; one that has ended is reported as it is.

        The venue says only that it has heard: what became of the order is asked for afterwards, and a failure from
        there on is a failed read.
        """
        order_id = lookup.venue_order_id
        if order_id is None:
            known = await self.fetch_order(lookup)
            if isinstance(known, NotFound) or not known.open_quantity:
                return known
            order_id = known.venue_order_id
        answer = await self._session.send("POST", "orders/batch_cancel", {"order_ids": [order_id]})
        if not answer.is_ok:
            raise failure(answer, is_write=True)
        refused = read_answer(answer, lambda said: read_cancel(said, order_id), is_write=True)
        if refused is not None and refused not in _TOO_LATE:
            raise doubt(True, Doubt.UNTYPED_REFUSAL, f"the cancel was refused: {refused[:100]}")
        return await self.fetch_order(replace(lookup, venue_order_id=order_id))

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """GET one order by the venue's id, or look for ours in the lists of its product; with its fills."""
        if lookup.venue_order_id is not None:
            return await self._fetch_by_id(lookup.venue_order_id, lookup.client_order_id, lookup.symbol)
        rows = await self._list_rows(lookup.symbol, self._place.now() - LOOK_BACK)
        own = [row for row in rows if row["client_order_id"] == lookup.client_order_id]
        if not own:
            return NotFound(LIST_ENDPOINT)
        at = self._place.now()
        return await self._with_fills(_read_rows(own, lambda found: read_order(found[0], lookup.symbol, at)))

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List orders of a symbol made since a moment, and all that are open, without their fills."""
        at, rows = self._place.now(), await self._list_rows(symbol, since)
        return _read_rows(rows, lambda found: tuple(read_order(row, symbol, at) for row in found))

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders, without their fills."""
        at = self._place.now()
        product = None if symbol is None else venue_product(symbol)
        rows = await history.list_open_orders(self._session, product)
        return _read_rows(
            list(rows.values()),
            lambda found: tuple(read_order(row, our_symbol(row["product_id"]), at) for row in found),
        )

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one instrument since a moment; they name the venue's order ids only."""
        rows = await history.list_fills_since(self._session, venue_product(symbol), since)
        return _read_rows(list(rows.values()), lambda found: read_fills(found, symbol))

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read all balances that are not empty."""
        rows = await history.list_accounts(self._session)
        return _read_rows(list(rows.values()), read_balances)

    async def fetch_key_rights(self) -> KeyRights:
        """Read what the account's key may do; of an OAuth token the venue does not tell it."""
        if not self._session.signs:
            return KeyRights(None, None, None)
        return await self._session.ask("key_permissions", {}, read_rights)

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

    async def _tick(self, request: OrderRequest) -> Decimal:
        # Only a stop must know it, for the limit that it gets.
        if request.order_type is not OrderType.STOP:
            return ZERO
        listing = (await self._place.listings(request.symbol)).find(request.symbol)
        if listing is None:
            raise PermanentError(Refusal.UNKNOWN_SYMBOL, f"Coinbase does not list {request.symbol}.")
        return listing.instrument.tick

    async def _complete_placed(self, request: OrderRequest, order_id: str) -> OrderReport:
        # An order is there, whatever becomes of the question about it.
        try:
            found = await self._fetch_by_id(order_id, request.client_order_id, request.symbol)
        except TradeError:
            found = NotFound(ORDER_ENDPOINT)
        if not isinstance(found, NotFound):
            return found
        return OrderReport(
            client_order_id=request.client_order_id,
            venue_order_id=order_id,
            symbol=request.symbol,
            status=OrderStatus.ACCEPTED,
            filled_quantity=ZERO,
            average_fill_price=None,
            at=self._place.now(),
        )

    async def _fetch_by_id(self, order_id: str, client_order_id: str, symbol: str) -> OrderReport | NotFound:
        at = self._place.now()
        answer = await self._session.send("GET", f"orders/historical/{order_id}", {})
        if is_not_found(answer):
            return NotFound(ORDER_ENDPOINT)
        if not answer.is_ok:
            raise failure(answer, is_write=False)

        def read(said: Any) -> OrderReport:
            if said["order"]["client_order_id"] != client_order_id:
                raise ValueError("the answer is about another order")
            return read_order(said["order"], symbol, at)

        return await self._with_fills(read_answer(answer, read, is_write=False))

    async def _list_rows(self, symbol: str, since: datetime) -> list[Any]:
        product = venue_product(symbol)
        # One after the other: an order that ends in between is in the second list, and that is the newer one.
        still_open = await history.list_open_orders(self._session, product)
        made = await history.list_orders_since(self._session, product, since)
        return list((still_open | made).values())

    async def _with_fills(self, report: OrderReport) -> OrderReport:
        if not report.filled_quantity:
            return report
        rows = await history.list_fills_of(self._session, report.venue_order_id)
        fills = _read_rows(
            list(rows.values()), lambda found: read_fills(found, report.symbol, report.client_order_id)
        )
        if sum((fill.quantity for fill in fills), ZERO) > report.filled_quantity:
            # The list is newer than the order: who asks again is told both.
            return report
        # What the venue has counted and does not list yet is asked for again by whoever keeps the order.
        return replace(report, fills=fills)


def _read_rows(rows: Sequence[Any], read: Callable[[Sequence[Any]], T]) -> T:
    return read_answer(HttpAnswer(200, rows), read, is_write=False)

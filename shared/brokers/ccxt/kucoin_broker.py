"""One account at KuCoin's spot market behind the broker protocol.

A new order is answered by its id alone and looked up once. A report of one order bears the fills that the venue lists
for it; lists of orders come without them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.brokers.base import Balance, KeyRights, NotFound
from shared.brokers.ccxt import kucoin_history as history
from shared.brokers.ccxt.kucoin_families import PLAIN_ENDPOINT, Families, is_stop_id
from shared.brokers.ccxt.kucoin_orders import STOP_PATH, order_body, order_path, venue_symbol
from shared.brokers.ccxt.kucoin_place import Place, Session
from shared.brokers.ccxt.kucoin_refusals import failure
from shared.brokers.ccxt.kucoin_reports import read_balances, read_fills, read_order, read_rights, read_stop
from shared.brokers.http import HttpAnswer, read_answer
from shared.domain.errors import TradeError
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderLookup, OrderReport, OrderRequest


class KucoinBroker:
    """One account; its session signs with its key alone, the place is shared."""

    def __init__(self, place: Place, session: Session) -> None:
        self._place = place
        self._session = session
        self._families = Families(place, session)

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """POST one order, once."""
        body, path = order_body(request), order_path(request)
        answer = await self._session.send("POST", path, body, send_before=request.send_before)
        error = failure(answer, is_write=True, request=request)
        if error is not None:
            raise error
        order_id = read_answer(answer, lambda said: _read_placed(said["data"], request), is_write=True)
        lookup = OrderLookup(request.client_order_id, request.symbol, order_id)
        # The order is there, whatever becomes of the question about it.
        try:
            found = await (
                self._families.find(lookup) if path == STOP_PATH else self._families.find_plain(lookup)
            )
        except TradeError:
            found = None
        return found or self._accepted(request, order_id)

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """DELETE an order of either family; one that has ended is looked up and reported as it is.

        Of a plain order the venue says only that it has heard: what became of it is asked for afterwards, and a failure
        from there on is a failed read.
        """
        may_wait = lookup.venue_order_id is None or is_stop_id(lookup.venue_order_id)
        is_heard = not may_wait and await self._families.cancel_plain(lookup)
        if not is_heard:
            # What an id looks like is no proof of its family.
            ended = await self._families.cancel_stop(lookup)
            if ended is not None:
                return ended
            is_heard = may_wait and await self._families.cancel_plain(lookup)
        found = await self.fetch_order(lookup)
        if is_heard and isinstance(found, OrderReport) and found.open_quantity:
            return replace(found, status=OrderStatus.PENDING_CANCEL)
        return found

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """GET one order by our id, and its executions if it has any.

        A not-found is only told where both families were asked and said so.
        """
        if not is_stop_id(lookup.venue_order_id):
            plain = await self._families.find_plain(lookup)
            if plain is not None:
                return plain
        return await self._families.find(lookup) or NotFound(PLAIN_ENDPOINT)

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List orders of a symbol made since a moment, and all that are open, without their fills."""
        name, now = venue_symbol(symbol), self._place.now()
        # In the order in which they move, so that none is missed on its way from one list to the next.
        stops = await history.list_stops(self._session, name)
        active = await history.list_active(self._session, name)
        ended = await history.list_ended(self._session, name, since, now)
        return _read_lists(stops, [*active, *ended], lambda _: symbol, now)

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders of both families, without their fills."""
        now = self._place.now()
        name = None if symbol is None else venue_symbol(symbol)
        stops = await history.list_stops(self._session, name)
        names = await history.list_active_symbols(self._session) if name is None else [name]
        active = [row for each in names for row in await history.list_active(self._session, each)]
        if symbol is not None:
            return _read_lists(stops, active, lambda _: symbol, now)
        listings = await self._place.listings(self._session.public)
        return _read_lists(stops, active, listings.symbol_of, now)

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one instrument since a moment; they name the venue's order ids only."""
        rows = await history.list_fills(self._session, venue_symbol(symbol), since, self._place.now())
        return read_answer(HttpAnswer(200, rows), lambda found: read_fills(found, symbol), is_write=False)

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read all balances of the trading account that are not empty."""
        return await self._session.ask("accounts", {"type": "trade"}, read_balances)

    async def fetch_key_rights(self) -> KeyRights:
        """Read what the account's key may do."""
        return await self._session.ask("user/api-key", {}, read_rights)

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

    def _accepted(self, request: OrderRequest, order_id: str) -> OrderReport:
        now = self._place.now()
        return OrderReport(
            client_order_id=request.client_order_id,
            venue_order_id=order_id,
            symbol=request.symbol,
            status=OrderStatus.ACCEPTED,
            filled_quantity=ZERO,
            average_fill_price=None,
            at=now,
            accepted_at=now,
            open_quantity=request.quantity,
        )


def _read_placed(said: Any, request: OrderRequest) -> str:
    if said.get("clientOid", request.client_order_id) != request.client_order_id:
        raise ValueError("the answer is about another order")
    return str(said["orderId"])


def _read_lists(
    stops: Sequence[Any], plain: Sequence[Any], symbol_of: Callable[[str], str], at: datetime
) -> Sequence[OrderReport]:
    def read(_: Any) -> Sequence[OrderReport]:
        # The last one asked for is the newest; a stop that was met between two lists is told by the later one.
        orders = {row["id"]: read_order(row, symbol_of(row["symbol"])) for row in plain}
        moved = {report.client_order_id for report in orders.values()}
        waiting = [
            read_stop(row, symbol_of(row["symbol"]), at) for row in stops if row["clientOid"] not in moved
        ]
        return (*(report for report in waiting if report is not None), *orders.values())

    return read_answer(HttpAnswer(200, plain), read, is_write=False)

"""One account at Binance's spot market behind the broker protocol.

A report of one order bears the fills that the venue lists for it; lists of orders come without them. A quantity is
told as soon as the venue has counted it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from shared.brokers.base import Balance, KeyRights, NotFound, Replacement
from shared.brokers.ccxt import binance_history
from shared.brokers.ccxt.binance_history import ask
from shared.brokers.ccxt.binance_listings import Listing, venue_symbol
from shared.brokers.ccxt.binance_orders import (
    Params,
    lookup_params,
    order_params,
    pair_lookup_params,
    pair_params,
    replacing_params,
)
from shared.brokers.ccxt.binance_pairs import (
    failure_of_replacement,
    name_passed_leg,
    read_canceled_pair,
    read_pair,
    read_replacement,
)
from shared.brokers.ccxt.binance_place import Place, Session
from shared.brokers.ccxt.binance_refusals import REPLACEMENT_FAILED, failure
from shared.brokers.ccxt.binance_reports import (
    read_account_rights,
    read_balances,
    read_canceled,
    read_fills,
    read_listed,
    read_placed,
    read_restrictions,
)
from shared.brokers.ccxt.binance_words import CANCEL_REFUSED_CODE, NO_SUCH_ORDER, code_of
from shared.brokers.http import HttpAnswer, read_answer
from shared.domain.errors import TradeError
from shared.domain.money import ZERO
from shared.domain.orders import (
    FillReport,
    OrderLookup,
    OrderPair,
    OrderReport,
    OrderRequest,
    OrderType,
    PairLookup,
)

T = TypeVar("T")

ORDER_ENDPOINT = "GET /api/v3/order"


class BinanceBroker:
    """One account; its session signs with its key alone, the place is shared."""

    def __init__(self, place: Place, session: Session) -> None:
        self._place = place
        self._session = session

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """POST one order, once."""
        params = order_params(request, await self._listing(request))
        answer = await self._write("order", params, request)
        if not answer.is_ok:
            raise failure(answer, is_write=True, request=request)
        report = read_answer(
            answer, lambda said: read_placed(said, request.symbol, request.client_order_id), is_write=True
        )
        return await self._complete_placed(report)

    async def submit_pair(self, pair: OrderPair) -> tuple[OrderReport, OrderReport]:
        """POST a stop and a target as one list, which the venue takes whole or not at all."""
        params = pair_params(pair, await self._listing(pair.stop))
        answer = await self._write("orderList/oco", params, pair.stop)
        if not answer.is_ok:
            error = failure(answer, is_write=True, request=pair.stop)
            raise await name_passed_leg(self._session.public, pair, error)
        stop, target = read_answer(answer, lambda said: read_pair(said, pair), is_write=True)
        return await self._complete_placed(stop), await self._complete_placed(target)

    async def replace_order(self, request: OrderRequest, replaced: OrderLookup) -> Replacement:
        """POST a cancel and an order as one; where the cancel fails the order is not attempted."""
        params = order_params(request, await self._listing(request)) | replacing_params(replaced)
        answer = await self._write("order/cancelReplace", params, request)
        if code_of(answer) in REPLACEMENT_FAILED:
            raise failure_of_replacement(answer, request)
        if not answer.is_ok:
            raise failure(answer, is_write=True, request=request)
        done = read_answer(answer, lambda said: read_replacement(said, request, replaced), is_write=True)
        placed = await self._complete_placed(done.placed)
        return Replacement(placed, await self._complete_replaced(done.replaced))

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """DELETE an order, with a leg its whole pair; one that has ended is looked up and reported as it is."""
        answer = await self._session.send("DELETE", "order", lookup_params(lookup))
        if code_of(answer) == CANCEL_REFUSED_CODE:
            return await self.fetch_order(lookup)
        if not answer.is_ok:
            raise failure(answer, is_write=True)
        report = read_answer(
            answer, lambda said: read_canceled(said, lookup.symbol, lookup.client_order_id), is_write=True
        )
        # A failure from here on is a failed read: who cancels again is told the end.
        return await self._with_fills(report)

    async def cancel_pair(self, lookup: PairLookup) -> tuple[OrderReport, OrderReport] | NotFound:
        """DELETE a list whole; one that rests no more is looked up, leg by leg."""
        answer = await self._session.send("DELETE", "orderList", pair_lookup_params(lookup))
        if code_of(answer) == CANCEL_REFUSED_CODE:
            legs = await asyncio.gather(self.fetch_order(lookup.stop), self.fetch_order(lookup.target))
            stop, target = legs
            found = not isinstance(stop, NotFound) and not isinstance(target, NotFound)
            return (stop, target) if found else NotFound(ORDER_ENDPOINT)  # type: ignore[return-value]
        if not answer.is_ok:
            raise failure(answer, is_write=True)
        canceled = read_answer(answer, lambda said: read_canceled_pair(said, lookup), is_write=True)
        return await self._with_fills(canceled[0]), await self._with_fills(canceled[1])

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """GET one order, and its executions if it has any."""
        answer = await self._session.send("GET", "order", lookup_params(lookup))
        if code_of(answer) in NO_SUCH_ORDER:
            return NotFound(ORDER_ENDPOINT)
        if not answer.is_ok:
            raise failure(answer, is_write=False)
        report = read_answer(answer, lambda row: read_listed(row, lookup.symbol), is_write=False)
        return await self._with_fills(report)

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List orders of a symbol made since a moment, and all that are open, without their fills."""
        name = venue_symbol(symbol)
        made, still_open = await asyncio.gather(
            binance_history.list_since(self._session, binance_history.ORDERS, name, since, self._place.now()),
            ask(self._session, "openOrders", {"symbol": name}, _by_order_id),
        )
        # Asked at the same time, either list may be the newer one.
        newest = made | {
            number: row
            for number, row in still_open.items()
            if number not in made or row["updateTime"] > made[number]["updateTime"]
        }
        return _read_rows(newest, lambda rows: tuple(read_listed(row, symbol) for row in rows.values()))

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders, without their fills; of one symbol for a thirteenth of the weight of all."""
        if symbol is not None:
            params = {"symbol": venue_symbol(symbol)}
            return await ask(
                self._session,
                "openOrders",
                params,
                lambda rows: tuple(read_listed(row, symbol) for row in rows),
            )
        listings = await self._place.listings(self._session.public)
        return await ask(
            self._session,
            "openOrders",
            {},
            lambda rows: tuple(read_listed(row, listings.symbol_of(row["symbol"])) for row in rows),
        )

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one instrument since a moment; they name the venue's order ids only."""
        found = await binance_history.list_since(
            self._session, binance_history.TRADES, venue_symbol(symbol), since, self._place.now()
        )
        return _read_rows(found, lambda rows: read_fills(rows.values(), symbol))

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read all balances that are not empty."""
        return await ask(self._session, "account", {"omitZeroBalances": "true"}, read_balances)

    async def fetch_key_rights(self) -> KeyRights:
        """Read what the account's key may do; a sandbox tells only what the account may."""
        if self._place.tells_rights:
            return await ask(self._session, "account/apiRestrictions", {}, read_restrictions, api="sapi")
        return await ask(self._session, "account", {"omitZeroBalances": "true"}, read_account_rights)

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

    async def _listing(self, request: OrderRequest) -> Listing | None:
        # Only a stop must know which kinds of orders the symbol takes.
        if request.order_type is not OrderType.STOP:
            return None
        return (await self._place.listings(self._session.public, request.symbol)).find(request.symbol)

    async def _write(self, path: str, params: Params, request: OrderRequest) -> HttpAnswer:
        return await self._session.send("POST", path, params, send_before=request.send_before)

    async def _with_fills(self, report: OrderReport) -> OrderReport:
        if report.filled_quantity <= _total(report.fills):
            return report
        symbol, order_id = report.symbol, report.venue_order_id
        found = await binance_history.list_trades_of(self._session, venue_symbol(symbol), order_id)
        fills = _read_rows(found, lambda rows: read_fills(rows.values(), symbol, report.client_order_id))
        # What the venue has counted and does not list yet is asked for again by whoever keeps the order.
        return replace(report, fills=fills)

    async def _complete_placed(self, report: OrderReport) -> OrderReport:
        # The order is there, whatever becomes of the question about its fills.
        try:
            return await self._with_fills(report)
        except TradeError:
            return report

    async def _complete_replaced(self, report: OrderReport | None) -> OrderReport | None:
        try:
            return None if report is None else await self._with_fills(report)
        except TradeError:
            return None


def _by_order_id(rows: Any) -> binance_history.Rows:
    return {int(row["orderId"]): row for row in rows}


def _read_rows(rows: binance_history.Rows, read: Callable[[binance_history.Rows], T]) -> T:
    return read_answer(HttpAnswer(200, rows), read, is_write=False)


def _total(fills: Sequence[FillReport]) -> Decimal:
    return sum((fill.quantity for fill in fills), ZERO)

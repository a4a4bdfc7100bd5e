"""One account at Binance's USD-M futures behind the broker protocol, with what positions on margin add.

A report of one order bears the fills that the venue lists for it; lists of orders come without them. A quantity is
told as soon as the venue has counted it. What the venue closes itself (liquidation, deleveraging) comes as executions
of orders that are not ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shared.brokers.base import Balance, KeyRights, NotFound
from shared.brokers.ccxt import binance_futures_lists as lists
from shared.brokers.ccxt import binance_history
from shared.brokers.ccxt.binance_futures_margin import MarginSide
from shared.brokers.ccxt.binance_futures_orders import (
    ALGO,
    ORDER,
    algo_id_of,
    algo_params,
    order_params,
    write_order,
)
from shared.brokers.ccxt.binance_futures_refusals import TOO_PRECISE, WORDS, name_precision
from shared.brokers.ccxt.binance_futures_reports import (
    as_of_algo,
    read_account_rights,
    read_actual_id,
    read_algo,
    read_balances,
    read_canceled,
    read_fills,
    read_listed,
    read_placed,
    read_restrictions,
)
from shared.brokers.ccxt.binance_history import ask
from shared.brokers.ccxt.binance_listings import venue_symbol
from shared.brokers.ccxt.binance_place import Place, Session
from shared.brokers.ccxt.binance_words import CANCEL_REFUSED_CODE, NO_SUCH_ORDER, code_of
from shared.brokers.http import HttpAnswer, read_answer
from shared.domain.errors import TradeError
from shared.domain.money import ZERO
from shared.domain.orders import FillReport, OrderLookup, OrderReport, OrderRequest

ORDER_ENDPOINT = "GET /fapi/v1/order"
ALGO_ENDPOINT = "GET /fapi/v1/algoOrder"
_GONE = NO_SUCH_ORDER | {CANCEL_REFUSED_CODE}


class BinanceFuturesBroker(MarginSide):
    """One account; its session signs with its key alone, the place is shared.

    `rights` signs for the address that tells what a key may do; None where there is none.
    """

    def __init__(self, place: Place, session: Session, rights: Session | None) -> None:
        super().__init__(session)
        self._place = place
        self._rights = rights

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """POST one order, once; one that waits for a price goes to the service for those."""
        written = write_order(request)
        answer = await self._session.send(
            "POST", written.path, written.params, send_before=request.send_before
        )
        if not answer.is_ok:
            raise await self._refusal(answer, request)
        symbol, client_order_id = request.symbol, request.client_order_id
        if written.waits_for_a_price:
            now = self._place.now()
            return read_answer(
                answer, lambda row: read_algo(row, symbol, now, client_order_id), is_write=True
            )
        report = read_answer(answer, lambda row: read_placed(row, symbol, client_order_id), is_write=True)
        try:
            return await self._with_fills(report)
        except TradeError:
            # The order is there, whatever becomes of the question about its fills.
            return report

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """DELETE an order of either kind; one that has ended is looked up and reported as it is."""
        # Where we do not know which kind it is, both are asked; where it has been triggered, what came of it.
        knows_number = lookup.venue_order_id is not None and algo_id_of(lookup) is None
        if algo_id_of(lookup) is None and (ended := await self._cancel_order(lookup)) is not None:
            return ended
        if not knows_number and await self._cancel_algo(lookup):
            return await self.fetch_order(lookup)
        found = await self.fetch_order(lookup)
        if isinstance(found, NotFound) or not found.open_quantity:
            return found
        became = replace(lookup, venue_order_id=found.venue_order_id)
        if became == lookup or algo_id_of(became) is not None:
            return found
        return await self._cancel_order(became) or await self.fetch_order(became)

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """GET one order of either kind, and its executions if it has any.

        Raises like any read; a not-found is only told where each kind that it may be of was asked and said so.
        """
        if algo_id_of(lookup) is None:
            found = await self._find_order(lookup, lookup.client_order_id)
            if found is not None or lookup.venue_order_id is not None:
                return NotFound(ORDER_ENDPOINT) if found is None else await self._with_fills(found)
        return await self._find_algo(lookup)

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List orders of a symbol made since a moment, and all that are open, without their fills."""
        return await lists.list_since(self._session, symbol, since, self._place.now())

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders, without their fills; of one symbol for a fortieth of the weight of all."""
        listings = None if symbol is not None else await self._place.listings(self._session.public)
        return await lists.list_open(self._session, symbol, listings, self._place.now())

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one contract since a moment; they name the venue's order ids only."""
        found = await binance_history.list_since(
            self._session, lists.TRADES, venue_symbol(symbol), since, self._place.now()
        )
        return read_answer(
            HttpAnswer(200, found), lambda rows: read_fills(rows.values(), symbol), is_write=False
        )

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read the wallet of each asset that is not empty; what open positions would bring is not in it."""
        return await ask(self._session, "balance", {}, read_balances, api="fapiPrivateV3")

    async def fetch_key_rights(self) -> KeyRights:
        """Read what the account's key may do; a sandbox tells only what the account may."""
        if self._rights is not None:
            return await ask(self._rights, "account/apiRestrictions", {}, read_restrictions, api="sapi")
        return await ask(self._session, "accountConfig", {}, read_account_rights)

    async def close(self) -> None:
        """Do nothing: connections are shared and closed by the adapter."""

    async def _refusal(self, answer: HttpAnswer, request: OrderRequest) -> TradeError:
        error = WORDS.failure(answer, is_write=True, request=request)
        if code_of(answer) != TOO_PRECISE:
            return error
        try:
            listings = await self._place.listings(self._session.public, request.symbol)
        except TradeError:
            return error
        listing = listings.find(request.symbol)
        return error if listing is None else name_precision(request, listing.instrument)

    async def _cancel_order(self, lookup: OrderLookup) -> OrderReport | None:
        """Cancel an order that works; None where none does under such a name."""
        answer = await self._session.send("DELETE", ORDER, order_params(lookup))
        if code_of(answer) in _GONE:
            return None
        if not answer.is_ok:
            raise WORDS.failure(answer, is_write=True)
        report = read_answer(
            answer, lambda row: read_canceled(row, lookup.symbol, lookup.client_order_id), is_write=True
        )
        # A failure from here on is a failed read: who cancels again is told the end.
        return await self._with_fills(report)

    async def _cancel_algo(self, lookup: OrderLookup) -> bool:
        """Cancel an order that waits, which is answered without its state; False where none does."""
        answer = await self._session.send("DELETE", ALGO, algo_params(lookup))
        if code_of(answer) in _GONE:
            return False
        if not answer.is_ok:
            raise WORDS.failure(answer, is_write=True)
        return True

    async def _find_order(self, lookup: OrderLookup, client_order_id: str) -> OrderReport | None:
        answer = await self._session.send("GET", ORDER, order_params(lookup))
        if code_of(answer) in NO_SUCH_ORDER:
            return None
        if not answer.is_ok:
            raise WORDS.failure(answer, is_write=False)
        return read_answer(
            answer, lambda row: read_listed(row, lookup.symbol, client_order_id), is_write=False
        )

    async def _find_algo(self, lookup: OrderLookup) -> OrderReport | NotFound:
        answer = await self._session.send("GET", ALGO, algo_params(lookup))
        if code_of(answer) in _GONE:
            return NotFound(ALGO_ENDPOINT)
        if not answer.is_ok:
            raise WORDS.failure(answer, is_write=False)
        actual = read_answer(answer, read_actual_id, is_write=False)
        if actual is not None:
            became = OrderLookup(lookup.client_order_id, lookup.symbol, actual)
            found = await self._find_order(became, lookup.client_order_id)
            if found is not None:
                return await self._with_fills(as_of_algo(found, answer.payload))
        symbol, now = lookup.symbol, self._place.now()
        return read_answer(
            answer, lambda row: read_algo(row, symbol, now, lookup.client_order_id), is_write=False
        )

    async def _with_fills(self, report: OrderReport) -> OrderReport:
        if report.filled_quantity <= _total(report.fills):
            return report
        symbol, order_id = report.symbol, report.venue_order_id
        found = await binance_history.list_trades_of(
            self._session, venue_symbol(symbol), order_id, lists.TRADES
        )
        fills = read_answer(
            HttpAnswer(200, found),
            lambda rows: read_fills(rows.values(), symbol, report.client_order_id),
            is_write=False,
        )
        # What the venue has counted and does not list yet is asked for again by whoever keeps the order.
        return replace(report, fills=fills)


def _total(fills: Sequence[FillReport]) -> Decimal:
    return sum((fill.quantity for fill in fills), ZERO)

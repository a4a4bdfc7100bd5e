"""The paper broker: our own venue behind the broker protocol, over a store and a quote source handed in."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from shared.brokers import paper_book
from shared.brokers.base import Balance, MarketData, NotFound, Quote
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.factory import AccountAccess
from shared.brokers.gate import check_send_gate
from shared.brokers.paper_state import POT_ASSET, BookChange, PaperBook, PaperOrder, PaperRules, report_order
from shared.brokers.rows import paper
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.instruments import Instrument
from shared.domain.money import ZERO
from shared.domain.orders import FillReport, OrderLookup, OrderReport, OrderRequest

ORDERS_ENDPOINT = "paper.orders"

Decide = Callable[[PaperBook], BookChange | None]


class PaperStore(Protocol):
    """Where paper accounts live; blocking, called from threads.

    Every method raises PermanentError(UNKNOWN_ACCOUNT) for an account that was never created and
    RetryableError when the store does not answer. `submit` and `change` are atomic; they may call
    `decide` more than once, and raise AmbiguousError only where a commit may have happened.
    """

    def create_account(self, account_id: str, opening_balance: Decimal, at: datetime) -> bool:
        """Open an account with cash if there is none; tell whether it was created."""
        ...

    def submit(self, account_id: str, request: OrderRequest, at: datetime, decide: Decide) -> BookChange:
        """Apply one submit and log it, refused ones too, before this returns or raises."""
        ...

    def change(self, account_id: str, decide: Decide) -> BookChange | None:
        """Apply one change; None if `decide` found nothing to change."""
        ...

    def find_book(self, account_id: str) -> PaperBook:
        """Read an account's book."""
        ...

    def find_order(self, account_id: str, lookup: OrderLookup) -> PaperOrder | None:
        """Find an order by the venue's id, else the newest by client order id.

        None is proof once the order's `send_before` has passed: a submit that had begun before the
        question starts over because of it, and is then refused as too late.
        """
        ...

    def list_orders(self, account_id: str, symbol: str, since: datetime) -> Sequence[PaperOrder]:
        """List open orders of a symbol, and those that changed since a moment."""
        ...

    def list_fills(
        self,
        account_id: str,
        *,
        symbol: str,
        since: datetime | None = None,
        venue_order_id: str | None = None,
    ) -> Sequence[FillReport]:
        """List fills of a symbol in order of time, of one order or since a moment."""
        ...

    def list_waiting(self, symbols: Sequence[str]) -> Sequence[tuple[str, PaperOrder]]:
        """List open orders of all accounts on these symbols, with their account ids."""
        ...


class PaperBroker:
    """One paper account.

    Parameters
    ----------
    market_data
        Where instruments and quotes come from; its time is the venue's time of a fill.
    clock
        The venue's clock, aware UTC.
    """

    def __init__(
        self,
        account_id: str,
        store: PaperStore,
        market_data: MarketData,
        rules: PaperRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._account_id = account_id
        self._store = store
        self._market_data = market_data
        self._rules = rules
        self._clock = clock

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """Send one order, once; raises PermanentError with a `codes.Refusal`, DuplicateOrderId."""
        market = await self._market(request.symbol)

        def decide(book: PaperBook) -> BookChange:
            # On every try, because a conflict with another submit may have taken time.
            check_send_gate()
            if market is None:
                raise PermanentError(Refusal.UNKNOWN_SYMBOL, f"{request.symbol} is not traded here")
            instrument, quote = market
            return paper_book.submit(book, request, instrument, quote, self._rules, self._clock())

        change = await asyncio.to_thread(self._store.submit, self._account_id, request, self._clock(), decide)
        return report_order(change.orders[0], change.fills)

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """Cancel an order; one that has ended is reported as it is."""

        def decide(book: PaperBook) -> BookChange | None:
            order = book.find_open(lookup.client_order_id)
            if order is None or lookup.venue_order_id not in {None, order.venue_order_id}:
                return None
            return paper_book.cancel(book, lookup.client_order_id, self._clock())

        await asyncio.to_thread(self._store.change, self._account_id, decide)
        return await self.fetch_order(lookup)

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """Look an order up, with all its fills."""
        return await asyncio.to_thread(self._look_up, lookup)

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List open orders of a symbol and those that changed since a moment, without their fills."""
        orders = await asyncio.to_thread(self._store.list_orders, self._account_id, symbol, since)
        return tuple(report_order(order) for order in orders)

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders, without their fills."""
        book = await asyncio.to_thread(self._store.find_book, self._account_id)
        return tuple(report_order(order) for order in book.open_orders if symbol in (None, order.symbol))

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one instrument since a moment, in order of time."""
        return await asyncio.to_thread(self._list_fills, symbol, since)

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read the pot (asset USDT) and every asset held."""
        book = await asyncio.to_thread(self._store.find_book, self._account_id)
        listed = await self._market_data.fetch_instruments(tuple(book.positions))
        instruments = {instrument.symbol: instrument for instrument in listed}
        return (Balance(POT_ASSET, book.cash, book.free_cash()), *_holdings(book, instruments))

    async def close(self) -> None:
        """Do nothing: the store and the quote source belong to whoever handed them in."""

    async def _market(self, symbol: str) -> tuple[Instrument, Quote] | None:
        instruments = await self._market_data.fetch_instruments((symbol,))
        if not instruments:
            return None
        quotes = await self._market_data.fetch_quotes((symbol,))
        if not quotes:
            raise RetryableError(Doubt.NO_QUOTE, f"no price of {symbol} now")
        return instruments[0], quotes[0]

    def _look_up(self, lookup: OrderLookup) -> OrderReport | NotFound:
        order = self._store.find_order(self._account_id, lookup)
        if order is None:
            return NotFound(ORDERS_ENDPOINT)
        fills = self._store.list_fills(
            self._account_id, symbol=order.symbol, venue_order_id=order.venue_order_id
        )
        return report_order(order, fills)

    def _list_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        return self._store.list_fills(self._account_id, symbol=symbol, since=since)


class PaperAdapter:
    """The paper venue's doors: every paper account shares one store and one quote source."""

    def __init__(
        self, store: PaperStore, market_data: MarketData, rules: PaperRules, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._market_data = market_data
        self._rules = rules
        self._clock = clock

    @property
    def venue(self) -> Venue:
        """The paper venue."""
        return paper.VENUE

    def open_broker(self, access: AccountAccess) -> PaperBroker:
        """Open one account; it must have been created in the store before its first use."""
        return PaperBroker(access.account_id, self._store, self._market_data, self._rules, self._clock)

    def open_market_data(self, environment: Environment, base_url: str | None) -> MarketData:  # noqa: ARG002 the protocol's signature; paper has one source for all
        """Give the quote source that paper orders trade against."""
        return self._market_data

    async def close(self) -> None:
        """Release the quote source."""
        await self._market_data.close()


def _holdings(book: PaperBook, instruments: Mapping[str, Instrument]) -> list[Balance]:
    # A symbol that is no longer listed, such as an expired option, stands for itself.
    totals: dict[str, Decimal] = {}
    free: dict[str, Decimal] = {}
    for symbol, held in book.positions.items():
        asset = instruments[symbol].base if symbol in instruments else symbol
        totals[asset] = totals.get(asset, ZERO) + held
        free[asset] = free.get(asset, ZERO) + book.free_position(symbol)
    return [Balance(asset, totals[asset], free[asset]) for asset in sorted(totals)]

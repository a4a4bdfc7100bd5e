"""One account at a venue's own sandbox, or wherever the venue is played, as the sandbox cards meet it."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from shared.brokers.base import Broker, MarketData, NotFound, Quote
from shared.brokers.capabilities import Capabilities
from shared.brokers.factory import AccountAccess, BrokerFactory
from shared.domain.instruments import Instrument
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, OrderType
from shared.domain.signals import Side

Answer = TypeVar("Answer")
RESTING = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.3
_FAR_BELOW = Decimal("0.7")
_SMALL = Decimal("1.2")
_EXPIRY = timedelta(seconds=5)


class NotOfferedError(Exception):
    """Raised by a card about something that the venue does not do; its words say what."""


@dataclass
class Desk:
    """An open account, one instrument of it, and what its venue says that it can do.

    `began` is when the cards began (aware UTC); `placed` are all orders that were sent, so that none is left resting.
    """

    broker: Broker
    market: MarketData
    row: Capabilities
    instrument: Instrument
    quote: Quote
    quote_asset: str
    began: datetime
    placed: list[OrderRequest] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        """What is traded."""
        return self.instrument.symbol

    @property
    def quantity(self) -> Decimal:
        """Return a quantity that is worth a little more than the venue's least, at a price where orders rest too."""
        lot, least = self.instrument.lot, self.instrument.minimum_notional * _SMALL
        value = self.instrument.notional(Decimal(1), self.far_below)
        lots = max((least / value / lot).to_integral_value(rounding="ROUND_UP"), Decimal(1))
        wanted = lots * lot
        return wanted if self.row.is_about(wanted) else max(wanted, Decimal(1)).to_integral_value("ROUND_UP")

    @property
    def far_below(self) -> Decimal:
        """Return a price at which a purchase rests and nothing is bought."""
        return self.instrument.floor_price(self.quote.bid * _FAR_BELOW)

    def request(self, **changes: Any) -> OrderRequest:
        """Write a small purchase that rests far below the market, changed as a card wants."""
        fields: dict[str, Any] = {
            "client_order_id": uuid.uuid4().hex,
            "symbol": self.symbol,
            "side": Side.BUY,
            "order_type": OrderType.LIMIT,
            "time_in_force": self.row.longest_time_in_force,
            "quantity": self.quantity,
            "limit_price": self.far_below,
            "send_before": datetime.now(UTC) + _EXPIRY if self.row.takes_expiry else None,
        }
        return OrderRequest(**{**fields, **changes})

    def at_market(self, **changes: Any) -> OrderRequest:
        """Write an order at market."""
        return self.request(order_type=OrderType.MARKET, limit_price=None, **changes)

    async def submit(self, request: OrderRequest) -> OrderReport:
        """Send an order and remember it."""
        self.placed.append(request)
        return await self.broker.submit_order(request)

    async def look_up(self, request: OrderRequest, venue_order_id: str | None = None) -> OrderReport:
        """Ask for an order by its client order id until the venue shows it; with the venue's own id once it is known."""

        async def ask() -> OrderReport | None:
            found = await self.broker.fetch_order(self.lookup(request, venue_order_id))
            return None if isinstance(found, NotFound) else found

        return await until(ask, f"{request.client_order_id} is found")

    def lookup(self, request: OrderRequest, venue_order_id: str | None = None) -> OrderLookup:
        """Return how an order is asked for."""
        return OrderLookup(request.client_order_id, request.symbol, venue_order_id)

    async def held(self) -> Decimal:
        """Return how much of the instrument the account has by what its fills say since the cards began."""
        fills = await self.broker.fetch_fills(self.symbol, self.began)
        signed = {fill.venue_fill_id: fill for fill in fills}.values()
        return sum(
            (fill.quantity if fill.side is Side.BUY else -fill.quantity for fill in signed), Decimal(0)
        )

    async def tidy_up(self) -> None:
        """Cancel whatever a card has left resting."""
        for request in self.placed:
            found = await self.broker.fetch_order(self.lookup(request))
            if isinstance(found, OrderReport) and found.status in RESTING:
                await self.broker.cancel_order(self.lookup(request, found.venue_order_id))


async def open_desk(factory: BrokerFactory, access: AccountAccess, row: Capabilities, symbol: str) -> Desk:
    """Open an account and read what is needed of its instrument.

    Raises
    ------
    ValueError
        If the venue does not list the symbol or tells no price of it.
    TradeError
        As the venue answers.
    """
    venue = factory.find_venue(access.venue)
    market = factory.open_market_data(access.venue, access.environment, access.base_url)
    instruments = await market.fetch_instruments([symbol])
    quotes = await market.fetch_quotes([symbol])
    if not instruments or not quotes:
        raise ValueError(
            f"{venue.title} lists no {symbol}, or tells no price of it; name another with --symbol"
        )
    return Desk(
        broker=factory.open_broker(access),
        market=market,
        row=row,
        instrument=instruments[0],
        quote=quotes[0],
        quote_asset=venue.money(access.environment),
        began=datetime.now(UTC) - timedelta(seconds=1),
    )


async def until(ask: Callable[[], Awaitable[Answer | None]], what: str) -> Answer:
    """Ask until there is an answer, for some seconds: a sandbox may show an order a moment after it took it."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        answer = await ask()
        if answer is not None:
            return answer
        assert time.monotonic() < ends_at, f"waited {_PATIENCE_SECONDS:g} s in vain: {what}"
        await asyncio.sleep(_LOOK_SECONDS)

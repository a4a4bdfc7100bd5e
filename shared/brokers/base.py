"""The protocol every venue's adapter keeps; what a venue can do stands in its capability rows.

An adapter speaks reports and the three error families of `shared.domain.errors`, nothing else.
Exception classes of a client library never prove that a write did not leave: only the transport's
own record that no request byte was written does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from shared.brokers.weights import VenueLimits
from shared.domain.instruments import Instrument
from shared.domain.orders import FillReport, OrderLookup, OrderPair, OrderReport, OrderRequest, PairLookup


@dataclass(frozen=True, slots=True)
class Balance:
    """One asset of an account; `free` is what new orders may use."""

    asset: str
    total: Decimal
    free: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """Best prices of one instrument at `at` (UTC)."""

    symbol: str
    bid: Decimal
    ask: Decimal
    at: datetime
    synthetic: bool = False

    @property
    def middle(self) -> Decimal:
        """The price half way between bid and ask."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class NotFound:
    """A typed, healthy answer that the venue has no such order; never built from an exception."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """What one replacing write did: `replaced` is None where the venue does not say what became of it."""

    placed: OrderReport
    replaced: OrderReport | None = None


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What a key may do; None where the venue does not tell."""

    can_trade: bool | None
    can_withdraw: bool | None
    is_bound_to_addresses: bool | None


class Broker(Protocol):
    """One account at one venue.

    Every method may raise RetryableError (read failed, or a write of which no byte left),
    PermanentError (a proof of refusal) and, for writes only, AmbiguousError.
    """

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """Send one order, once; a duplicate id raises DuplicateOrderId."""
        ...

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """Ask for a cancel; may be repeated. NotFound is no proof of anything."""
        ...

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """Look up one order by its client order id: the first of two endpoints."""
        ...

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List open and finished orders since a moment: the second endpoint of a look-up."""
        ...

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders of the account, of one symbol where given; absence from it proves nothing alone."""
        ...

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one instrument since a moment."""
        ...

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read all balances."""
        ...

    async def close(self) -> None:
        """Release connections; the broker is not used afterwards."""
        ...


@runtime_checkable
class PairingBroker(Protocol):
    """A broker of a venue whose cover is PAIRED."""

    async def submit_pair(self, pair: OrderPair) -> tuple[OrderReport, OrderReport]:
        """Send a stop and a target in one write, both or neither; returns the stop's report and the target's.

        Raises like `Broker.submit_order`. A cancel of either takes both away.
        """
        ...

    async def cancel_pair(self, lookup: PairLookup) -> tuple[OrderReport, OrderReport] | NotFound:
        """Ask for a cancel of both in one write; NotFound where the pair rests no more, which is no proof."""
        ...


@runtime_checkable
class ReplacingBroker(Protocol):
    """A broker of a venue that replaces a resting order in one write."""

    async def replace_order(self, request: OrderRequest, replaced: OrderLookup) -> Replacement:
        """Cancel one order and place another, in one write; where the cancel fails, nothing is placed.

        Raises like `Broker.submit_order`; PermanentError(REPLACED_ORDER_GONE) where the order to be replaced
        rests no more: nothing was placed.
        """
        ...


@runtime_checkable
class KeyedBroker(Protocol):
    """A broker whose venue tells what a key may do."""

    async def fetch_key_rights(self) -> KeyRights:
        """Read what the account's key may do."""
        ...


@runtime_checkable
class LimitedMarket(Protocol):
    """A venue that publishes what it lets one address and one account ask."""

    async def fetch_limits(self) -> VenueLimits:
        """Read the limits in force."""
        ...

    def used_weight(self, local_address: str | None) -> int:
        """Return the weight that the venue said last an address of ours has used this minute; 0 where it said none."""
        ...


class MarketData(Protocol):
    """A venue's public side: instruments and quotes, no account needed."""

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        """List what can be traded, with its rules; options are found only by their symbols.

        Given `symbols`, the answer holds those of them that exist; unknown ones are left out.
        """
        ...

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        """Read quotes for several instruments in one call; unknown symbols are left out."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...

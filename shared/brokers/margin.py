"""What brokers of venues add where positions are held on margin: terms, positions, funding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from shared.domain.signals import Side


@dataclass(frozen=True, slots=True)
class MarginTerms:
    """The terms on which an account holds one symbol, as the venue reads them back.

    `is_hedged`: long and short positions are held beside each other, which we refuse. `max_leverage` is the venue's
    for this symbol, `maintenance_rate` the share of a position's value below which it is liquidated.
    """

    symbol: str
    leverage: int
    is_isolated: bool
    is_hedged: bool
    max_leverage: int
    maintenance_rate: Decimal


@dataclass(frozen=True, slots=True)
class PositionReport:
    """A position as the venue reports it; `quantity` is positive, `liquidation_price` None where it has none."""

    symbol: str
    side: Side
    quantity: Decimal
    entry_price: Decimal
    liquidation_price: Decimal | None
    leverage: int
    is_isolated: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class FundingReport:
    """One funding payment: negative where the account has paid; `funding_id` is the venue's and unique there."""

    funding_id: str
    symbol: str
    amount: Decimal
    asset: str
    at: datetime


@runtime_checkable
class MarginBroker(Protocol):
    """A broker whose venue holds positions on margin."""

    async def fetch_margin_terms(self, symbol: str) -> MarginTerms:
        """Read the terms in force for a symbol; raises like any read."""
        ...

    async def set_margin_terms(self, symbol: str, leverage: int) -> MarginTerms:
        """Make a symbol isolated with a leverage, and read back what is in force; may be repeated.

        Raises
        ------
        PermanentError
            HEDGE_MODE where the account holds both sides, MULTI_ASSETS_MODE where its assets stand for every position
            and none can be isolated, POSITION_OPEN where a position or an order forbids the
            change, LEVERAGE_TOO_HIGH where the venue allows less.
        """
        ...

    async def fetch_positions(self, symbol: str | None = None) -> Sequence[PositionReport]:
        """List open positions, of one symbol where given."""
        ...

    async def fetch_funding(self, symbol: str, since: datetime) -> Sequence[FundingReport]:
        """List funding payments of a symbol since a moment."""
        ...

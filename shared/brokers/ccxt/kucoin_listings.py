"""What KuCoin lists, read from `symbols`: each pair's rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.domain.instruments import AssetClass, Instrument
from shared.domain.money import to_plain


@dataclass(frozen=True, slots=True)
class Listing:
    """One pair; one that does not trade now is kept, because orders may rest on it."""

    venue_symbol: str
    instrument: Instrument
    is_trading: bool


class Listings:
    """All that the venue lists, by its own symbols: a pair that was renamed keeps the old one there."""

    def __init__(self, rows: Iterable[Listing]) -> None:
        self._by_venue_symbol = {row.venue_symbol: row for row in rows}

    def symbol_of(self, venue_symbol: str) -> str:
        """Return our symbol for the venue's; what is not listed is taken as it is written."""
        found = self._by_venue_symbol.get(venue_symbol)
        return venue_symbol.replace("-", "/") if found is None else found.instrument.symbol

    def trading(self) -> Iterable[Instrument]:
        """List the instruments that trade now."""
        return (row.instrument for row in self._by_venue_symbol.values() if row.is_trading)


def read_listings(rows: Any) -> Listings:
    """Read the answer of `symbols`; raises KeyError, ValueError or TypeError for what is not one."""
    return Listings([_read_listing(row) for row in rows])


def _read_listing(row: Any) -> Listing:
    base, _, quote = row["symbol"].partition("-")
    instrument = Instrument(
        f"{base}/{quote}",
        AssetClass.CRYPTO,
        base,
        quote,
        tick=_step(row["priceIncrement"]),
        lot=_step(row["baseIncrement"]),
        # Some pairs name none; what their smallest quantity is worth changes with the price.
        minimum_notional=_step(row["minFunds"] or "0"),
    )
    return Listing(row["symbol"], instrument, is_trading=row["enableTrading"] is True)


def _step(text: str) -> Decimal:
    return Decimal(to_plain(Decimal(text)))

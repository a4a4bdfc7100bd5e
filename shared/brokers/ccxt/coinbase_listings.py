"""What Coinbase lists, read from its products: what trades against dollars, and by which steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.domain.instruments import AssetClass, Instrument
from shared.domain.money import ZERO, parse_decimal

MONEY = "USD"
_SPOT = "SPOT"
_ONLINE = "online"
# In each of these states some order that an exit may need is refused.
_BARS = (
    "is_disabled",
    "trading_disabled",
    "cancel_only",
    "limit_only",
    "post_only",
    "auction_mode",
    "view_only",
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One pair; one that does not trade now is kept, because orders may rest on it."""

    instrument: Instrument
    is_trading: bool


class Listings:
    """All that the venue lists against dollars, by our symbols."""

    def __init__(self, rows: Iterable[Listing]) -> None:
        self._by_symbol = {row.instrument.symbol: row for row in rows}

    def find(self, symbol: str) -> Listing | None:
        """Find a listing by our symbol."""
        return self._by_symbol.get(symbol)

    def trading(self) -> Iterable[Instrument]:
        """List the instruments that trade now."""
        return (row.instrument for row in self._by_symbol.values() if row.is_trading)


def read_listings(payload: Any) -> Listings:
    """Read the list of products; those against other money, or without a step, are left out."""
    found = (_read_listing(row) for row in payload["products"] if row["product_type"] == _SPOT)
    return Listings(row for row in found if row is not None)


def our_symbol(product: str) -> str:
    """Write the venue's product as a symbol of ours: `BTC-USD` is `BTC/USD`."""
    return product.replace("-", "/", 1)


def _read_listing(row: Any) -> Listing | None:
    if row["quote_currency_id"] != MONEY:
        return None
    tick = parse_decimal(row.get("price_increment") or row["quote_increment"])
    lot = parse_decimal(row["base_increment"])
    if not (tick and lot):
        return None
    base = row["base_currency_id"]
    least = row.get("quote_min_size")
    return Listing(
        Instrument(
            symbol=our_symbol(row["product_id"]),
            asset_class=AssetClass.CRYPTO,
            base=base,
            quote=MONEY,
            tick=tick,
            lot=lot,
            minimum_notional=parse_decimal(least) if least else ZERO,
        ),
        is_trading=row["status"] == _ONLINE and not any(row.get(bar) for bar in _BARS),
    )

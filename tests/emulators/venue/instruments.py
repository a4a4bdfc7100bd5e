"""What the emulated venue lists: 250 numbered pairs for load, two well-known ones, constant prices."""

from dataclasses import dataclass
from decimal import Decimal

NUMBERED = 250


@dataclass(frozen=True)
class Listing:
    """One pair with its rules and its price at the venue's first start."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    minimum_notional: Decimal
    price: Decimal


def _listing(base: str, price: str, lot: str) -> Listing:
    return Listing(f"{base}/USDT", base, "USDT", Decimal("0.01"), Decimal(lot), Decimal(5), Decimal(price))


LISTINGS: dict[str, Listing] = {
    listing.symbol: listing
    for listing in (
        _listing("BTC", "67250.00", "0.00001"),
        _listing("ETH", "3480.00", "0.0001"),
        *(_listing(f"S{number:03d}", str(10 + number), "0.001") for number in range(1, NUMBERED + 1)),
    )
}

"""What the venue lists: numbered pairs for load and well-known coins, with the rules of each as data."""

from dataclasses import dataclass

from tests.emulators.binance.amounts import UNIT, parse_amount

NUMBERED = 250
MINIMUM_NOTIONAL = 5 * UNIT
MAXIMUM_NOTIONAL = 9_000_000 * UNIT
MAXIMUM_QUANTITY = 92_141_578 * UNIT
MAXIMUM_PRICE = 1_000_000 * UNIT
MAXIMUM_ORDERS = 200
MAXIMUM_CONTINGENT = 5
# A limit price may be a fifth to five times the last price.
PERCENT_UP, PERCENT_DOWN = 5, 5

# Base, price at the venue's first start, tick, step.
_KNOWN = """
BTC 67250.00 0.01 0.00001
ETH 3480.00 0.01 0.0001
BNB 605.00 0.01 0.001
SOL 152.40 0.01 0.001
XRP 0.6120 0.0001 0.1
DOGE 0.12850 0.00001 1
ADA 0.4480 0.0001 0.1
AVAX 36.10 0.01 0.01
LINK 14.75 0.01 0.01
DOT 6.850 0.001 0.01
LTC 84.20 0.01 0.001
BCH 412.00 0.1 0.001
TRX 0.1215 0.0001 0.1
UNI 9.340 0.001 0.01
ATOM 8.640 0.001 0.01
NEAR 5.240 0.001 0.1
APT 8.950 0.001 0.01
ARB 0.9870 0.0001 0.1
OP 2.310 0.001 0.01
SUI 1.1450 0.0001 0.1
SEI 0.4310 0.0001 0.1
INJ 26.40 0.01 0.01
TIA 8.120 0.001 0.01
FET 1.6240 0.0001 0.1
FIL 5.960 0.001 0.01
AAVE 96.50 0.01 0.001
ETC 26.80 0.01 0.01
ZEC 28.40 0.01 0.001
TAO 412.00 0.1 0.0001
WIF 2.480 0.001 0.01
PEPE 0.00001184 0.00000001 1
SHIB 0.00002460 0.00000001 1
BONK 0.00002870 0.00000001 1
EUR 1.0830 0.0001 0.1
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """One pair with its filters, the least an order is worth, and its price at the venue's first start."""

    symbol: str
    base: str
    quote: str
    price: int
    tick: int
    step: int
    least: int = MINIMUM_NOTIONAL


def _listing(base: str, price: str, tick: str, step: str) -> Listing:
    numbers = (parse_amount(text) for text in (price, tick, step))
    return Listing(f"{base}USDT", base, "USDT", *numbers)


LISTINGS: dict[str, Listing] = {
    listing.symbol: listing
    for listing in (
        *(_listing(*row.split()) for row in _KNOWN.split("\n") if row),
        *(_listing(f"S{number:03d}", f"{10 + number}", "0.01", "0.001") for number in range(NUMBERED + 1)),
    )
}
ASSETS: tuple[str, ...] = ("USDT", *(listing.base for listing in LISTINGS.values()))

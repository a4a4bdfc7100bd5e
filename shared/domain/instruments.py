"""What can be traded, and the venue's rules for its prices and quantities."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import ceil_to, floor_to, round_to


class AssetClass(StrEnum):
    """The family an instrument belongs to; rules and defaults are kept per family."""

    CRYPTO = "crypto"
    STOCK = "stock"
    OPTION = "option"
    FOREX = "forex"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable thing at one venue.

    `symbol` is ours: `BTC/USDT`, `AAPL`, `EUR/USD`, or an option in OCC form (`SPY261218C00600000`).
    `tick` is the price step, `lot` the quantity step, `minimum_notional` the smallest order value in
    the quote asset, `multiplier` the units one contract stands for (100 for US options, else 1).
    `max_leverage` is above 1 where positions are held on margin; `maintenance_rate` is the share of a position's value
    below which the venue takes it away.
    """

    symbol: str
    asset_class: AssetClass
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    minimum_notional: Decimal
    multiplier: Decimal = Decimal(1)
    max_leverage: int = 1
    maintenance_rate: Decimal = Decimal(0)

    @property
    def is_margined(self) -> bool:
        """Tell whether positions are held on margin and not paid for in full."""
        return self.max_leverage > 1

    def floor_quantity(self, quantity: Decimal) -> Decimal:
        """Return the largest tradable quantity that is not above `quantity`."""
        return floor_to(quantity, self.lot)

    def round_price(self, price: Decimal) -> Decimal:
        """Return the tick nearest to `price`, at least one tick."""
        return max(round_to(price, self.tick), self.tick)

    def floor_price(self, price: Decimal) -> Decimal:
        """Return the largest tick that is not above `price`."""
        return floor_to(price, self.tick)

    def ceil_price(self, price: Decimal) -> Decimal:
        """Return the smallest tick that is not below `price`."""
        return ceil_to(price, self.tick)

    def notional(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Return the value of `quantity` at `price`, in the quote asset."""
        return quantity * price * self.multiplier


def pip_size(instrument: Instrument) -> Decimal | None:
    """Return one pip in the quote currency; None where the market knows no pips.

    A pip is 0.0001 of a currency pair and 0.01 where the quote is the yen; of metals, quoted in dollars, it is
    0.1 for gold and 0.01 for silver and the others.
    """
    if instrument.asset_class is not AssetClass.FOREX:
        return None
    if instrument.base == "XAU":
        return Decimal("0.1")
    cents = instrument.quote == "JPY" or instrument.base in {"XAG", "XPT", "XPD"}
    return Decimal("0.01") if cents else Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class OptionContract:
    """An option as a message names it; `expiry` is ISO, `MM-DD`, `0DTE`/`1DTE` or unknown."""

    underlying: str
    expiry: str | None
    strike: Decimal | None
    right: str | None


def occ_symbol(underlying: str, expiry_iso: str, strike: Decimal, right: str) -> str:
    """Write an option in the OCC's 21-character form without padding (`SPY261218C00600000`)."""
    year, month, day = expiry_iso.split("-")
    return f"{underlying}{year[2:]}{month}{day}{right}{int(strike * 1000):08d}"

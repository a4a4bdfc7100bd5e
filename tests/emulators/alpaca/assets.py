"""What the emulated Alpaca lists: families of made-up symbols, each told by its first letters, plus a few real names."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_OCC = re.compile(r"(?P<underlying>OPT|AAPL)\d{6}[CP]\d{8}")
_REAL = {"AAPL": True, "BRK.A": False}
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Asset:
    """One thing that can be traded. `part` is the smallest step of a quantity."""

    symbol: str
    kind: str
    part: Decimal
    least_value: Decimal
    is_active: bool = True
    tick: Decimal = CENT

    @property
    def units(self) -> int:
        return 100 if self.kind == "us_option" else 1

    @property
    def held_as(self) -> str:
        """The name that a position has."""
        return self.symbol.replace("/", "")

    def public(self) -> dict[str, Any]:
        """The asset, or the contract, as the API shows it."""
        common = {
            "id": f"asset-{self.held_as}",
            "symbol": self.symbol,
            "status": "active" if self.is_active else "inactive",
            "tradable": self.is_active,
        }
        if self.kind == "us_option":
            found = _OCC.fullmatch(self.symbol)
            underlying = found["underlying"] if found else ""
            return {**common, "size": "100", "ppind": True, "underlying_symbol": underlying, "type": "call"}
        common |= {"class": self.kind, "fractionable": self.part < 1, "name": self.symbol, "shortable": False}
        if self.kind == "crypto":
            steps = {"price_increment": str(self.tick), "min_trade_increment": str(self.part)}
            return {**common, **steps, "min_order_size": str(self.part)}
        return common


def find_asset(symbol: str) -> Asset | None:
    """Know `W...` as whole stocks, `F...` as stocks in parts, `X...` as no more traded, `C.../USD` as crypto and
    OCC symbols of `OPT` and AAPL as options; the rest is unknown."""
    if "/" in symbol:
        base, _, quote = symbol.partition("/")
        if base.startswith("C") and quote in {"USD", "USDT"}:
            return Asset(symbol, "crypto", Decimal("0.001"), Decimal(10))
        return None
    if _OCC.fullmatch(symbol):
        return Asset(symbol, "us_option", Decimal(1), Decimal(0))
    if symbol[:1] in {"W", "X"} and symbol[1:].isdecimal():
        return Asset(symbol, "us_equity", Decimal(1), Decimal(0), is_active=symbol[0] == "W")
    in_parts = symbol[:1] == "F" and symbol[1:].isdecimal()
    if in_parts or symbol in _REAL:
        part = Decimal("0.000000001") if in_parts or _REAL[symbol] else Decimal(1)
        return Asset(symbol, "us_equity", part, Decimal(1))
    return None

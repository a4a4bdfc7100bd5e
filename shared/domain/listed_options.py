"""Options as exchanges list them: what an OCC symbol says, when it ends, and what it is worth then."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.domain.money import ZERO

_OCC = re.compile(r"([A-Z]{1,6})(\d{6})([CP])(\d{8})")
_CLOSE = time(16, tzinfo=ZoneInfo("America/New_York"))


@dataclass(frozen=True, slots=True)
class ListedOption:
    """What an OCC symbol says; `strike` in the quote asset."""

    underlying: str
    expiry: date
    right: str
    strike: Decimal

    @property
    def ends_at(self) -> datetime:
        """The moment of its last trade: four in the afternoon in New York on its day."""
        return datetime.combine(self.expiry, _CLOSE)

    def intrinsic(self, price: Decimal) -> Decimal:
        """Return what it is worth at its end where its underlying stands at `price`; never below nothing."""
        return max(price - self.strike if self.right == "C" else self.strike - price, ZERO)


def read_occ_symbol(symbol: str) -> ListedOption | None:
    """Take an OCC option symbol apart; None if it is none."""
    match = _OCC.fullmatch(symbol)
    if match is None:
        return None
    underlying, digits, right, strike = match.groups()
    try:
        expiry = date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None
    return ListedOption(underlying, expiry, right, Decimal(strike) / 1000)

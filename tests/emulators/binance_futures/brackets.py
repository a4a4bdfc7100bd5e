"""How much leverage each contract allows, and what share of a position must be maintained: one bracket for each."""

from dataclasses import dataclass

from tests.emulators.binance.amounts import UNIT

USUAL_LEVERAGE = 20


@dataclass(frozen=True, slots=True)
class Bracket:
    """The most leverage, and the maintenance share in hundred-millionths."""

    leverage: int
    maintenance: int


# Numbered contracts are like most; the well-known allow more.
_USUAL = Bracket(50, UNIT // 100)
_KNOWN = {"BTC": Bracket(125, UNIT * 4 // 1000), "ETH": Bracket(100, UNIT * 5 // 1000)}


def bracket_of(base: str) -> Bracket:
    """Return the bracket of a contract by its base asset."""
    return _KNOWN.get(base, _USUAL)

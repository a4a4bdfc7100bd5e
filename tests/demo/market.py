"""Levels that fit the moment: the demo's messages name prices in percent of what the tape says now.

    {BTC+1.5}     the price 1.5 % above the ask       {XRP-3,}      the same with a decimal comma
    {F.strike}    a listed strike near the price      {F.expiry}    its expiry, month/day
    {F.premium-30}  that call's premium, 30 % less    {UP.name} {UP.target}  a coin about to rise, and where to

The tape is a function of time, so what it will say in some seconds can be asked as well: that is how a demo
of half a minute has targets that are reached and stops that are hit.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from shared.brokers.base import Quote
from shared.brokers.tape import tape_quote
from shared.brokers.tape_instruments import TAPE_ROWS
from shared.domain.instruments import occ_symbol

Clock = Callable[[], datetime]

_PLACE = re.compile(r"\{([A-Z0-9]+)(?:\.([a-z]+))?([+-]\d+(?:\.\d+)?)?(,)?\}")
_HUNDRED = Decimal(100)
_DIGITS = 5
_EXPIRY_DAYS = 25
_FRIDAY = 4
# When a level is to be passed, in seconds after posting: once the entry is filled and covered, before the end.
_SOON = range(5, 16)
# So many of these seconds lie beyond the level, because prices are looked at only once a second.
_BEYOND = 3
# When a price is to stand above its entry: from the first update of the trade to the end.
_LATER = range(6, 31)


@dataclass(frozen=True)
class Contract:
    """A listed call near the money."""

    underlying: str
    expiry: date
    strike: Decimal

    @property
    def symbol(self) -> str:
        """Its OCC symbol."""
        return occ_symbol(self.underlying, self.expiry.isoformat(), self.strike, "C")


@dataclass(frozen=True)
class Mover:
    """A symbol and a level that its price passes within the next seconds."""

    symbol: str
    level: Decimal


class Market:
    """What the tape says now, as a signal provider would write it.

    Parameters
    ----------
    seed
        The tape's seed, as the workers have it.
    """

    def __init__(self, seed: str, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._seed = seed
        self._clock = clock
        self._movers: dict[str, Mover] = {}

    def render(self, text: str) -> str:
        """Replace every place in braces by its level; KeyError for a name that is not on the tape."""
        return _PLACE.sub(self._fill, text)

    def choose_riser(self, name: str, candidates: Sequence[str]) -> None:
        """Let `name` stand for the candidate whose bid will soon pass the level furthest above its ask."""
        movers = (Mover(one, self._bids(one, _SOON)[-_BEYOND]) for one in map(symbol_of, candidates))
        self._movers[name] = max(movers, key=self._lead)

    def choose_faller(self, name: str, candidates: Sequence[str]) -> None:
        """Let `name` stand for the candidate whose bid will soon pass the level furthest below its ask."""
        movers = (Mover(one, self._bids(one, _SOON)[_BEYOND - 1]) for one in map(symbol_of, candidates))
        self._movers[name] = min(movers, key=self._lead)

    def choose_floater(self, name: str, candidates: Sequence[str]) -> None:
        """Let `name` stand for the candidate whose bid will stay furthest above its ask of now."""
        movers = (Mover(one, self._bids(one, _LATER)[0]) for one in map(symbol_of, candidates))
        self._movers[name] = max(movers, key=self._lead)

    def _bids(self, symbol: str, seconds: range) -> list[Decimal]:
        now = self._clock()
        return sorted(self._quote(symbol, now + timedelta(seconds=ahead)).bid for ahead in seconds)

    def _lead(self, mover: Mover) -> Decimal:
        return mover.level / self._quote(mover.symbol, self._clock()).ask

    def _fill(self, match: re.Match[str]) -> str:
        name, part, percent, comma = match.groups()
        share = 1 + Decimal(percent or 0) / _HUNDRED
        if part in {"strike", "expiry", "premium"}:
            text = self._option_text(self.contract(name), part, share)
        elif name in self._movers:
            text = self._mover_text(self._movers[name], part, share)
        else:
            text = self._level(symbol_of(name), share)
        return text.replace(".", ",") if comma else text

    def _mover_text(self, mover: Mover, part: str | None, share: Decimal) -> str:
        if part == "name":
            return mover.symbol
        return (
            write_price(mover.symbol, mover.level) if part == "target" else self._level(mover.symbol, share)
        )

    def _level(self, symbol: str, share: Decimal) -> str:
        return write_price(symbol, self._quote(symbol, self._clock()).ask * share)

    def contract(self, underlying: str) -> Contract:
        """Return the call just above the price, on the first Friday at least 25 days away."""
        now = self._clock()
        day = now.date() + timedelta(days=_EXPIRY_DAYS)
        day += timedelta(days=(_FRIDAY - day.weekday()) % 7)
        price = self._quote(underlying, now).ask
        step = Decimal(1) if price < 50 else Decimal(5)
        return Contract(underlying, day, (price / step).to_integral_value(rounding="ROUND_CEILING") * step)

    def _option_text(self, contract: Contract, part: str, share: Decimal) -> str:
        if part == "strike":
            return f"{contract.strike.normalize():f}"
        if part == "expiry":
            return f"{contract.expiry:%m/%d}"
        premium = self._quote(contract.symbol, self._clock()).ask * share
        return str(premium.quantize(Decimal("0.01"), ROUND_HALF_UP))

    def _quote(self, symbol: str, at: datetime) -> Quote:
        quote = tape_quote(self._seed, symbol, at)
        if quote is None:
            raise KeyError(f"{symbol} is not on the tape")
        return quote


def symbol_of(name: str) -> str:
    """Return the tape's symbol for a name in a template: BTC, AAPL, EURUSD, XAU."""
    for symbol in (name, f"{name}/USDT", f"{name[:3]}/{name[3:]}", f"{name}/USD"):
        if symbol in TAPE_ROWS:
            return symbol
    raise KeyError(f"{name} is not on the tape")


def write_price(symbol: str, price: Decimal) -> str:
    """Write a price as people do: five digits, and no finer than the instrument's tick."""
    tick = TAPE_ROWS[symbol].instrument.tick
    digits = Decimal(1).scaleb(price.adjusted() - _DIGITS + 1)
    step = max(tick, min(digits, Decimal(1)))
    return f"{(price / step).to_integral_value(ROUND_HALF_UP) * step:f}"

"""The seeded price tape for demo, tests and paper trading: a pure function of (seed, symbol, time).

It keeps no state, so a price survives every restart and is the same in every process and on every
machine: arithmetic is Decimal throughout, because the last digits of the C library's sine differ
between systems. Its quotes are marked synthetic and are shown as such.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from functools import lru_cache

from shared.brokers.base import Quote
from shared.brokers.option_price import price_option
from shared.brokers.tape_instruments import TAPE_ROWS, find_instrument
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.listed_options import read_occ_symbol
from shared.domain.money import ONE, ZERO

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PRECISION = Context(prec=28)

# (period in seconds, share of the price): together under 2 %, and about 0.2 % in a usual minute,
# so that stops and targets near the price are hit while somebody watches.
_WAVES = (
    (7, Decimal("0.0002")),
    (31, Decimal("0.0005")),
    (127, Decimal("0.0012")),
    (521, Decimal("0.0033")),
    (1801, Decimal("0.0050")),
    (7207, Decimal("0.0045")),
    (21601, Decimal("0.0045")),
)
# Forex moves less than the rest; its stops lie nearer.
_CALM = {AssetClass.FOREX: Decimal("0.4")}
_HALF_SPREAD = {
    AssetClass.CRYPTO: Decimal("0.0001"),
    AssetClass.STOCK: Decimal("0.00005"),
    AssetClass.FOREX: Decimal("0.00003"),
    AssetClass.OPTION: Decimal("0.005"),
}
_MARKET_CLOSE = time(20, 0, tzinfo=UTC)
_YEAR = timedelta(days=365)


def tape_quote(seed: str, symbol: str, at: datetime) -> Quote | None:
    """Read the tape at a moment; None for a symbol that is not on it."""
    instrument = find_instrument(symbol, at.astimezone(UTC).date())
    if instrument is None:
        return None
    with localcontext(_PRECISION):
        if instrument.asset_class is AssetClass.OPTION:
            middle = _option_middle(seed, symbol, at)
        else:
            middle = _middle(seed, symbol, at)
        return _around(instrument, middle, at)


class TapeMarketData:
    """The tape as a venue's public side.

    Parameters
    ----------
    seed
        Chooses the walk; the same seed gives the same prices everywhere.
    clock
        Gives the present moment, aware UTC.
    """

    def __init__(self, seed: str, clock: Callable[[], datetime]) -> None:
        self._seed = seed
        self._clock = clock

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        """List the tape's instruments, or those of `symbols` that are on it."""
        if symbols is None:
            return tuple(row.instrument for row in TAPE_ROWS.values())
        today = self._clock().date()
        found = (find_instrument(symbol, today) for symbol in symbols)
        return tuple(instrument for instrument in found if instrument is not None)

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        """Read synthetic quotes as of now; unknown symbols are left out."""
        now = self._clock()
        quotes = (tape_quote(self._seed, symbol, now) for symbol in symbols)
        return tuple(quote for quote in quotes if quote is not None)

    async def close(self) -> None:
        """Do nothing: the tape holds nothing open."""


@lru_cache(maxsize=1024)
def _phases(seed: str, symbol: str) -> tuple[tuple[int, int], ...]:
    # Each symbol gets its own offsets and its own periods, within a fifth, so that no two move alike.
    phases = []
    for index, (period, _) in enumerate(_WAVES):
        digest = hashlib.sha256(f"{seed}\x1f{symbol}\x1f{index}".encode()).digest()
        stretch = 800_000 + int.from_bytes(digest[:4]) % 400_000
        period_us = period * stretch
        phases.append((period_us, int.from_bytes(digest[4:12]) % period_us))
    return tuple(phases)


def _middle(seed: str, symbol: str, at: datetime) -> Decimal:
    row = TAPE_ROWS[symbol]
    now_us = (at - _EPOCH) // _MICROSECOND
    walk = ZERO
    for (period_us, offset_us), (_, share) in zip(_phases(seed, symbol), _WAVES, strict=True):
        walk += share * _wave(Decimal((now_us + offset_us) % period_us) / period_us)
    return row.price * (ONE + walk * _CALM.get(row.instrument.asset_class, ONE))


def _wave(turn: Decimal) -> Decimal:
    # Bhaskara's sine: within 0.002 of the real one, and rational, hence the same everywhere.
    half = turn * 2 if turn * 2 < 1 else turn * 2 - 1
    bow = half * (1 - half)
    height = 16 * bow / (5 - 4 * bow)
    return height if turn * 2 < 1 else -height


def _option_middle(seed: str, symbol: str, at: datetime) -> Decimal:
    option = read_occ_symbol(symbol)
    if option is None:
        raise ValueError(f"not an option: {symbol}")
    left = max(datetime.combine(option.expiry, _MARKET_CLOSE) - at, timedelta(0))
    years = Decimal(left // _MICROSECOND) / Decimal(_YEAR // _MICROSECOND)
    return price_option(_middle(seed, option.underlying, at), option.strike, option.right == "C", years)


def _around(instrument: Instrument, middle: Decimal, at: datetime) -> Quote:
    half = middle * _HALF_SPREAD[instrument.asset_class]
    bid = _to_tick(middle - half, instrument.tick, ROUND_FLOOR)
    ask = max(_to_tick(middle + half, instrument.tick, ROUND_CEILING), bid + instrument.tick)
    return Quote(instrument.symbol, bid, ask, at, synthetic=True)


def _to_tick(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return max((price / tick).to_integral_value(rounding=rounding) * tick, tick)

"""What Binance lists, read from `exchangeInfo`: each instrument's rules and the order types it takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from shared.brokers.rows.binance import LIMITS
from shared.brokers.weights import VenueLimits
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.money import ZERO, to_plain


@dataclass(frozen=True, slots=True)
class Listing:
    """One spot pair or contract; one that does not trade now is kept, because orders may rest on it."""

    venue_symbol: str
    instrument: Instrument
    order_types: frozenset[str]
    is_trading: bool


class Listings:
    """All that a market lists, by our symbols and by its own."""

    def __init__(self, rows: Iterable[Listing], limits: VenueLimits) -> None:
        self.limits = limits
        self._by_symbol = {row.instrument.symbol: row for row in rows}
        self._symbols = {row.venue_symbol: symbol for symbol, row in self._by_symbol.items()}

    def find(self, symbol: str) -> Listing | None:
        """Find a listing by our symbol."""
        return self._by_symbol.get(symbol)

    def symbol_of(self, venue_symbol: str) -> str:
        """Return our symbol for the venue's; what is not listed stands for itself."""
        return self._symbols.get(venue_symbol, venue_symbol)

    def trading(self) -> Iterable[Instrument]:
        """List the instruments that trade now."""
        return (row.instrument for row in self._by_symbol.values() if row.is_trading)


def venue_symbol(symbol: str) -> str:
    """Write our symbol as Binance does: `BTC/USDT` is `BTCUSDT`."""
    return symbol.replace("/", "")


def read_listings(payload: Any) -> Listings:
    """Read the answer of `exchangeInfo`; pairs without a price or quantity step are left out."""
    # Thousands of pairs share a dozen sets of order types.
    kinds: dict[tuple[str, ...], frozenset[str]] = {}
    found = (_read_listing(row, kinds) for row in payload["symbols"] if row["isSpotTradingAllowed"])
    return Listings([row for row in found if row is not None], read_limits(payload.get("rateLimits", ())))


def read_limits(rows: Any) -> VenueLimits:
    """Read the ceilings in force; what each call weighs the venue tells only in its documentation."""
    told = {
        (row["rateLimitType"], row["interval"], int(row["intervalNum"])): int(row["limit"]) for row in rows
    }
    return replace(
        LIMITS,
        weight_per_minute=told.get(("REQUEST_WEIGHT", "MINUTE", 1), LIMITS.weight_per_minute),
        orders_per_10_seconds=told.get(("ORDERS", "SECOND", 10), LIMITS.orders_per_10_seconds),
        orders_per_day=told.get(("ORDERS", "DAY", 1), LIMITS.orders_per_day),
    )


def _read_listing(row: Any, kinds: dict[tuple[str, ...], frozenset[str]]) -> Listing | None:
    filters = {rule["filterType"]: rule for rule in row["filters"]}
    tick = step_of(filters, "PRICE_FILTER", "tickSize")
    lot = step_of(filters, "LOT_SIZE", "stepSize")
    if not (tick and lot):
        return None
    base, quote = row["baseAsset"], row["quoteAsset"]
    notional = step_of(filters, "NOTIONAL", "minNotional") or step_of(filters, "MIN_NOTIONAL", "minNotional")
    types = tuple(row["orderTypes"])
    return Listing(
        venue_symbol=row["symbol"],
        instrument=Instrument(f"{base}/{quote}", AssetClass.CRYPTO, base, quote, tick, lot, notional),
        order_types=kinds.setdefault(types, frozenset(types)),
        is_trading=row["status"] == "TRADING",
    )


def step_of(filters: Mapping[str, Any], kind: str, name: str) -> Decimal:
    """Read a number of one of a listing's filters, without the zeros at its end; 0 where it has no such filter."""
    rule = filters.get(kind)
    return Decimal(to_plain(Decimal(rule[name]))) if rule is not None else ZERO

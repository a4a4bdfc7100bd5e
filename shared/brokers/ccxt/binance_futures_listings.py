"""The contracts that Binance lists, read from `exchangeInfo`: perpetuals counted and paid in USDT."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from shared.brokers.ccxt.binance_listings import Listing, Listings, step_of
from shared.brokers.rows.binance_futures import LIMITS, MAX_LEVERAGE
from shared.brokers.weights import VenueLimits
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.money import HUNDRED, ZERO

_MONEY = "USDT"
_PERPETUAL = "PERPETUAL"


def read_listings(payload: Any) -> Listings:
    """Read the answer of `exchangeInfo`; what expires, or is paid in anything else, is left out."""
    found = (
        _read_listing(row)
        for row in payload["symbols"]
        if row["contractType"] == _PERPETUAL and row["quoteAsset"] == row["marginAsset"] == _MONEY
    )
    return Listings([row for row in found if row is not None], read_limits(payload.get("rateLimits", ())))


def read_limits(rows: Any) -> VenueLimits:
    """Read the ceilings in force; what each call weighs the venue tells only in its documentation."""
    told = {
        (row["rateLimitType"], row["interval"], int(row["intervalNum"])): int(row["limit"]) for row in rows
    }
    in_a_minute = told.get(("ORDERS", "MINUTE", 1))
    return replace(
        LIMITS,
        weight_per_minute=told.get(("REQUEST_WEIGHT", "MINUTE", 1), LIMITS.weight_per_minute),
        orders_per_10_seconds=told.get(("ORDERS", "SECOND", 10), LIMITS.orders_per_10_seconds),
        orders_per_day=LIMITS.orders_per_day if in_a_minute is None else in_a_minute * 60 * 24,
    )


def _read_listing(row: Any) -> Listing | None:
    filters = {rule["filterType"]: rule for rule in row["filters"]}
    tick, lot = step_of(filters, "PRICE_FILTER", "tickSize"), step_of(filters, "LOT_SIZE", "stepSize")
    if not (tick and lot):
        return None
    base, quote = row["baseAsset"], row["quoteAsset"]
    return Listing(
        venue_symbol=row["symbol"],
        instrument=Instrument(
            f"{base}/{quote}",
            AssetClass.CRYPTO,
            base,
            quote,
            tick,
            lot,
            step_of(filters, "MIN_NOTIONAL", "notional"),
            # What a symbol allows only an account is told: it is read before leverage is set.
            max_leverage=MAX_LEVERAGE,
            maintenance_rate=_share(row.get("maintMarginPercent")),
        ),
        order_types=frozenset(row["orderTypes"]),
        is_trading=row["status"] == "TRADING",
    )


def _share(percent: str | None) -> Decimal:
    """Read a percentage that is more careful than the first bracket's own, which only an account is told."""
    return ZERO if percent is None else Decimal(percent) / HUNDRED

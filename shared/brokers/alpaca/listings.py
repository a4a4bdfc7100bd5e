"""What Alpaca lists, as instruments: assets by their family, option contracts by their symbols."""

from decimal import Decimal
from typing import Any

from shared.brokers.base import Quote
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.money import ONE, ZERO, parse_decimal

MONEY = "USD"
CONTRACT_UNITS = Decimal(100)
_SMALLEST_PART = Decimal("0.000000001")
_STOCK_TICK, _PENNY_STOCK_TICK = Decimal("0.01"), Decimal("0.0001")
# The venue publishes neither: both were told in its refusals ("cost basis must be >= minimal amount of order").
_LEAST_STOCK_VALUE, _LEAST_CRYPTO_VALUE = ONE, Decimal(10)
_OPTION_STEP_AT = Decimal(3)


def read_asset(row: Any) -> Instrument | None:
    """Read a stock or a pair; None where it is not traded, or not against dollars."""
    if row["status"] != "active" or not row["tradable"]:
        return None
    return _read_pair(row) if row["class"] == "crypto" else _read_stock(row)


def read_contract(row: Any, quote: Quote | None) -> Instrument | None:
    """Read an option contract; None where it is not traded. See `option_tick` for the quote."""
    if row["status"] != "active" or not row["tradable"]:
        return None
    symbol: str = row["symbol"]
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.OPTION,
        base=symbol,
        quote=MONEY,
        tick=option_tick(is_penny=bool(row.get("ppind")), quote=quote),
        lot=ONE,
        minimum_notional=ZERO,
        multiplier=parse_decimal(str(row.get("size") or CONTRACT_UNITS)),
    )


def stock_tick(quote: Quote | None) -> Decimal:
    """Return the price step of a stock: a cent, below a dollar a hundredth of one.

    Without a quote it is a cent, which is a step below a dollar too.
    """
    return _PENNY_STOCK_TICK if quote is not None and quote.ask < ONE else _STOCK_TICK


def option_tick(*, is_penny: bool, quote: Quote | None) -> Decimal:
    """Return the price step of an option: finer below three dollars, and in the penny programme.

    Without a quote it is the coarser one, which is a step below three dollars too.
    """
    is_low = quote is not None and quote.ask < _OPTION_STEP_AT
    if is_penny:
        return Decimal("0.01") if is_low else Decimal("0.05")
    return Decimal("0.05") if is_low else Decimal("0.10")


def _read_stock(row: Any) -> Instrument:
    symbol: str = row["symbol"]
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.STOCK,
        base=symbol,
        quote=MONEY,
        tick=_STOCK_TICK,
        lot=_SMALLEST_PART if row["fractionable"] else ONE,
        minimum_notional=_LEAST_STOCK_VALUE,
    )


def _read_pair(row: Any) -> Instrument | None:
    symbol: str = row["symbol"]
    base, _, quote = symbol.partition("/")
    if quote != MONEY:
        return None
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.CRYPTO,
        base=base,
        quote=quote,
        tick=parse_decimal(str(row["price_increment"])),
        lot=parse_decimal(str(row["min_trade_increment"])),
        minimum_notional=_LEAST_CRYPTO_VALUE,
    )
